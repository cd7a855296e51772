using System.Collections.Immutable;
using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>Factorisations work on batches of matrices: the batch is one more axis before them. Right sides of a matrix that all
/// examples share are its columns, so that it is not repeated.</summary>
internal static class LinearAlgebra
{
    public static readonly Dictionary<Op, BatchRule> Rules = new()
    {
        [Ops.TriangularSolve] = Solve,
        [Ops.Cholesky] = Leading,
        [Ops.Lu] = Leading,
        [Ops.Solve] = Solve,
        [Ops.Determinant] = Leading,
        [Ops.Qr] = Leading,
        [Ops.Eigh] = Leading,
        [Ops.Svd] = Leading,
    };

    private static Node Leading(BatchedCall call) => new(call.Node.Op, [.. call.Inputs], call.Node.Attributes);

    /// <summary>Right sides are the last input. [batch, …, n, k] → […, n, batch·k] and back.</summary>
    private static Node Solve(BatchedCall call)
    {
        ImmutableArray<Node> matrices = call.Node.Inputs[..^1];
        if (Enumerable.Range(0, matrices.Length).Any(i => call.Batched(i) is not null)) return Leading(call);
        Shape example = call.Node.Shape;
        Node columns = BatchedGraph.MoveAxis(call[matrices.Length], 0, example.Rank - 1);
        Node right = Make.Reshape(columns, [.. example.SkipLast(1), call.Size * example[^1]]);
        Node x = new(call.Node.Op, [.. matrices, right], call.Node.Attributes);
        return BatchedGraph.MoveAxis(Make.Reshape(x, columns.Shape), example.Rank - 1, 0);
    }
}
