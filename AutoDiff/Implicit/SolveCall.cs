using System.Collections.Immutable;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>x = A⁻¹b as one node: inputs are b, then what A depends on. Linear in b.</summary>
/// <param name="Function">A over placeholders: its argument, then what it depends on.</param>
/// <param name="Solver">How.</param>
/// <param name="IsSymmetric">True if A is its own transpose.</param>
internal sealed record SolveCall(ClosedGraph Function, LinearSolver Solver, bool IsSymmetric)
    : DifferentiableCall(Function.Body.Shape, Function.Body.DType)
{
    private readonly Lazy<SolveCall> _transposed = new(() => IsSymmetric ? null! : new SolveCall(
        Function.Transpose() ?? throw new SingularSystemException("the function is zero."), Solver, false));

    public override string Name => "linear solve";

    private LinearSolver Chosen => Solver.For(Shape.Size, IsSymmetric);

    public override Node Run(ImmutableArray<Node> inputs) => Prepare(inputs[1..])(inputs[0]);

    public override Func<Node, Node> Prepare(ImmutableArray<Node> shared)
    {
        Func<Tensor, Tensor> solve = Chosen.Prepare(new LinearOperator(Function, shared));
        return b => solve(new Tensor(b).Realize()).Node;
    }

    public override Node Expand(ImmutableArray<Node> inputs) =>
        Chosen.Trace(new LinearOperator(Function, inputs[1..]), new Tensor(inputs[0])).Node;

    /// <summary>ẋ = A⁻¹(ḃ − Ȧ·x).</summary>
    public override Node? Jvp(Node y, Node?[] dx)
    {
        Node? change = Function.Tangent([y, .. y.Inputs.Skip(1)], [null, .. dx.Skip(1)]);
        Node? right = Algebra.Sum(dx[0], change is null ? null : Algebra.Neg(change));
        return right is null ? null : new Node(Ops.HostCall, [right, .. y.Inputs.Skip(1)], this);
    }

    public override Node Transpose(Node y, Node ct, int argument) => argument == 0
        ? new Node(Ops.HostCall, [ct, .. y.Inputs.Skip(1)], IsSymmetric ? this : _transposed.Value)
        : throw new InvalidOperationException("A linear solve is linear in its right-hand side alone.");
}
