using Cotangent.Graph;
using static Cotangent.AutoDiff.Batching.BatchedCall;

namespace Cotangent.AutoDiff.Batching;

/// <summary>Reductions keep the batch axis and reduce the axes that they did.</summary>
internal static class Reduce
{
    public static readonly Dictionary<Op, BatchRule> Rules = new()
    {
        [Ops.Sum] = OverAxes,
        [Ops.ReduceMax] = OverAxes,
        [Ops.ReduceMin] = OverAxes,
        [Ops.ArgMax] = OverAxis,
        [Ops.ArgMin] = OverAxis,
    };

    private static Node OverAxes(BatchedCall call) =>
        Make.Reduce(call.Node.Op, call[0], After(call.Get<AxesAttributes>().Axes));

    private static Node OverAxis(BatchedCall call) =>
        new(call.Node.Op, [call[0]], new AxisAttributes(call.Get<AxisAttributes>().Axis + 1));
}
