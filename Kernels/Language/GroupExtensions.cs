namespace Cotangent.Kernels;

/// <summary>Reductions and scans over the items of a group (ILGPU's <c>GroupExtensions</c>). All items of the group must come here
/// together; items count X fastest. Groups have at most 1024 items.</summary>
/// <remarks>The order is fixed, so that float results have the same bits on every device. Sums, minima and maxima of scalars reduce in the
/// tree of <see cref="Group.ReduceAdd(float)"/>. Any other operation, and every scan, goes by warps: each warp by itself as in
/// <see cref="WarpExtensions"/>, then the warps' results in the same way, and for a scan the result of the warps before is the first
/// operand of one more operation.</remarks>
public static class GroupExtensions
{
    /// <summary>The reduction over the group, for all its items.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TReduction">The operation.</typeparam>
    public static T AllReduce<T, TReduction>(T value)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        if (KnownReduction.Is<TReduction>())
            return KnownReduction.Reduce<T, TReduction>(value);
        if (Group.IsSerial)
            return SerialCollectives.Reduce<T, TReduction>(value);
        value = WarpExtensions.Reduce<T, TReduction>(value);
        int warps = (Group.Dimension.Size + Warp.WarpSize - 1) / Warp.WarpSize;
        T ofWarp = Group.Shuffle(value, Warp.LaneIdx * Warp.WarpSize);
        return Group.Broadcast(WarpExtensions.ReduceFirst<T, TReduction>(ofWarp, warps), 0);
    }

    /// <summary>The reduction over the group; all items get it.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TReduction">The operation.</typeparam>
    public static T Reduce<T, TReduction>(T value)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T> => AllReduce<T, TReduction>(value);

    /// <summary>op(v[0], …, v[i]) for item i.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TScanOperation">The operation.</typeparam>
    public static T InclusiveScan<T, TScanOperation>(T value)
        where T : unmanaged
        where TScanOperation : struct, IScanReduceOperation<T>
    {
        if (Group.IsSerial)
            return SerialCollectives.Scan<T, TScanOperation>(value);
        value = WarpExtensions.InclusiveScan<T, TScanOperation>(value);
        T ofWarp = Group.Shuffle(value, Warp.LaneIdx * Warp.WarpSize + Warp.WarpSize - 1);
        int warps = (Group.Dimension.Size + Warp.WarpSize - 1) / Warp.WarpSize;
        ofWarp = WarpExtensions.ScanFirst<T, TScanOperation>(ofWarp, warps);
        int warp = Warp.WarpIdx;
        T before = Warp.Shuffle(ofWarp, warp - 1);
        return warp > 0 ? default(TScanOperation).Apply(before, value) : value;
    }

    /// <summary>The inclusive scan's result of item i − 1 for item i; the identity for item 0.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TScanOperation">The operation.</typeparam>
    public static T ExclusiveScan<T, TScanOperation>(T value)
        where T : unmanaged
        where TScanOperation : struct, IScanReduceOperation<T> =>
        Shift<T, TScanOperation>(InclusiveScan<T, TScanOperation>(value));

    /// <summary><see cref="InclusiveScan"/>, with the first and the last item's results for all.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TScanOperation">The operation.</typeparam>
    public static T InclusiveScanWithBoundaries<T, TScanOperation>(T value, out ScanBoundaries<T> boundaries)
        where T : unmanaged
        where TScanOperation : struct, IScanReduceOperation<T>
    {
        value = InclusiveScan<T, TScanOperation>(value);
        boundaries = Boundaries(value);
        return value;
    }

    /// <summary><see cref="ExclusiveScan"/>, with the first and the last item's results for all.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TScanOperation">The operation.</typeparam>
    public static T ExclusiveScanWithBoundaries<T, TScanOperation>(T value, out ScanBoundaries<T> boundaries)
        where T : unmanaged
        where TScanOperation : struct, IScanReduceOperation<T>
    {
        value = ExclusiveScan<T, TScanOperation>(value);
        boundaries = Boundaries(value);
        return value;
    }

    /// <summary>What comes before the next tile when a group scans tile after tile: op of what came before this tile and this tile's
    /// right boundary.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TScanOperation">The operation.</typeparam>
    public static T InclusiveScanNextIteration<T, TScanOperation>(T leftBoundary, T rightBoundary, T currentValue)
        where T : unmanaged
        where TScanOperation : struct, IScanReduceOperation<T> => default(TScanOperation).Apply(leftBoundary, rightBoundary);

    /// <summary>As <see cref="InclusiveScanNextIteration"/> after an exclusive scan: the last item's own value comes on top.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TScanOperation">The operation.</typeparam>
    public static T ExclusiveScanNextIteration<T, TScanOperation>(T leftBoundary, T rightBoundary, T currentValue)
        where T : unmanaged
        where TScanOperation : struct, IScanReduceOperation<T>
    {
        TScanOperation operation = default;
        T last = Group.Broadcast(currentValue, Group.Dimension.Size - 1);
        return operation.Apply(operation.Apply(leftBoundary, rightBoundary), last);
    }

    private static T Shift<T, TScanOperation>(T inclusive)
        where T : unmanaged
        where TScanOperation : struct, IScanReduceOperation<T>
    {
        int item = Group.LinearIndex;
        T before = Group.Shuffle(inclusive, item - 1);
        return item == 0 ? default(TScanOperation).Identity : before;
    }

    private static ScanBoundaries<T> Boundaries<T>(T value)
        where T : unmanaged => new(Group.Broadcast(value, 0), Group.Broadcast(value, Group.Dimension.Size - 1));
}
