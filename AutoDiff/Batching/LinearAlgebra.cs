using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>Factorisations work on batches of matrices: the batch is one more axis before them. Right sides of a matrix that all
/// examples share are its columns, so that it is not repeated.</summary>
internal static class LinearAlgebra
{
    public static readonly Dictionary<Op, BatchRule> Rules = new()
    {
        [Ops.TriangularSolve] = call => call.Batched(0) is null ? OneMatrix(call) : Leading(call),
        [Ops.Cholesky] = Leading,
    };

    private static Node Leading(BatchedCall call) => new(call.Node.Op, [.. call.Inputs], call.Node.Attributes);

    /// <summary>[batch, …, n, k] → […, n, batch·k] and back.</summary>
    private static Node OneMatrix(BatchedCall call)
    {
        Shape example = call.Node.Shape;
        Node columns = BatchedGraph.MoveAxis(call[1], 0, example.Rank - 1);
        Node x = new(call.Node.Op,
            [call.Node.Inputs[0], Make.Reshape(columns, [.. example.SkipLast(1), call.Size * example[^1]])], call.Node.Attributes);
        return BatchedGraph.MoveAxis(Make.Reshape(x, columns.Shape), example.Rank - 1, 0);
    }
}
