using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>Lines of a batch are more lines along the next axis.</summary>
internal static class Cumulative
{
    public static readonly Dictionary<Op, BatchRule> Rules = new()
    {
        [Ops.CumSum] = Along,
        [Ops.CumProd] = Along,
        [Ops.CumMax] = Along,
        [Ops.CumMin] = Along,
        [Ops.Recurrence] = Along,
        [Ops.ArgSort] = call => new(Ops.ArgSort, [call[0]], call.Get<SortAttributes>() with { Axis = call.Get<SortAttributes>().Axis + 1 }),
    };

    private static Node Along(BatchedCall call) => new(call.Node.Op, [.. call.Inputs],
        call.Get<CumulativeAttributes>() with { Axis = call.Get<CumulativeAttributes>().Axis + 1 });
}
