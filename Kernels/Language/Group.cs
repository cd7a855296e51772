namespace Cotangent.Kernels;

// The compiler replaces IdxX … DimZ and the group-wide operations by IR and inlines the rest. The bodies run on Device.Debug.

/// <summary>The work items of one group (ILGPU's <c>Group</c>). Only in kernels loaded with LoadGrouped. Group-wide operations
/// (<see cref="Barrier"/>, <see cref="Broadcast"/> and the reductions) must be reached by all items of the group together.</summary>
public static class Group
{
    /// <summary>The work item's index in its group along X.</summary>
    public static int IdxX => KernelContext.Current.GroupIndex.X;

    /// <summary>The work item's index in its group along Y.</summary>
    public static int IdxY => KernelContext.Current.GroupIndex.Y;

    /// <summary>The work item's index in its group along Z.</summary>
    public static int IdxZ => KernelContext.Current.GroupIndex.Z;

    /// <summary>Work items a group along X.</summary>
    public static int DimX => KernelContext.Current.GroupDimension.X;

    /// <summary>Work items a group along Y.</summary>
    public static int DimY => KernelContext.Current.GroupDimension.Y;

    /// <summary>Work items a group along Z.</summary>
    public static int DimZ => KernelContext.Current.GroupDimension.Z;

    /// <summary>The work item's index in its group.</summary>
    public static Index3D Index => new(IdxX, IdxY, IdxZ);

    /// <summary>Work items a group along each axis.</summary>
    public static Index3D Dimension => new(DimX, DimY, DimZ);

    /// <summary>The work item's number in its group, X fastest.</summary>
    public static int LinearIndex => (IdxZ * DimY + IdxY) * DimX + IdxX;

    /// <summary>True for the item with <see cref="LinearIndex"/> 0.</summary>
    public static bool IsFirstThread => LinearIndex == 0;

    /// <summary>True for the item with the highest <see cref="LinearIndex"/>.</summary>
    public static bool IsLastThread => LinearIndex == Dimension.Size - 1;

    /// <summary>True where one item does the work of a group in less time than all with barriers between them. Nothing that a kernel
    /// computes may depend on it.</summary>
    internal static bool IsSerial => false;

    /// <summary>Waits until all items of the group are here; their writes to shared and global memory are then visible.</summary>
    public static void Barrier() => KernelContext.Current.Barrier();

    /// <summary>The value of item number <paramref name="groupIndex"/>, for all.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    public static T Broadcast<T>(T value, int groupIndex)
        where T : unmanaged => KernelContext.Current.Exchange(value, all => all[groupIndex]);

    /// <summary>The value of item number <paramref name="item"/>, which may differ by item; the own value where there is no such
    /// item. Ours, not ILGPU's: its shuffles stay within a warp.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    public static T Shuffle<T>(T value, int item)
        where T : unmanaged => KernelContext.Current.Exchange(value, all => (uint)item < (uint)all.Length ? all[item] : value);

    /// <summary>A barrier that tells all whether the predicate is true for every item.</summary>
    public static bool BarrierAnd(bool predicate)
    {
        Barrier();
        return ReduceMin(predicate ? 1 : 0) != 0;
    }

    /// <summary>A barrier that tells all whether the predicate is true for any item.</summary>
    public static bool BarrierOr(bool predicate)
    {
        Barrier();
        return ReduceMax(predicate ? 1 : 0) != 0;
    }

    /// <summary>A barrier that tells all for how many items the predicate is true.</summary>
    public static int BarrierPopCount(bool predicate)
    {
        Barrier();
        return ReduceAdd(predicate ? 1 : 0);
    }

    /// <summary>The sum over the group, for all. Ours, not ILGPU's: its <c>GroupExtensions.AllReduce</c>.</summary>
    public static float ReduceAdd(float value) => Reduce(value, (x, y) => x + y);

    /// <summary>The sum over the group, for all.</summary>
    public static double ReduceAdd(double value) => Reduce(value, (x, y) => x + y);

    /// <summary>The sum over the group, for all.</summary>
    public static int ReduceAdd(int value) => Reduce(value, (x, y) => x + y);

    /// <summary>The sum over the group, for all.</summary>
    public static uint ReduceAdd(uint value) => Reduce(value, (x, y) => x + y);

    /// <summary>The sum over the group, for all.</summary>
    public static long ReduceAdd(long value) => Reduce(value, (x, y) => x + y);

    /// <summary>The sum over the group, for all.</summary>
    public static ulong ReduceAdd(ulong value) => Reduce(value, (x, y) => x + y);

    /// <summary>The minimum over the group, for all.</summary>
    public static float ReduceMin(float value) => Reduce(value, MathF.Min);

    /// <summary>The minimum over the group, for all.</summary>
    public static double ReduceMin(double value) => Reduce(value, Math.Min);

    /// <summary>The minimum over the group, for all.</summary>
    public static int ReduceMin(int value) => Reduce(value, Math.Min);

    /// <summary>The minimum over the group, for all.</summary>
    public static uint ReduceMin(uint value) => Reduce(value, Math.Min);

    /// <summary>The minimum over the group, for all.</summary>
    public static long ReduceMin(long value) => Reduce(value, Math.Min);

    /// <summary>The minimum over the group, for all.</summary>
    public static ulong ReduceMin(ulong value) => Reduce(value, Math.Min);

    /// <summary>The maximum over the group, for all.</summary>
    public static float ReduceMax(float value) => Reduce(value, MathF.Max);

    /// <summary>The maximum over the group, for all.</summary>
    public static double ReduceMax(double value) => Reduce(value, Math.Max);

    /// <summary>The maximum over the group, for all.</summary>
    public static int ReduceMax(int value) => Reduce(value, Math.Max);

    /// <summary>The maximum over the group, for all.</summary>
    public static uint ReduceMax(uint value) => Reduce(value, Math.Max);

    /// <summary>The maximum over the group, for all.</summary>
    public static long ReduceMax(long value) => Reduce(value, Math.Max);

    /// <summary>The maximum over the group, for all.</summary>
    public static ulong ReduceMax(ulong value) => Reduce(value, Math.Max);

    /// <summary>The tree that the IR fixes: for s = p/2, p/4, …, 1 with the least power of two p that holds the group, item i below s
    /// takes item i + s.</summary>
    private static T Reduce<T>(T value, Func<T, T, T> combine)
        where T : unmanaged => KernelContext.Current.Exchange(value, all =>
        {
            T[] work = [.. all];
            for (int s = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)work.Length) / 2; s >= 1; s /= 2)
            {
                for (int i = 0; i < s && i + s < work.Length; i++)
                    work[i] = combine(work[i], work[i + s]);
            }

            return work[0];
        });
}
