using Cotangent.Graph;
using static Cotangent.AutoDiff.Batching.BatchedCall;

namespace Cotangent.AutoDiff.Batching;

/// <summary>A dot of two batches has one more batch axis. Of one batch and a shared operand it is one larger product: the batch is a
/// free axis, and nothing is repeated.</summary>
internal static class Contraction
{
    public static readonly Dictionary<Op, BatchRule> Rules = new() { [Ops.Dot] = Dot };

    private static Node Dot(BatchedCall call)
    {
        DotAttributes d = call.Get<DotAttributes>();
        Node left = call.Node.Inputs[0], right = call.Node.Inputs[1];
        switch (call.Batched(0), call.Batched(1))
        {
            case ({ } l, { } r):
                return Make.Dot(l, r, new DotAttributes(
                    [0, .. After(d.LeftBatch)], [0, .. After(d.RightBatch)], After(d.LeftContract), After(d.RightContract)));
            case ({ } l, null):
                Node rows = Make.Dot(l, right,
                    new DotAttributes(After(d.LeftBatch), d.RightBatch, After(d.LeftContract), d.RightContract));
                return BatchedGraph.MoveAxis(rows, d.LeftBatch.Rank, 0);
            default:
                Node columns = Make.Dot(left, call[1],
                    new DotAttributes(d.LeftBatch, After(d.RightBatch), d.LeftContract, After(d.RightContract)));
                return BatchedGraph.MoveAxis(columns, left.Shape.Rank - d.LeftContract.Rank, 0);
        }
    }
}
