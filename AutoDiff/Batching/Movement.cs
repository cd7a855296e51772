using Cotangent.Graph;
using static Cotangent.AutoDiff.Batching.BatchedCall;

namespace Cotangent.AutoDiff.Batching;

/// <summary>Movements leave the batch axis where it is and do to the others what they did.</summary>
internal static class Movement
{
    public static readonly Dictionary<Op, BatchRule> Rules = new()
    {
        [Ops.Reshape] = call => Make.Reshape(call[0], call.Shape),
        [Ops.Permute] = call => Make.Permute(call[0], [0, .. After(call.Get<AxesAttributes>().Axes)]),
        [Ops.Expand] = call => Make.Expand(call[0], call.Shape),
        [Ops.Slice] = call =>
        {
            (Shape start, Shape extent, Shape step) = call.Get<SliceAttributes>();
            return Make.Slice(call[0], [0, .. start], [call.Size, .. extent], [1, .. step]);
        },
        [Ops.Pad] = call =>
        {
            (Shape low, Shape high, Shape interior) = call.Get<PadAttributes>();
            return Make.Pad(call[0], [0, .. low], [0, .. high], [0, .. interior]);
        },
        [Ops.Flip] = call => Make.Flip(call[0], After(call.Get<AxesAttributes>().Axes)),
        [Ops.Skew] = call =>
        {
            SkewAttributes skew = call.Get<SkewAttributes>();
            return Make.Skew(call[0], skew.Axis + 1, skew.Along + 1, skew.Step, skew.Offset, skew.Extent);
        },
        [Ops.Concat] = call => Make.Concat(call.Get<AxisAttributes>().Axis + 1, [.. call.Inputs]),
    };
}
