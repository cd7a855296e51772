namespace Cotangent.Kernels.Library;

/// <summary>Reduction, second version: a group folds 256 elements as a tree in shared memory.</summary>
/// <remarks>An item loads one element. n elements read, n/256 results written, 255 operations a group, but 9 barriers, and after the first
/// step most items idle: barriers and address arithmetic cost more than the operations.</remarks>
internal static class ReduceSharedTree
{
    /// <summary>Items of a group, and elements.</summary>
    public const int Items = 256;

    /// <summary>One group for each 256 elements, one result each.</summary>
    public static void Run<T, TReduction>(ArrayView<T> input, ArrayView<T> results)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        ArrayView<T> tree = SharedMemory.Allocate<T>(Items);
        TReduction operation = default;
        int item = Group.IdxX;
        long i = (long)Grid.IdxX * Items + item;
        tree[item] = i < input.Length ? input[i] : operation.Identity;
        Group.Barrier();
        for (int s = Items / 2; s > 0; s /= 2)
        {
            if (item < s)
                tree[item] = operation.Apply(tree[item], tree[item + s]);
            Group.Barrier();
        }

        if (item == 0)
            results[Grid.IdxX] = tree[0];
    }
}
