using Cotangent.AutoDiff.Batching;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>A function of one example applied to a batch, on lists of nodes.</summary>
/// <remarks>The function is called once, with placeholders of one example's shapes; its graph then becomes the batch's, op by op.
/// Inside, the batch is always the first axis: it is moved there on the way in and to its place on the way out.</remarks>
/// <param name="names">What errors call the arguments.</param>
/// <param name="arguments">The batches, and what their examples share.</param>
/// <param name="axes">The batch axis of each argument; null for those shared.</param>
internal sealed class Vectorization(IReadOnlyList<string> names, Node[] arguments, int?[] axes)
{
    /// <summary>The results of a function for all examples.</summary>
    /// <param name="f">The function of one example.</param>
    /// <param name="outAxes">The number of results → where each has the batch axis; null for those that are shared.</param>
    public Node[] Invoke(Func<Node[], Node[]> f, Func<int, int?[]> outAxes)
    {
        int size = Size();
        Dictionary<Node, Node> seeds = [];
        Node[] outputs = f([.. arguments.Select((_, i) => Example(i, seeds))]);
        int?[] to = outAxes(outputs.Length);
        Node?[] batched = BatchedGraph.Of(outputs, seeds, size);
        return [.. outputs.Select((y, i) => Result(i, y, batched[i], to[i], size))];
    }

    /// <summary>The common extent of the batch axes.</summary>
    private int Size()
    {
        int first = -1;
        for (int i = 0; i < arguments.Length; i++)
        {
            if (Axis(i) is not { } axis) continue;
            if (first < 0) first = i;
            int expected = Extent(first), actual = arguments[i].Shape[axis];
            if (actual != expected)
            {
                throw new ShapeMismatchException($"Vmap: {Describe(first)} has {expected} examples along axis {Axis(first)}, but {Describe(i)} " +
                    $"has {actual} along axis {axis}. Give them as many, or null as the axis of one that all examples share.");
            }
        }

        return first >= 0 ? Extent(first)
            : throw new BatchingException("Vmap: no argument has a batch axis: there is nothing to batch over. Give one of them an axis.");

        int Extent(int i) => arguments[i].Shape[Axis(i)!.Value];
    }

    /// <summary>What the function sees of an argument: a placeholder for one example, or the shared tensor itself.</summary>
    private Node Example(int i, Dictionary<Node, Node> seeds)
    {
        Node x = arguments[i];
        if (Axis(i) is not { } axis) return x;
        Node moved = BatchedGraph.MoveAxis(x, axis, 0);
        Node example = Make.Input(Shape.From(moved.Shape.Skip(1)), x.DType, x.Device, $"Vmap {names[i]}", x.IsAnywhere);
        seeds[example] = moved;
        return example;
    }

    private int? Axis(int i)
    {
        if (axes[i] is not { } axis) return null;
        int rank = arguments[i].Shape.Rank, at = axis < 0 ? axis + rank : axis;
        return at >= 0 && at < rank ? at
            : throw new AxisOutOfRangeException($"Vmap: axis {axis} is outside the {rank} axes of {Describe(i)}.");
    }

    private static Node Result(int i, Node example, Node? batched, int? axis, int size)
    {
        if (axis is not { } to)
        {
            return batched is null ? example : throw new BatchingException(
                $"Vmap: result {i}, {example.DType}{example.Shape} for each example, depends on the batch, but its axis in outAxes is null. " +
                "Give it an axis, or reduce over the batch outside.");
        }

        int rank = example.Shape.Rank + 1, at = to < 0 ? to + rank : to;
        if (at < 0 || at >= rank) throw new AxisOutOfRangeException(
            $"Vmap: axis {to} of outAxes is outside the {rank} axes of result {i}: {example.Shape} and the batch.");
        return BatchedGraph.MoveAxis(batched ?? BatchedGraph.Repeat(example, size), 0, at);
    }

    private string Describe(int i) => $"{names[i]}, {arguments[i].DType}{arguments[i].Shape}";
}
