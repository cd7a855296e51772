namespace Cotangent.Kernels.Library;

/// <summary>Reduction, third version, the one in use: each item folds 64 elements before the group meets once.</summary>
/// <remarks>A group of 256 items takes a tile of 16,384 elements; at each step the items load 256 neighbours, so that every access is a whole
/// vector or a whole memory transaction, and each lane is an accumulator of its own. n elements read, n/16,384 written; n operations. The
/// order depends on n alone, so a float sum has the same bits on every device.</remarks>
internal static class ReduceTiles
{
    /// <summary>Items of a group.</summary>
    public const int Items = 256;

    /// <summary>Elements of a group.</summary>
    public const int Tile = 64 * Items;

    /// <summary>One group a tile, one result each.</summary>
    public static void Run<T, TReduction>(ArrayView<T> input, ArrayView<T> results)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        TReduction operation = default;
        long start = (long)Grid.IdxX * Tile;
        int length = (int)Math.Min(Tile, input.Length - start);
        ArrayView<T> tile = input.SubView(start, length);
        T value = operation.Identity;
        for (int i = Group.IdxX; i < length; i += Items)
            value = operation.Apply(value, tile[i]);
        value = GroupExtensions.AllReduce<T, TReduction>(value);
        if (Group.IdxX == 0)
            results[Grid.IdxX] = value;
    }
}
