using Cotangent.Graph;
using static Cotangent.AutoDiff.Batching.BatchedCall;

namespace Cotangent.AutoDiff.Batching;

/// <summary>A dot of two batches has one more batch axis. Of one batch and a shared operand it is one larger product: the batch is a
/// free axis, and nothing is repeated. Outer products of two batches, as the gradients of weights are, are elementwise products, which
/// may fuse with what uses them.</summary>
internal static class Contraction
{
    public static readonly Dictionary<Op, BatchRule> Rules = new() { [Ops.Dot] = Dot };

    private static Node Dot(BatchedCall call)
    {
        DotAttributes d = call.Get<DotAttributes>();
        Node left = call.Node.Inputs[0], right = call.Node.Inputs[1];
        switch (call.Batched(0), call.Batched(1))
        {
            case ({ } l, { } r) when d.LeftContract.Rank == 0:
                return Outer(call, Ordered(l, left, d.LeftBatch), Ordered(r, right, d.RightBatch), 1 + d.LeftBatch.Rank);
            case ({ } l, { } r):
                return Make.Dot(l, r, new DotAttributes([0, .. After(d.LeftBatch)], [0, .. After(d.RightBatch)],
                    After(d.LeftContract), After(d.RightContract), d.Precision));
            case ({ } l, null):
                Node rows = Make.Dot(l, right,
                    d with { LeftBatch = After(d.LeftBatch), LeftContract = After(d.LeftContract) });
                return BatchedGraph.MoveAxis(rows, d.LeftBatch.Rank, 0);
            default:
                Node columns = Make.Dot(left, call[1],
                    d with { RightBatch = After(d.RightBatch), RightContract = After(d.RightContract) });
                return BatchedGraph.MoveAxis(columns, left.Shape.Rank - d.LeftContract.Rank, 0);
        }
    }

    /// <summary>The products of all free elements of two operands that begin with the same batch axes.</summary>
    private static Node Outer(BatchedCall call, Node left, Node right, int batch)
    {
        Shape rows = [.. left.Shape, .. Enumerable.Repeat(1, right.Shape.Rank - batch)];
        Shape columns = [.. left.Shape.Take(batch), .. Enumerable.Repeat(1, left.Shape.Rank - batch), .. right.Shape.Skip(batch)];
        return Make.Mul(
            Make.Expand(Make.Reshape(left, rows), call.Shape),
            Make.Expand(Make.Reshape(right, columns), call.Shape));
    }

    /// <summary>A batch of an operand without contracted axes, its axes in the order batch, the dot's batch axes, free.</summary>
    private static Node Ordered(Node batched, Node example, Shape batch) =>
        Make.Permute(batched, [0, .. After(batch), .. After([.. Ops.FreeAxes(example, batch, [])])]);
}
