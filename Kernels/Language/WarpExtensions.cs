namespace Cotangent.Kernels;

/// <summary>Reductions and scans over the items of a warp (ILGPU's <c>WarpExtensions</c>), in control flow that the whole group
/// follows together.</summary>
/// <remarks>The order is fixed, so that float results have the same bits on every device. A reduction is the tree: for s = 16, 8, 4, 2,
/// 1, lane i below s takes v[i] = op(v[i], v[i + s]) where lane i + s exists. A scan: for s = 1, 2, 4, 8, 16, lane i from s on takes
/// v[i] = op(v[i − s], v[i]).</remarks>
public static class WarpExtensions
{
    /// <summary>The reduction over the warp, for all its lanes.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TReduction">The operation.</typeparam>
    public static T AllReduce<T, TReduction>(T value)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T> => Warp.Shuffle(Reduce<T, TReduction>(value), 0);

    /// <summary>The reduction over the warp, for lane 0; other lanes get a part of it.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TReduction">The operation.</typeparam>
    public static T Reduce<T, TReduction>(T value)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T> =>
        ReduceFirst<T, TReduction>(value, Group.Dimension.Size - Warp.WarpIdx * Warp.WarpSize);

    /// <summary>op(v[0], …, v[i]) for lane i.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TScan">The operation.</typeparam>
    public static T InclusiveScan<T, TScan>(T value)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        int lane = Warp.LaneIdx;
        value = ScanStep<T, TScan>(value, lane, 1);
        value = ScanStep<T, TScan>(value, lane, 2);
        value = ScanStep<T, TScan>(value, lane, 4);
        value = ScanStep<T, TScan>(value, lane, 8);
        return ScanStep<T, TScan>(value, lane, 16);
    }

    /// <summary>The inclusive scan of the first lanes; a group of 256 items has only 8 warps to scan.</summary>
    internal static T ScanFirst<T, TScan>(T value, int lanes)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        int lane = Warp.LaneIdx;
        if (lanes > 1)
            value = ScanStep<T, TScan>(value, lane, 1);
        if (lanes > 2)
            value = ScanStep<T, TScan>(value, lane, 2);
        if (lanes > 4)
            value = ScanStep<T, TScan>(value, lane, 4);
        if (lanes > 8)
            value = ScanStep<T, TScan>(value, lane, 8);
        if (lanes > 16)
            value = ScanStep<T, TScan>(value, lane, 16);
        return value;
    }

    /// <summary>op(v[0], …, v[i − 1]) for lane i; the identity for lane 0.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TScan">The operation.</typeparam>
    public static T ExclusiveScan<T, TScan>(T value)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        T before = Warp.ShuffleUp(InclusiveScan<T, TScan>(value), 1);
        return Warp.IsFirstLane ? default(TScan).Identity : before;
    }

    /// <summary>The reduction tree over the first lanes of the warp, for lane 0.</summary>
    internal static T ReduceFirst<T, TReduction>(T value, int lanes)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        int lane = Warp.LaneIdx;
        value = ReduceStep<T, TReduction>(value, lane, lanes, 16);
        value = ReduceStep<T, TReduction>(value, lane, lanes, 8);
        value = ReduceStep<T, TReduction>(value, lane, lanes, 4);
        value = ReduceStep<T, TReduction>(value, lane, lanes, 2);
        return ReduceStep<T, TReduction>(value, lane, lanes, 1);
    }

    private static T ReduceStep<T, TReduction>(T value, int lane, int lanes, int step)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        // Modulo the warp's size: where that lane is not the one above, its value is not used.
        T other = Warp.Shuffle(value, lane + step);
        return lane < step && lane + step < lanes ? default(TReduction).Apply(value, other) : value;
    }

    private static T ScanStep<T, TScan>(T value, int lane, int step)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        T other = Warp.Shuffle(value, lane - step);
        return lane >= step ? default(TScan).Apply(other, value) : value;
    }
}
