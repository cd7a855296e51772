using Cotangent.Graph;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Random smooth functions of float64 tensors: each step applies an op to nodes made before, all are used in the result.</summary>
internal sealed class RandomGraph
{
    private static readonly Op[] s_unary = [Ops.Neg, Ops.Tanh, Ops.Sin, Ops.Cos, Ops.Erf, Ops.Atan, Ops.Exp];

    private readonly Random _random;
    private readonly List<Node> _nodes;

    private RandomGraph(int seed, IEnumerable<Node> inputs)
    {
        _random = new Random(seed);
        _nodes = [.. inputs];
    }

    /// <summary>A function of two or three tensors, at a random point. The same seed gives the same function.</summary>
    public static GraphFunction Of(int seed, int steps = 10)
    {
        Random random = new(seed);
        Shape[] shapes = [.. Enumerable.Range(0, random.Next(2, 4)).Select(_ => RandomShape(random))];
        return new GraphFunction(x => new RandomGraph(seed, x).Build(steps), shapes, GraphFunction.Random(random, shapes));
    }

    private static Shape RandomShape(Random random) => Shape.From(Enumerable.Range(0, random.Next(0, 4)).Select(_ => random.Next(1, 4)));

    private Node Build(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            Node y = Step(Pick());

            // Tame: products and exponentials of products would leave the range where differences are exact enough.
            _nodes.Add(y.Shape.Size > 200 ? Make.Sum(y, All(y)) : Make.Unary(Ops.Tanh, y));
        }

        Node sum = Make.Number(DType.Float64, 0, []);
        foreach (Node n in _nodes) sum = Make.Add(sum, Make.Sum(Make.Unary(Ops.Sin, n), All(n)));
        Node last = _nodes[^1];
        return Make.Mul(last, Make.Expand(Make.Reshape(sum, Shape.From(last.Shape.Select(_ => 1))), last.Shape));
    }

    private Node Step(Node x) => _random.Next(12) switch
    {
        0 or 1 => Make.Unary(s_unary[_random.Next(s_unary.Length)], x),
        2 => Make.Binary(_random.Next(2) == 0 ? Ops.Mul : Ops.Sub, x, Pick(x)),
        3 => Make.Div(x, Make.Add(Make.Unary(Ops.Exp, Pick(x)), Make.Number(DType.Float64, 1, x.Shape))),
        4 => Make.Where(GradientCases.Checkers(x.Shape), x, Pick(x)),
        5 => Make.Permute(x, Shape.From(Axes(x).OrderBy(_ => _random.Next()))),
        6 => Make.Reshape(x, [(int)x.Shape.Size]),
        7 => Make.Sum(x, Shape.From(Axes(x).Where(_ => _random.Next(2) == 0))),
        8 => Make.Flip(Make.Pad(x, Each(x, 2), Each(x, 2), Each(x, 2)), Shape.From(Axes(x).Where(_ => _random.Next(2) == 0))),
        9 => SliceOf(x),
        10 when x.Shape.Rank > 0 => Make.Concat(_random.Next(x.Shape.Rank), x, Pick(x)),
        11 when x.Shape.Rank > 0 => Make.Gather(x, GradientCases.Indices([3], x.Shape[0]), 0),
        _ => DotOf(x, Pick()),
    };

    private Node DotOf(Node x, Node y)
    {
        // Pairs axes of equal extents at random, to batch or to contract.
        List<int> leftBatch = [], rightBatch = [], leftContract = [], rightContract = [];
        foreach (int l in Axes(x))
        {
            int r = Axes(y).FirstOrDefault(i => y.Shape[i] == x.Shape[l] && !rightBatch.Contains(i) && !rightContract.Contains(i), -1);
            int use = _random.Next(3);
            if (r < 0 || use == 0) continue;
            (use == 1 ? leftBatch : leftContract).Add(l);
            (use == 1 ? rightBatch : rightContract).Add(r);
        }

        return Make.Dot(x, y, new([.. leftBatch], [.. rightBatch], [.. leftContract], [.. rightContract]));
    }

    private Node SliceOf(Node x)
    {
        int[] start = [.. x.Shape.Select(n => _random.Next(n))], step = [.. x.Shape.Select(_ => _random.Next(1, 3))];
        int[] extent = [.. x.Shape.Select((n, i) => (n - start[i] + step[i] - 1) / step[i])];
        return Make.Slice(x, [.. start], [.. extent], [.. step]);
    }

    private Node Pick() => _nodes[_random.Next(_nodes.Count)];

    /// <summary>A node of x's shape: another if there is one, else one broadcast to it.</summary>
    private Node Pick(Node x)
    {
        Node[] same = [.. _nodes.Where(n => n.Shape == x.Shape)];
        if (same.Length > 0 && _random.Next(3) > 0) return same[_random.Next(same.Length)];
        Node other = Pick();
        Node one = Make.Reshape(Make.Sum(other, All(other)), Shape.From(x.Shape.Select(_ => 1)));
        return Make.Expand(one, x.Shape);
    }

    private Shape Each(Node x, int below) => Shape.From(x.Shape.Select(_ => _random.Next(below)));

    private static Shape All(Node x) => Shape.From(Axes(x));

    private static IEnumerable<int> Axes(Node x) => Enumerable.Range(0, x.Shape.Rank);
}
