using Cotangent.AutoDiff.Batching;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>The function A of a system A·x = b, with everything it depends on given.</summary>
/// <param name="graph">A over placeholders: its argument first.</param>
/// <param name="others">The values of the other parameters.</param>
internal sealed class LinearOperator(ClosedGraph graph, IReadOnlyList<Node> others)
{
    private Func<Tensor, Tensor>? _compiled;
    private LinearOperator? _transposed;

    /// <summary>The argument and the result have this shape.</summary>
    public Shape Shape => graph.Body.Shape;

    /// <summary>The transpose.</summary>
    /// <exception cref="SingularSystemException">A is zero.</exception>
    public LinearOperator Transposed =>
        _transposed ??= new LinearOperator(graph.Transpose() ?? throw new SingularSystemException("the function is zero."), others)
        {
            _transposed = this,
        };

    /// <summary>A·v, as a graph.</summary>
    public Tensor Apply(Tensor v) => new(graph.Invoke([v.Node, .. others]));

    /// <summary>A·v, computed; what does not depend on v is computed once for all.</summary>
    public Tensor Compute(Tensor v)
    {
        if (_compiled is null)
        {
            Node fixedParts = Walk.Substitute([graph.Body],
                graph.Parameters.Skip(1).Zip(others).ToDictionary(p => p.First, p => p.Second))[0];
            ClosedGraph one = new([graph.Parameters[0]], fixedParts);
            CompiledFunction<Tensor, Tensor> compiled = Jit.Compile(x => new Tensor(one.Invoke(x.Node)));
            _compiled = compiled.Invoke;
        }

        return _compiled(v);
    }

    /// <summary>The matrix, [n, n]: row i is A applied to basis vector i, so this is the transpose.</summary>
    public Tensor TransposedMatrix()
    {
        Node v = ClosedGraph.Like(graph.Parameters[0], "column"), basis = Jacobians.Basis(v);
        Node column = graph.Invoke([v, .. others]);
        int size = basis.Shape[0];
        Node columns = BatchedGraph.Of([column], new Dictionary<Node, Node> { [v] = basis }, size)[0]
            ?? throw new SingularSystemException("the function is zero.");
        return new Tensor(Make.Reshape(columns, [size, size]));
    }
}
