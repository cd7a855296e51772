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

    /// <summary>Waits until all items of the group are here; their writes to shared and global memory are then visible.</summary>
    public static void Barrier() => KernelContext.Current.Barrier();

    /// <summary>The value of item number <paramref name="groupIndex"/>, for all.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    public static T Broadcast<T>(T value, int groupIndex)
        where T : unmanaged => KernelContext.Current.Exchange(value, all => all[groupIndex]);

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

    /// <summary>Halves the group again and again: a tree fixed by the group's size.</summary>
    private static T Reduce<T>(T value, Func<T, T, T> combine)
        where T : unmanaged => KernelContext.Current.Exchange(value, all =>
        {
            T[] work = [.. all];
            for (int count = work.Length; count > 1; count = (count + 1) / 2)
            {
                for (int i = 0, half = (count + 1) / 2; i + half < count; i++)
                    work[i] = combine(work[i], work[i + half]);
            }

            return work[0];
        });
}
