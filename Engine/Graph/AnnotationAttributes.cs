using System.Collections.Immutable;
using Cotangent.Kernels;

namespace Cotangent.Graph;

/// <summary>The name of a value; null for the edge of a region.</summary>
internal sealed record NameAttributes(string? Name) : Attributes;

/// <summary>A result of a call of a function with a derivative of its own. After the value a node's inputs are: the tangents (of a
/// tangent only), the arguments, what the function captured, all results, what it saved.</summary>
/// <param name="Derivative">The rule; one object a call, or shared by calls.</param>
/// <param name="Arguments">How many arguments there are.</param>
/// <param name="Captures">How many captured nodes follow them.</param>
/// <param name="Results">How many results the call has.</param>
internal sealed record CustomAttributes(CustomDerivative Derivative, int Arguments, int Captures, int Results) : CallAttributes
{
    /// <summary>Of a tangent: the arguments, by position, along which it is taken.</summary>
    public Shape Along { get; init; } = [];

    /// <inheritdoc/>
    public override int OutputCount => Results;

    /// <summary>The parts of a node that follow the value and the tangents.</summary>
    public (ImmutableArray<Node> Arguments, ImmutableArray<Node> Captured, ImmutableArray<Node> Results, ImmutableArray<Node> Saved) PartsOf(Node n)
    {
        ImmutableArray<Node> parts = n.Inputs[(1 + Along.Rank)..];
        int captured = Arguments, results = captured + Captures, saved = results + Results;
        return (parts[..captured], parts[captured..results], parts[results..saved], parts[saved..]);
    }

    /// <summary>What a call computes of its arguments: the nodes between them and its results, results included.</summary>
    public IEnumerable<Node> Inside(Node n)
    {
        (ImmutableArray<Node> arguments, _, ImmutableArray<Node> results, _) = PartsOf(n);
        return Walk.Dependents(results, arguments).Where(x => !arguments.Contains(x));
    }
}

/// <summary>How a function differentiates; Engine only carries it.</summary>
internal abstract class CustomDerivative
{
    /// <summary>True if the derivative is made from what the function computes between its arguments and its results, as that of a checkpoint is:
    /// nobody may take nodes out of there, or their part of the derivative would be lost.</summary>
    public virtual bool IsWhole => false;
}

/// <summary>What a value is of a matrix.</summary>
/// <param name="IsLogarithm">log|det(A)|; else det(A).</param>
internal sealed record DeterminantAttributes(bool IsLogarithm) : Attributes;

/// <summary>Why a value does not exist.</summary>
internal sealed record RefusedAttributes(Shape Shape, DType DType, Func<CotangentException> Error) : Attributes;
