using Cotangent.Graph;

using Nodes = Cotangent.Graph.Make;

namespace Cotangent.Tests.Engine;

/// <summary>Random graphs whose operations are exact: on small whole numbers, zeros of both signs, infinities and NaN every right result has the
/// same bits as float64's, whatever is fused, reordered or done in place. The same seed makes the same graph.</summary>
internal sealed class ExactGraphs(int seed, DType type)
{
    /// <summary>Numbers stay within this, so that sums and products are exact even with BFloat16's eight bits.</summary>
    private const int Bound = 8;
    private const int MostSummedHalves = 128;
    private const int MostElements = 40_000;

    private static readonly int[] s_extents = [0, 1, 1, 2, 3, 5, 16, 17, 33, 64, 100];
    private static readonly double[] s_special = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0, 0.0, -0.0];

    private readonly Random _random = new(seed);
    private readonly List<Node> _values = [];

    private bool IsHalf => type is DType.Float16 or DType.BFloat16;

    /// <summary>A shape of one to three axes; an axis in eleven is empty where that is allowed.</summary>
    public Shape RandomShape(bool mayBeEmpty)
    {
        Shape shape = Shape.From(Enumerable.Range(0, _random.Next(1, 4)).Select(_ => s_extents[_random.Next(mayBeEmpty ? 0 : 1, s_extents.Length)]));
        return shape.Size <= MostElements ? shape : RandomShape(mayBeEmpty);
    }

    /// <summary>Elements for a leaf: one in six is special where the dtype has such.</summary>
    public double[] Elements(long size) => [.. Enumerable.Range(0, (int)size).Select(_ => Element())];

    /// <summary>Makes a graph over leaves: one to three outputs of any shape.</summary>
    public Node[] Make(IEnumerable<Node> leaves, int operations)
    {
        _values.AddRange(leaves);
        for (int i = 0; i < operations; i++)
        {
            Node y = Operation(Pick());
            if (y.Shape.Size <= MostElements) _values.Add(y);
        }

        return [.. _values.TakeLast(_random.Next(1, 4))];
    }

    /// <summary>Makes a graph of one output for each leaf, of its shape: the leaves' next values.</summary>
    public Node[] Next(Node[] leaves, int operations)
    {
        _values.AddRange(leaves);
        for (int i = 0; i < operations; i++)
        {
            Node x = Pick();
            _values.Add(_random.Next(3) > 0 ? Elementwise(x) : SameShape(x));
        }

        return [.. leaves.Select(l => _values.FindLast(v => v.Shape == l.Shape)!)];
    }

    private double Element() => type.IsFloat() && _random.Next(6) == 0 ? s_special[_random.Next(s_special.Length)]
        : _random.Next(IsUnsigned ? 0 : -Bound, Bound + 1);

    private bool IsUnsigned => type is DType.UInt8 or DType.UInt32;

    private Node Pick() => _values[Math.Max(_random.Next(_values.Count), _random.Next(_values.Count))];

    private Node Operation(Node x) => _random.Next(16) switch
    {
        < 6 => Elementwise(x),
        6 => Reduce(x),
        7 => SameShape(x),
        8 => Nodes.Permute(x, Shape.From(Enumerable.Range(0, x.Shape.Rank).OrderBy(_ => _random.Next()))),
        9 => Slice(x),
        10 => Nodes.Pad(x, Amounts(x), Amounts(x), Amounts(x)),
        11 => Concat(x),
        12 => Reshape(x),
        13 => ArgReduce(x),
        14 => Gather(x),
        _ => Nodes.Flip(x, SomeAxes(x)),
    };

    private Node Elementwise(Node x)
    {
        Node y = Other(x);
        return _random.Next(type.IsInteger() ? 15 : 12) switch
        {
            0 => IsUnsigned ? x : Nodes.Neg(x),
            1 => Nodes.Unary(Ops.Abs, x),
            2 => Nodes.Unary(Ops.Sign, x),
            3 => Nodes.Binary(Ops.Max, x, y),
            4 => Nodes.Binary(Ops.Min, x, y),
            5 => Nodes.Where(Nodes.Binary(Ops.Less, x, y), x, y),
            6 => Nodes.Where(Nodes.Binary(Ops.Equal, x, y), y, Nodes.Number(type, 3, x.Shape)),
            7 => Bounded(Nodes.Add(x, y)),
            8 => Bounded(IsUnsigned ? Nodes.Add(x, y) : Nodes.Sub(x, y)),
            9 => Bounded(Nodes.Mul(x, y)),
            10 => Nodes.Cast(Nodes.Cast(x, _random.Next(2) == 0 ? DType.Int32 : DType.Float16), type),
            12 => Nodes.Unary(Ops.Not, x),
            13 => Bounded(Nodes.Binary(_random.Next(2) == 0 ? Ops.ShiftLeft : Ops.ShiftRight, Nodes.Binary(Ops.Or, x, y), Other(x))),
            14 => Bounded(Nodes.Binary(_random.Next(2) == 0 ? Ops.Div : Ops.Rem, x, Nodes.Binary(Ops.Xor, x, y))),
            _ => Bounded(Nodes.Add(Nodes.Mul(x, y), Other(x))),
        };
    }

    private Node Bounded(Node x)
    {
        Node top = Nodes.Binary(Ops.Min, x, Nodes.Number(type, Bound, x.Shape));
        return IsUnsigned ? top : Nodes.Binary(Ops.Max, top, Nodes.Number(type, -Bound, x.Shape));
    }

    /// <summary>An operand of the same shape: another value, one reduced and broadcast, or a number.</summary>
    private Node Other(Node x)
    {
        Node[] same = [.. _values.Where(v => v.Shape == x.Shape)];
        Node y = same.Length > 0 ? same[_random.Next(same.Length)] : x;
        return _random.Next(4) switch
        {
            0 => Nodes.Number(type, Element(), x.Shape),
            1 when x.Shape.Rank > 0 => Nodes.Expand(ReduceKeep(y, [_random.Next(x.Shape.Rank)]), x.Shape),
            _ => y,
        };
    }

    private Node Reduce(Node x)
    {
        Shape axes = SomeAxes(x);
        return axes.Rank == 0 ? x : Nodes.Reshape(ReduceKeep(x, axes), Shape.From(x.Shape.Where((_, i) => !axes.Contains(i))));
    }

    private Node ReduceKeep(Node x, Shape axes)
    {
        long count = axes.Aggregate(1L, (n, i) => n * x.Shape[i]);
        return _random.Next(3) switch
        {
            0 => Nodes.ReduceKeep(Ops.ReduceMax, x, axes),
            1 => Nodes.ReduceKeep(Ops.ReduceMin, x, axes),
            _ when IsHalf => count > MostSummedHalves ? Nodes.ReduceKeep(Ops.ReduceMax, x, axes)
                : Bounded(Nodes.ReduceKeep(Ops.Sum, Nodes.Unary(Ops.Sign, x), axes)),
            _ => Bounded(Nodes.ReduceKeep(Ops.Sum, x, axes)),
        };
    }

    /// <summary>Movements that keep the shape: elements change places, which nothing may do in place.</summary>
    private Node SameShape(Node x)
    {
        if (x.Shape.Rank == 0) return x;
        int axis = _random.Next(x.Shape.Rank), extent = x.Shape[axis];
        Shape zeros = Shape.From(x.Shape.Select(_ => 0)), ones = Shape.From(x.Shape.Select(_ => 1));
        switch (_random.Next(4))
        {
            case 0:
                return Nodes.Flip(x, [axis]);
            case 1 when extent > 1:
                int by = _random.Next(1, extent);
                Node tail = Nodes.Slice(x, With(zeros, axis, by), With(x.Shape, axis, extent - by), ones);
                return Nodes.Concat(axis, tail, Nodes.Slice(x, zeros, With(x.Shape, axis, by), ones));
            case 2 when extent > 1:
                return Nodes.Pad(Nodes.Slice(x, With(zeros, axis, 1), With(x.Shape, axis, extent - 1), ones), zeros, With(zeros, axis, 1), zeros);
            default:
                return Nodes.Expand(ReduceKeep(x, [axis]), x.Shape);
        }
    }

    private static Shape With(Shape shape, int axis, int extent) => Shape.From(shape.Select((n, i) => i == axis ? extent : n));

    private Node Slice(Node x)
    {
        int[] start = new int[x.Shape.Rank], extent = new int[x.Shape.Rank], step = new int[x.Shape.Rank];
        for (int i = 0; i < start.Length; i++)
        {
            step[i] = _random.Next(1, 3);
            start[i] = x.Shape[i] == 0 ? 0 : _random.Next(x.Shape[i]);
            extent[i] = x.Shape[i] == 0 ? 0 : _random.Next(1, (x.Shape[i] - start[i] - 1) / step[i] + 2);
        }

        return Nodes.Slice(x, [.. start], [.. extent], [.. step]);
    }

    private Node Concat(Node x)
    {
        if (x.Shape.Rank == 0) return x;
        Node[] parts = [.. Enumerable.Range(0, _random.Next(2, 7)).Select(i => i % 2 == 0 ? x : Elementwise(x))];
        return Nodes.Concat(_random.Next(x.Shape.Rank), parts);
    }

    private Node Reshape(Node x) => _random.Next(2) == 0 ? Nodes.Reshape(x, [(int)x.Shape.Size])
        : Nodes.Reshape(x, Shape.From(x.Shape.Reverse()));

    private Node ArgReduce(Node x)
    {
        int[] axes = [.. Enumerable.Range(0, x.Shape.Rank).Where(i => x.Shape[i] > 0)];
        if (axes.Length == 0) return x;
        Node place = new(_random.Next(2) == 0 ? Ops.ArgMax : Ops.ArgMin, [x], new AxisAttributes(axes[_random.Next(axes.Length)]));
        return Bounded(Nodes.Cast(place, type));
    }

    private Node Gather(Node x)
    {
        int[] axes = [.. Enumerable.Range(0, x.Shape.Rank).Where(i => x.Shape[i] > 0)];
        if (axes.Length == 0) return x;
        int axis = axes[_random.Next(axes.Length)], count = _random.Next(1, 6);
        Node places = Nodes.Mul(Nodes.Iota([count], 0, DType.Int32), Nodes.Number(DType.Int32, 7, [count]));
        return Nodes.Gather(x, Nodes.Binary(Ops.Rem, places, Nodes.Number(DType.Int32, x.Shape[axis], [count])), axis);
    }

    private Shape SomeAxes(Node x) => Shape.From(Enumerable.Range(0, x.Shape.Rank).Where(_ => _random.Next(2) == 0));

    private Shape Amounts(Node x) => Shape.From(x.Shape.Select(_ => _random.Next(3)));
}
