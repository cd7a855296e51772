using Cotangent.Graph;
using Cotangent.Kernels;

using Nodes = Cotangent.Graph.Make;

namespace Cotangent.Tests.Engine;

/// <summary>Random graphs of small tensors for differential tests. The same seed makes the same graph.</summary>
internal sealed class RandomGraphs
{
    private static readonly int[] s_extents = [1, 2, 3, 4, 5, 7, 16, 33];

    private readonly Random _random;
    private readonly DType _type;
    private readonly List<Node> _values = [];
    private readonly bool _smooth;

    private RandomGraphs(int seed, DType type, bool smooth)
    {
        _random = new Random(seed);
        _type = type;
        _smooth = smooth;
    }

    /// <summary>The placeholders or data that a graph starts from.</summary>
    public List<Node> Leaves { get; } = [];

    /// <summary>Makes a graph over leaves that <paramref name="leaf"/> supplies.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="operations">How many operations are tried.</param>
    /// <param name="type">A floating dtype.</param>
    /// <param name="smooth">True for differentiable operations only, away from kinks.</param>
    /// <param name="leaf">Makes a leaf of a shape.</param>
    /// <returns>The graph's generator, with leaves, and one to three outputs.</returns>
    public static (RandomGraphs Graph, Node[] Outputs) Make(int seed, int operations, DType type, bool smooth,
        Func<Shape, Node> leaf)
    {
        RandomGraphs graph = new(seed, type, smooth);
        for (int i = graph._random.Next(1, 4); i > 0; i--)
        {
            Node x = leaf(graph.RandomShape(graph._random.Next(1, 4)));
            graph.Leaves.Add(x);
            graph._values.Add(x);
        }

        for (int i = 0; i < operations; i++)
        {
            Node y = graph.Operation();
            if (y.Shape.Size is > 0 and <= 20000) graph._values.Add(y);
        }

        int count = graph._random.Next(1, 4);
        return (graph, [.. graph._values.TakeLast(count)]);
    }

    /// <summary>Elements between −2 and 2 for a leaf.</summary>
    public static float[] Elements(int seed, long size)
    {
        Random random = new(seed);
        float[] x = new float[size];
        for (int i = 0; i < x.Length; i++) x[i] = (float)(4 * random.NextDouble() - 2);
        return x;
    }

    private Node Pick() => _values[Math.Max(_random.Next(_values.Count), _random.Next(_values.Count))];

    private Shape RandomShape(int rank) =>
        Shape.From(Enumerable.Range(0, rank).Select(_ => s_extents[_random.Next(s_extents.Length)]));

    private Node Operation()
    {
        Node x = Pick();
        return _random.Next(20) switch
        {
            < 4 => Unary(x),
            < 8 => Binary(x),
            8 or 9 => Reduce(x),
            10 or 11 => ReduceAndReturn(x),
            12 => Permute(x),
            13 => Reshape(x),
            14 => Slice(x),
            15 => Pad(x),
            16 => Nodes
                .Concat(x.Shape.Rank > 0 ? _random.Next(x.Shape.Rank) : 0, x.Shape.Rank > 0 ? [x, Unary(x)] : [x]),
            17 => Dot(x),
            18 => Gather(x),
            _ => Flip(x),
        };
    }

    private Node Unary(Node x) => _random.Next(_smooth ? 5 : 8) switch
    {
        0 => Nodes.Unary(Ops.Tanh, x),
        1 => Nodes.Unary(Ops.Sin, x),
        2 => Nodes.Scale(x, 0.5),
        3 => Nodes.Mul(x, x) is var square ? Nodes.Div(square, Nodes.Add(square, Nodes.Number(_type, 1, x.Shape))) : x,
        4 => Nodes.Neg(x),
        5 => Nodes.Unary(Ops.Abs, x),
        6 => Nodes.Binary(Ops.Max, x, Nodes.Zeros(x)),
        _ => Nodes.Where(Nodes.Binary(Ops.Less, x, Nodes.Zeros(x)), x, Nodes.Scale(x, 3)),
    };

    private Node Binary(Node x)
    {
        // Another value of the same shape, broadcast if need be.
        Node y = _values.Where(v => v.Shape == x.Shape).OrderBy(_ => _random.Next()).First();
        if (_random.Next(2) == 0 && x.Shape.Rank > 0)
        {
            int axis = _random.Next(x.Shape.Rank);
            y = Nodes.Expand(Nodes.ReduceKeep(Ops.Sum, Nodes.Unary(Ops.Tanh, y), [axis]), x.Shape);
            y = Nodes.Scale(y, 1.0 / x.Shape[axis]);
        }

        return _random.Next(3) switch
        {
            0 => Nodes.Add(x, y),
            1 => Nodes.Sub(x, y),
            _ => Nodes.Mul(Nodes.Unary(Ops.Tanh, x), y),
        };
    }

    private Shape SomeAxes(Node x) => Shape.From(Enumerable.Range(0, x.Shape.Rank).Where(_ => _random.Next(2) == 0));

