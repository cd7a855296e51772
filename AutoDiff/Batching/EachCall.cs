using System.Collections.Immutable;
using Cotangent.AutoDiff.Batching;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>A call for each example of a batch, one after the other.</summary>
/// <param name="One">The call of one example.</param>
/// <param name="IsBatched">Which inputs have the batch as first axis; the others are the same for all examples.</param>
/// <param name="Size">The number of examples.</param>
internal sealed record EachCall(DifferentiableCall One, ImmutableArray<bool> IsBatched, int Size)
    : DifferentiableCall([Size, .. One.Shape], One.DType)
{
    public override string Name => One.Name;

    public override Node Run(ImmutableArray<Node> inputs)
    {
        Tensor[] x = [.. inputs.Select(n => new Tensor(n).Realize())];
        bool onlyFirst = IsBatched[0] && !IsBatched.Skip(1).Contains(true);
        Func<Node, Node>? prepared = onlyFirst ? One.Prepare(inputs[1..]) : null;
        Tensor[] examples = new Tensor[Size];
        for (int b = 0; b < Size; b++)
        {
            ImmutableArray<Node> example = [.. x.Select((t, i) => IsBatched[i] ? t[b].Node : t.Node)];
            examples[b] = new Tensor(prepared is null ? One.Run(example) : prepared(example[0]));
        }

        return Size == 0 ? Make.Number(DType, 0, Shape) : Tensor.Stack(0, examples).Node;
    }

    public override Node Expand(ImmutableArray<Node> inputs)
    {
        Node[] example = Example(inputs);
        return Batched(One.Expand([.. example]), Pairs(example, inputs));
    }

    public override Node? Jvp(Node y, Node?[] dx)
    {
        Node[] example = Example(y.Inputs);
        Node one = new(Ops.HostCall, [.. example], One);
        Node?[] tangents = [.. dx.Select((d, i) => d is null ? null : IsBatched[i] ? ClosedGraph.Like(example[i], "tangent") : d)];
        if (One.Jvp(one, tangents) is not { } tangent) return null;
        IEnumerable<(Node, Node)> seeds = Pairs(example, y.Inputs).Append((one, y))
            .Concat(tangents.Select((t, i) => (t!, dx[i]!)).Where((p, i) => p.Item1 is not null && IsBatched[i]));
        return Batched(tangent, seeds);
    }

    public override Node Transpose(Node y, Node ct, int argument)
    {
        Node[] example = Example(y.Inputs);
        Node one = new(Ops.HostCall, [.. example], One), cotangent = ClosedGraph.Like(one, "cotangent");
        Node all = Batched(One.Transpose(one, cotangent, argument), Pairs(example, y.Inputs).Append((cotangent, ct)));
        return IsBatched[argument] ? all : Make.Sum(all, [0]);
    }

    /// <summary>Placeholders for one example; what is shared is itself.</summary>
    private Node[] Example(ImmutableArray<Node> inputs) => [.. inputs.Select((x, i) => IsBatched[i]
        ? Make.Input(Shape.From(x.Shape.Skip(1)), x.DType, x.Device, $"{Name} example", x.IsAnywhere)
        : x)];

    private IEnumerable<(Node, Node)> Pairs(Node[] example, ImmutableArray<Node> inputs) =>
        example.Zip(inputs).Where((_, i) => IsBatched[i]);

    private Node Batched(Node example, IEnumerable<(Node Example, Node Batch)> seeds) =>
        BatchedGraph.Of([example], seeds.ToDictionary(p => p.Example, p => p.Batch), Size)[0] ?? BatchedGraph.Repeat(example, Size);
}
