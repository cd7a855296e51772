using System.Collections.Immutable;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>The x with F(x, θ) = 0, found by a solver: inputs are where it starts, the tensors of θ, and what F captured of enclosing
/// traces. The start has no derivative.</summary>
/// <param name="Residual">F over placeholders: x, θ, captured.</param>
/// <param name="Solver">The start, the tensors of θ → x. It may read values; it is never differentiated.</param>
/// <param name="Arguments">The number of tensors of θ.</param>
/// <param name="Options">How the derivative's systems are solved.</param>
/// <param name="IsSymmetric">True if ∂F/∂x is symmetric.</param>
internal sealed record RootCall(
    ClosedGraph Residual, Func<Node, Node[], Node> Solver, int Arguments, ImplicitOptions Options, bool IsSymmetric)
    : DifferentiableCall(Residual.Body.Shape, Residual.Body.DType)
{
    private readonly Lazy<SolveCall> _derivative = new(() => new SolveCall(
        Residual.Derivative() ?? throw new SingularSystemException("the residual does not depend on the unknown."),
        Options.Solver,
        IsSymmetric || Options.Solver.IsSymmetric));

    public override string Name => "implicit function";

    public override Node Run(ImmutableArray<Node> inputs)
    {
        Node x = Expand(inputs);
        if (Options.ResidualTolerance is { } tolerance)
        {
            Tensor residual = new(Residual.Invoke([x, .. inputs.Skip(1)]));
            double norm = CgSolver.Norm(residual);
            if (!(norm <= tolerance)) throw new NotConvergedException("Implicit: the solver", 0, norm, tolerance,
                "The derivative of an implicit function is that of the equation at its solution: solve it more exactly.");
        }

        return x;
    }

    public override Node Expand(ImmutableArray<Node> inputs)
    {
        Node x = Solver(inputs[0], [.. inputs.Skip(1).Take(Arguments)]);
        if (x.Shape != Shape) throw new ShapeMismatchException(
            $"Implicit: the solver returned {x.DType}{x.Shape}; the residual is of {DType}{Shape}.");
        return x.DType == DType ? x : throw new DTypeMismatchException(
            $"Implicit: the solver returned {x.DType}{x.Shape}; the residual is of {DType}{Shape}.");
    }

    /// <summary>∂F/∂x·ẋ = −∂F/∂θ·θ̇.</summary>
    public override Node? Jvp(Node y, Node?[] dx) =>
        Residual.Tangent([y, .. y.Inputs.Skip(1)], [null, .. dx.Skip(1)]) is { } change
            ? new Node(Ops.HostCall, [Algebra.Neg(change), y, .. y.Inputs.Skip(1)], _derivative.Value)
            : null;

    public override Node Transpose(Node y, Node ct, int argument) =>
        throw new InvalidOperationException("An implicit function is not linear.");
}
