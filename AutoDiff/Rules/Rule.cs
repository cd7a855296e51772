using Cotangent.AutoDiff.Control;
using Cotangent.Graph;

namespace Cotangent.AutoDiff.Rules;

/// <summary>How one op differentiates. There is no handwritten reverse rule: reverse mode transposes what <see cref="Jvp"/> emits.</summary>
internal sealed class Rule
{
    /// <summary>The derivative is zero wherever it exists: steps such as floor, and ops whose operands or results are discrete.</summary>
    public static readonly Rule Zero = new() { Jvp = (_, _) => null };

    /// <summary>The node y, the tangents of its inputs → the tangent of y. A null tangent is a symbolic zero; at least one is not null.
    /// The result is linear in the tangents, has y's shape and dtype, and is null where the derivative is zero.</summary>
    public required Func<Node, Node?[], Node?> Jvp { get; init; }

    /// <summary>Ops that occur in linear position: the node y, the cotangent of y, the number of an argument in which y is linear →
    /// the cotangent of this argument.</summary>
    public Func<Node, Node, int, Node>? Transpose { get; init; }

    /// <summary>Ops whose results are several nodes, one for each output of a call: a node of the call, the cotangents by output, null
    /// for zero → the cotangents by input, null for zero. Takes the place of <see cref="Transpose"/>, and is asked once a
    /// call.</summary>
    public Func<Node, Node?[], Node?[]>? TransposeCall { get; init; }

    /// <summary>As <see cref="TransposeCall"/>, for ops that add to the cotangents that their inputs already have.</summary>
    public Func<BackwardCall, Node?[]>? TransposeOnto { get; init; }

    /// <summary>Ops of several outputs: the tangents of all outputs at once. Takes the place of <see cref="Jvp"/>.</summary>
    public Func<ForwardCall, Node?[]>? JvpCall { get; init; }

    /// <summary>True for what has a JVP but no transpose.</summary>
    public bool IsForwardOnly { get; init; }

    /// <summary>The inputs of a node that tangents come through; all, unless given.</summary>
    public Func<Node, Range>? DifferentiatedInputs { get; init; }

    /// <summary>The inputs of a node in linear position that cotangents go to; all, unless given.</summary>
    public Func<Node, Range>? LinearInputs { get; init; }

    /// <summary>A node, which of its inputs vary → whether it is linear in those together. Unless given, ops with a transpose count as
    /// linear in each single input.</summary>
    public Func<Node, IReadOnlyList<bool>, bool>? IsLinear { get; init; }

    /// <summary>True if the op has a derivative other than zero.</summary>
    public bool IsDifferentiable => this != Zero;

    /// <summary>The rule of an op linear in its first input, its only differentiable one: the tangent goes through the op itself.</summary>
    public static Rule Linear(Func<Node, Node, Node> transpose) => new()
    {
        Jvp = (y, dx) => new Node(y.Op, [dx[0]!, .. y.Inputs.Skip(1)], y.Attributes),
        IsLinear = (_, varies) => !varies.Skip(1).Contains(true),
        Transpose = (y, ct, _) => transpose(y, ct),
    };

    /// <summary>For <see cref="IsLinear"/> of sums: the operands that do not vary are the number 0.</summary>
    public static bool RestIsZero(Node y, IReadOnlyList<bool> varies) =>
        y.Inputs.Where((_, i) => !varies[i]).All(x => Algebra.Fill(x) is 0);

    /// <summary>The rule of an op whose outputs are differentiated and transposed together.</summary>
    public static Rule OfCalls(Func<ForwardCall, Node?[]> jvp, Func<BackwardCall, Node?[]> transpose, bool isForwardOnly = false) => new()
    {
        Jvp = (y, dx) => jvp(new ForwardCall(y, dx, ForwardMode.Linear, new Replacements()))[y.Get<CallAttributes>().Output],
        JvpCall = jvp,
        TransposeOnto = transpose,
        IsForwardOnly = isForwardOnly,
    };

    /// <summary>The rule of a function of one variable with dy = coefficient(y)·dx.</summary>
    public static Rule Scaled(Func<Node, Node> coefficient) => new() { Jvp = (y, dx) => Algebra.Mul(dx[0]!, coefficient(y)) };

    /// <summary>The rule of a function of one variable with dy = dx / divisor(y).</summary>
    public static Rule Divided(Func<Node, Node> divisor) => new() { Jvp = (y, dx) => Make.Div(dx[0]!, divisor(y)) };
}
