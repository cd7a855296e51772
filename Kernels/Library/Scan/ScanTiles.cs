namespace Cotangent.Kernels.Library;

/// <summary>Prefix sums and other scans: reduce, then scan.</summary>
/// <remarks>A group of 256 items takes a tile of 3840 elements, through shared memory: neighbours load neighbours, then each item folds 15
/// consecutive elements in a chain. 15 is odd, so that the items' elements lie in different banks. Three launches: the total of each tile;
/// one group scans the totals; each tile again, from the total before it. n elements read twice and written once: 12 bytes a float;
/// 3n operations. The operation need not commute.</remarks>
internal static class ScanTiles
{
    /// <summary>Items of a group.</summary>
    public const int Items = GroupScan.Items;

    /// <summary>Elements of a group.</summary>
    public const int Tile = PerItem * Items;

    private const int PerItem = 15;

    /// <summary>First launch: one group a tile, one total each.</summary>
    public static void Totals<T, TScan>(ArrayView<T> input, ArrayView<T> totals)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        ArrayView<T> shared = SharedMemory.Allocate<T>(Tile);
        Fetch<T, TScan>(input, shared);
        Group.Barrier();
        GroupScan.Exclusive<T, TScan>(Fold<T, TScan>(shared), out T total);
        if (Group.IdxX == 0)
            totals[Grid.IdxX] = total;
    }

    /// <summary>The same for operations that commute: neighbours load neighbours, and nothing goes through shared memory.</summary>
    public static void TotalsInAnyOrder<T, TScan>(ArrayView<T> input, ArrayView<T> totals)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        TScan operation = default;
        long start = (long)Grid.IdxX * Tile;
        int length = (int)Math.Min(Tile, input.Length - start);
        ArrayView<T> tile = input.SubView(start, length);
        T total = operation.Identity;
        for (int i = Group.IdxX; i < length; i += Items)
            total = operation.Apply(total, tile[i]);
        total = GroupExtensions.AllReduce<T, TScan>(total);
        if (Group.IdxX == 0)
            totals[Grid.IdxX] = total;
    }

    /// <summary>Third launch: one group a tile.</summary>
    /// <param name="input">The elements.</param>
    /// <param name="before">For each tile the fold of all elements before it.</param>
    /// <param name="output">The results; may be the input.</param>
    /// <param name="isInclusive">1 if an element's result includes the element, else 0.</param>
    public static void Scan<T, TScan>(ArrayView<T> input, ArrayView<T> before, ArrayView<T> output, int isInclusive)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        ArrayView<T> shared = SharedMemory.Allocate<T>(Tile);
        TScan operation = default;
        Fetch<T, TScan>(input, shared);
        Group.Barrier();

        ArrayView<T> own = LocalMemory.Allocate<T>(PerItem);
        int first = Group.IdxX * PerItem;
        T total = own[0] = shared[first];
        for (int k = 1; k < PerItem; k++)
        {
            own[k] = shared[first + k];
            total = operation.Apply(total, own[k]);
        }

        T running = operation.Apply(before[Grid.IdxX], GroupScan.Exclusive<T, TScan>(total));
        for (int k = 0; k < PerItem; k++)
        {
            T next = operation.Apply(running, own[k]);
            shared[first + k] = isInclusive != 0 ? next : running;
            running = next;
        }

        Group.Barrier();
        long start = (long)Grid.IdxX * Tile;
        int length = (int)Math.Min(Tile, output.Length - start);
        ArrayView<T> tile = output.SubView(start, length);
        for (int i = Group.IdxX; i < length; i += Items)
            tile[i] = shared[i];
    }

    /// <summary>One group scans everything, each item a part of consecutive elements in global memory: for the totals, and for inputs of
    /// one tile. Input and output may be the same.</summary>
    public static void InOneGroup<T, TScan>(ArrayView<T> input, ArrayView<T> output, int isInclusive)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        TScan operation = default;
        int length = input.IntLength;
        int part = (length + Items - 1) / Items;
        int first = Math.Min(Group.IdxX * part, length);
        int end = Math.Min(first + part, length);
        T total = operation.Identity;
        for (int i = first; i < end; i++)
            total = operation.Apply(total, input[i]);

        T running = GroupScan.Exclusive<T, TScan>(total);
        for (int i = first; i < end; i++)
        {
            T next = operation.Apply(running, input[i]);
            output[i] = isInclusive != 0 ? next : running;
            running = next;
        }
    }

    /// <summary>A tile into shared memory, the identity behind the end of the input.</summary>
    private static void Fetch<T, TScan>(ArrayView<T> input, ArrayView<T> shared)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        long start = (long)Grid.IdxX * Tile;
        int length = (int)Math.Min(Tile, input.Length - start);
        ArrayView<T> tile = input.SubView(start, length);
        for (int i = Group.IdxX; i < length; i += Items)
            shared[i] = tile[i];
        T identity = default(TScan).Identity;
        for (int i = Group.IdxX; i < Tile - length; i += Items)
            shared[length + i] = identity;
    }

    private static T Fold<T, TScan>(ArrayView<T> shared)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        TScan operation = default;
        int first = Group.IdxX * PerItem;
        T total = shared[first];
        for (int k = 1; k < PerItem; k++)
            total = operation.Apply(total, shared[first + k]);
        return total;
    }
}
