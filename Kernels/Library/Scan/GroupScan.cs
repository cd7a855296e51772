namespace Cotangent.Kernels.Library;

/// <summary>Scans one value an item over a group of 256, with two barriers.</summary>
/// <remarks>The values lie in shared memory as 16 rows of 16. Sixteen items scan a row each, then every item folds the totals of the rows
/// before its own: 30 steps one after the other, where a tree of shuffles takes 10 but two barriers each on devices without them.</remarks>
internal static class GroupScan
{
    /// <summary>Items of the group, which is one-dimensional.</summary>
    public const int Items = Rows * Columns;

    private const int Rows = 16;
    private const int Columns = 16;

    /// <summary>op(v[0], …, v[i − 1]) for item i, the identity for item 0. Where all items of the group come.</summary>
    public static T Exclusive<T, TScan>(T value)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T> => Exclusive<T, TScan>(value, out _);

    /// <summary>The same, and the fold of all values.</summary>
    public static T Exclusive<T, TScan>(T value, out T total)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        ArrayView<T> values = SharedMemory.Allocate<T>(Items);
        ArrayView<T> totals = SharedMemory.Allocate<T>(Rows);
        TScan operation = default;
        int item = Group.IdxX;
        values[item] = value;
        Group.Barrier();
        if (item < Rows)
        {
            T running = operation.Identity;
            for (int k = 0; k < Columns; k++)
            {
                T own = values[item * Columns + k];
                values[item * Columns + k] = running;
                running = operation.Apply(running, own);
            }

            totals[item] = running;
        }

        Group.Barrier();
        int row = item / Columns;
        T before = operation.Identity;
        T all = totals[0];
        for (int k = 1; k < Rows; k++)
        {
            before = k == row ? all : before;
            all = operation.Apply(all, totals[k]);
        }

        total = all;
        return operation.Apply(before, values[item]);
    }
}
