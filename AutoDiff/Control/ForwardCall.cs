using Cotangent.Graph;

namespace Cotangent.AutoDiff.Control;

/// <summary>How tangents are computed.</summary>
internal enum ForwardMode
{
    /// <summary>Nodes linear in the tangents' placeholders, apart from the function itself, so that they can be transposed.</summary>
    Linear,

    /// <summary>With the function, in one pass: a loop carries values and tangents and keeps neither.</summary>
    Together,
}

/// <summary>A call of several outputs to be differentiated forwards.</summary>
/// <param name="Node">One of its outputs.</param>
/// <param name="Tangents">The tangents of its inputs; null for zero, not all.</param>
/// <param name="Mode">What the tangents are for.</param>
/// <param name="Replacements">Where the rule may say that it computes the call's outputs too.</param>
internal sealed record ForwardCall(Node Node, Node?[] Tangents, ForwardMode Mode, Replacements Replacements);

/// <summary>A call of several outputs to be transposed.</summary>
/// <param name="Node">One of its outputs.</param>
/// <param name="Cotangents">Those of the outputs; null for zero, not all.</param>
/// <param name="IsLinear">The inputs in which it is linear and whose cotangents are asked for.</param>
/// <param name="SoFar">The cotangents that these inputs already have, to which the rule adds. Loops go on adding where the rest
/// left off, so that sums run in the same order however a loop is cut into parts.</param>
internal sealed record BackwardCall(Node Node, Node?[] Cotangents, bool[] IsLinear, Node?[] SoFar);
