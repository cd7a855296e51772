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
}

/// <summary>How a function differentiates; Engine only carries it.</summary>
internal abstract class CustomDerivative;

/// <summary>What a value is of a matrix.</summary>
/// <param name="IsLogarithm">log|det(A)|; else det(A).</param>
internal sealed record DeterminantAttributes(bool IsLogarithm) : Attributes;

/// <summary>Why a value does not exist.</summary>
internal sealed record RefusedAttributes(Shape Shape, DType DType, Func<CotangentException> Error) : Attributes;