    private Node Reduce(Node x)
    {
        Shape axes = SomeAxes(x);
        long count = axes.Aggregate(1L, (n, i) => n * x.Shape[i]);
        return _smooth || _random.Next(2) == 0
            ? Nodes.Scale(Nodes.Sum(x, axes), 1.0 / count)
            : Nodes.Reduce(_random.Next(2) == 0 ? Ops.ReduceMax : Ops.ReduceMin, x, axes);
    }

    /// <summary>Softmax, or a mean taken away: reductions that return to the shape.</summary>
    private Node ReduceAndReturn(Node x)
    {
        if (x.Shape.Rank == 0) return x;
        Shape axes = [_random.Next(2) == 0 ? x.Shape.Rank - 1 : _random.Next(x.Shape.Rank)];
        if (_random.Next(2) == 0)
        {
            Node mean = Nodes.Scale(Nodes.ReduceKeep(Ops.Sum, x, axes), 1.0 / x.Shape[axes[0]]);
            return Nodes.Sub(x, Nodes.Expand(mean, x.Shape));
        }

        Node top = Nodes.Unary(Ops.StopGradient, Nodes.Expand(Nodes.ReduceKeep(Ops.ReduceMax, x, axes), x.Shape));
        Node e = Nodes.Unary(Ops.Exp, Nodes.Sub(x, top));
        return Nodes.Div(e, Nodes.Expand(Nodes.ReduceKeep(Ops.Sum, e, axes), x.Shape));
    }

    private Node Permute(Node x) =>
        Nodes.Permute(x, Shape.From(Enumerable.Range(0, x.Shape.Rank).OrderBy(_ => _random.Next())));

    private Node Reshape(Node x)
    {
        List<int> extents = [];
        long rest = x.Shape.Size;
        while (rest > 1)
        {
            int[] divisors = [.. Enumerable.Range(2, 40).Where(d => rest % d == 0)];
            int d = divisors.Length == 0 ? (int)rest : divisors[_random.Next(divisors.Length)];
            extents.Add(d);
            rest /= d;
        }

        if (_random.Next(2) == 0) extents.Insert(_random.Next(extents.Count + 1), 1);
        return Nodes.Reshape(x, Shape.From(extents));
    }

    private Node Slice(Node x)
    {
        int[] start = new int[x.Shape.Rank], extent = new int[x.Shape.Rank], step = new int[x.Shape.Rank];
        for (int i = 0; i < start.Length; i++)
        {
            step[i] = _random.Next(1, 3);
            start[i] = _random.Next(x.Shape[i]);
            extent[i] = _random.Next(1, (x.Shape[i] - start[i] - 1) / step[i] + 2);
        }

        return Nodes.Slice(x, [.. start], [.. extent], [.. step]);
    }

    private Node Pad(Node x) => Nodes.Pad(x, Amounts(x), Amounts(x), Amounts(x));

    private Shape Amounts(Node x) => Shape.From(x.Shape.Select(_ => _random.Next(3)));

    private Node Flip(Node x) => Nodes.Flip(x, SomeAxes(x));

    private Node Dot(Node x)
    {
        if (x.Shape.Rank == 0) return x;
        Node? y = _values.Where(v => v.Shape.Rank > 0 && v.Shape.Any(n => x.Shape.Contains(n)))
            .OrderBy(_ => _random.Next()).FirstOrDefault();
        if (y is null) return x;
        (int l, int r) = Enumerable.Range(0, x.Shape.Rank)
            .SelectMany(i => Enumerable.Range(0, y.Shape.Rank).Select(j => (i, j)))
            .Where(p => x.Shape[p.i] == y.Shape[p.j]).OrderBy(_ => _random.Next()).First();
        Node scaled = Nodes.Scale(x, 1.0 / x.Shape[l]);
        (int Left, int Right)[] batch = [.. Enumerable.Range(0, Math.Min(x.Shape.Rank, y.Shape.Rank))
            .Where(i => i != l && i != r && x.Shape[i] == y.Shape[i] && _random.Next(2) == 0).Select(i => (i, i))];
        DotAttributes axes = new([.. batch.Select(b => b.Left)], [.. batch.Select(b => b.Right)], [l], [r]);
        long size = Ops.Dot.Infer([scaled, y], axes).Shape.Size;
        return size <= 20000 ? Nodes.Dot(scaled, y, axes) : x;
    }

    private Node Gather(Node x)
    {
        if (x.Shape.Rank == 0) return x;
        int axis = _random.Next(x.Shape.Rank), count = _random.Next(1, 6);
        Node index = Nodes.Iota([count], 0, DType.Int32);
        Node scaled = Nodes.Mul(index, Nodes.Number(DType.Int32, 7, [count]));
        Node wrapped = Nodes.Binary(Ops.Rem, scaled, Nodes.Number(DType.Int32, x.Shape[axis], [count]));
        return _random.Next(3) > 0 || x.Shape[axis] == 0
            ? Nodes.Gather(x, wrapped, axis)
            : Nodes.ScatterAdd(Nodes.Gather(x, wrapped, axis), wrapped, axis, x.Shape[axis]);
    }
}
