using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>How one op runs on a batch: a call of it, of whose inputs at least one is batched → the node of all examples' results,
/// with the batch as a new first axis.</summary>
internal delegate Node BatchRule(BatchedCall call);

/// <summary>An output of a call of batches: those of all examples, or one that they share.</summary>
internal readonly record struct BatchedOutput(Node Value, bool IsBatched);

/// <summary>A node to be computed for each example of a batch.</summary>
/// <param name="node">The node of one example.</param>
/// <param name="inputs">Its inputs with the batch as first axis; null for those that all examples share.</param>
/// <param name="size">The number of examples.</param>
internal sealed class BatchedCall(Node node, Node?[] inputs, int size)
{
    /// <summary>The node of one example.</summary>
    public Node Node { get; } = node;

    public int Size { get; } = size;

    /// <summary>The shape of the result.</summary>
    public Shape Shape => [Size, .. Node.Shape];

    /// <summary>An input with the batch as first axis; a shared one is repeated, as a view.</summary>
    public Node this[int input] => inputs[input] ?? BatchedGraph.Repeat(Node.Inputs[input], Size);

    /// <summary>All inputs with the batch as first axis.</summary>
    public IEnumerable<Node> Inputs => Enumerable.Range(0, inputs.Length).Select(i => this[i]);

    /// <summary>False if all examples share all inputs.</summary>
    public bool IsBatched => inputs.Any(i => i is not null);

    /// <summary>The batched input; null for one that all examples share.</summary>
    public Node? Batched(int input) => inputs[input];

    /// <summary>The attributes of the node of one example.</summary>
    public T Get<T>() where T : Attributes => Node.Get<T>();

    /// <summary>Axes of an example as axes of the batch.</summary>
    public static Shape After(Shape axes) => Shape.From(axes.Select(axis => axis + 1));
}
