using Cotangent.AutoDiff.Batching;
using Cotangent.Graph;

namespace Cotangent.AutoDiff.Custom;

/// <summary>Which parts of a call have the batch as first axis, and how a rule of one example is applied to all.</summary>
internal sealed class BatchMask(CustomAttributes call, Shape batched, int size)
{
    private readonly bool[] _arguments = Part(batched, 1, call.Arguments);
    private readonly bool[] _results = Part(batched, 1 + call.Arguments + call.Captures, call.Results);
    private readonly bool[] _saved = Part(batched, 1 + call.Arguments + call.Captures + call.Results, int.MaxValue);

    /// <summary>A function of arguments, for all examples.</summary>
    public Func<Node[], Node[]> OfArguments(Func<Node[], Node[]> f) => x => Map(p => f(p[0]), [x], [_arguments]);

    /// <summary>A rule given arguments, results, what was saved and tangents of the arguments.</summary>
    public Func<CustomCall, Node[], Node[]> OfTangents(Func<CustomCall, Node[], Node[]> f) => (call, dx) => Map(
        p => f(new CustomCall(p[0], [], p[1], p[2]), p[3]),
        [call.Arguments, call.Results, call.Saved, dx], [_arguments, _results, _saved, _arguments]);

    /// <summary>A rule that gives cotangents of arguments: those of an argument that all examples share are summed.</summary>
    public Func<CustomCall, Node[], Node[]> OfCotangents(Func<CustomCall, Node[], Node[]> f) => (call, ct) =>
    {
        Node[] each = Map(
            p => f(new CustomCall(p[0], [], p[1], p[2]), p[3]),
            [call.Arguments, call.Results, call.Saved, ct], [_arguments, _results, _saved, _results]);
        return [.. each.Select((x, i) => i >= _arguments.Length || _arguments[i] || !x.DType.IsFloat() ? x : Make.Sum(x, [0]))];
    };

    private static bool[] Part(Shape batched, int start, int count) => [.. batched.Skip(start).Take(count).Select(b => b == 1)];

    private Node[] Map(Func<Node[][], Node[]> f, Node[][] inputs, bool[][] batched)
    {
        Dictionary<Node, Node> seeds = [];
        Node[][] examples = [.. inputs.Select((part, k) => part.Select((x, i) => Example(x, batched[k][i])).ToArray())];
        Node[] outputs = f(examples);
        Node?[] all = BatchedGraph.Of(outputs, seeds, size);
        return [.. outputs.Select((y, i) => all[i] ?? BatchedGraph.Repeat(y, size))];

        Node Example(Node x, bool isBatched)
        {
            if (!isBatched) return x;
            Node example = Make.Input(Shape.From(x.Shape.Skip(1)), x.DType, x.Device, "example", x.IsAnywhere);
            seeds[example] = x;
            return example;
        }
    }
}
