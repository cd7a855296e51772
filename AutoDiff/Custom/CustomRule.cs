using System.Collections.Concurrent;
using System.Collections.Immutable;
using Cotangent.AutoDiff.Batching;
using Cotangent.Graph;

namespace Cotangent.AutoDiff.Custom;

/// <summary>How a function with a derivative of its own differentiates: its results are nodes of <see cref="Ops.Custom"/> that hold
/// the rule and what it is asked with.</summary>
/// <param name="name">What errors call the function.</param>
internal abstract class CustomRule(string name) : CustomDerivative
{
    private readonly ConcurrentDictionary<(Shape Batched, int Size), CustomRule> _batched = new();

    public string Name { get; } = name;

    /// <summary>How many arguments, from the first on, the results are linear in, with a transpose of their own.</summary>
    public virtual int LinearArguments => 0;

    /// <summary>The tangent of a result; null is zero.</summary>
    /// <param name="call">The call.</param>
    /// <param name="output">Which result.</param>
    /// <param name="dx">The tangents of the arguments; null is zero.</param>
    public abstract Node? Tangent(CustomCall call, int output, Node?[] dx);

    /// <summary>The cotangents of the arguments; null is zero.</summary>
    /// <param name="call">The call.</param>
    /// <param name="along">The arguments that are asked for.</param>
    /// <param name="ct">The cotangents of the results; null is zero.</param>
    public virtual Node?[] Transpose(CustomCall call, Shape along, Node?[] ct) =>
        throw new InvalidOperationException($"{Name} has no transpose of its own.");

    /// <summary>The node of one result for all examples of a batch.</summary>
    public Node Batch(BatchedCall call)
    {
        CustomAttributes a = call.Node.Get<CustomAttributes>();
        int results = 1 + a.Arguments + a.Captures;
        bool IsResult(int i) => i == 0 || (i >= results && i < results + a.Results);
        Shape batched = Shape.From(Enumerable.Range(0, call.Node.Inputs.Length).Select(i => IsResult(i) || call.Batched(i) is not null ? 1 : 0));
        CustomRule rule = _batched.GetOrAdd((batched, call.Size), key => Batched(new BatchMask(a, key.Batched, key.Size)));
        ImmutableArray<Node> inputs =
            [.. call.Node.Inputs.Select((x, i) => IsResult(i) ? call[i] : call.Batched(i) ?? x)];
        return new Node(Ops.Custom, inputs, (a with { Derivative = rule }).At(a.Output));
    }

    /// <summary>The rule for a batch of calls; results always have the batch as first axis.</summary>
    protected abstract CustomRule Batched(BatchMask mask);

    /// <summary>Zeros where a tree must have a tensor but the value is zero.</summary>
    protected static Node OrZero(Node? n, Node like) => n ?? Algebra.Like(like, 0);

    /// <summary>Throws unless what a rule gave fits; null where the value is not floating.</summary>
    protected Node?[] Checked(string rule, string what, Node[] given, Node[] like)
    {
        if (given.Length != like.Length) throw new CustomDerivativeException(
            $"{Name}: its {rule} gave {given.Length} tensors for {like.Length} {what}s.");
        Node?[] result = new Node?[like.Length];
        for (int i = 0; i < like.Length; i++)
        {
            if (!like[i].DType.IsFloat()) continue;
            result[i] = given[i].Shape == like[i].Shape && given[i].DType == like[i].DType
                ? given[i]
                : throw new CustomDerivativeException(
                    $"{Name}: its {rule} gave {given[i].DType}{given[i].Shape} for {what} {i}, which is {like[i].DType}{like[i].Shape}.");
        }

        return result;
    }
}
