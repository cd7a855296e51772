using System.Collections.Immutable;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Fusion;

/// <summary>Makes canonical nodes: equal nodes are one (common subexpressions), trivial ones are simplified exactly,
/// composite ones are decomposed into what kernels are built from. Nothing here changes a bit of a result, but for the
/// order of long sums.</summary>
/// <remarks>Afterwards: reductions are over the middle axis of [A, K, C] with K &gt; 1; there is no argmax,
/// stop-gradient, no reduction or movement of no elements, no contraction in half precision; an iota counts along a
/// rank-1 axis.</remarks>
internal sealed partial class Canonical(Device device, Action<Node>? made = null)
{
    private readonly Dictionary<NodeKey, Node> _nodes = [];

    /// <summary>The phases of nodes that are not in the first, see <see cref="BarrierAttributes"/>.</summary>
    private readonly Dictionary<Node, int> _phases = [];

    /// <summary>The canonical node for an op on canonical inputs.</summary>
    public Node Apply(Op op, ImmutableArray<Node> x, Attributes? attributes)
    {
        if (op.Kind != OpKind.Leaf && op.Infer(x, attributes) is var (shape, type)
            && shape.Size == 0) return Number(type, 0, shape);
        return op.Kind switch
        {
            OpKind.Elementwise => Elementwise(op, x, attributes),
            OpKind.Movement => Move(op, x, attributes),
            OpKind.Reduce => Reduce(op, x[0], attributes!),
            OpKind.Contraction => Dot(x[0], x[1], (DotAttributes)attributes!),
            OpKind.Indexing => Index(op, x, attributes!),
            _ when op == Ops.GramNorms && x.Any(i => i.Shape.Size == 0) => Number(DType.Float64, 0, op.Infer(x, attributes).Shape),
            _ when op == Ops.Barrier => Barrier(x),
            _ when op == Ops.Iota => Iota((IotaAttributes)attributes!),
            _ => Intern(op, x, attributes),
        };
    }

    /// <summary>A number that is part of the program, repeated over a shape.</summary>
    public Node Number(DType type, double x, Shape shape) => Fill(Intern(Ops.Number, [], Numbers.Of(type, x)), shape);

    public Node Reshape(Node x, Shape shape)
    {
        if (x.Shape == shape) return x;
        if (x.Op == Ops.Reshape && x.Attributes is not BarrierAttributes) return Reshape(x.Inputs[0], shape);
        if (x.Op == Ops.Expand && x.Inputs[0].Shape.Size == 1) return Fill(x.Inputs[0], shape);
        return Intern(Ops.Reshape, [x], new ShapeAttributes(shape));
    }

    public Node Expand(Node x, Shape shape)
    {
        if (x.Shape == shape) return x;
        return x.Op == Ops.Expand ? Expand(x.Inputs[0], shape) : Intern(Ops.Expand, [x], new ShapeAttributes(shape));
    }

    public Node Permute(Node x, Shape axes)
    {
        if (x.Op == Ops.Permute)
        {
            Shape inner = x.Get<AxesAttributes>().Axes;
            return Permute(x.Inputs[0], Shape.From(axes.Select(i => inner[i])));
        }

        // If the axes longer than 1 keep their order the elements do too.
        int[] moved = [.. axes.Where(i => x.Shape[i] != 1)];
        return moved.SequenceEqual(moved.Order())
            ? Reshape(x, Shape.From(axes.Select(i => x.Shape[i])))
            : Intern(Ops.Permute, [x], new AxesAttributes(axes));
    }

    public Node Slice(Node x, Shape start, Shape extent, Shape step)
    {
        if (extent == x.Shape && start.All(s => s == 0) && step.All(s => s == 1)) return x;
        if (x.Op == Ops.Slice)
        {
            (Shape start0, _, Shape step0) = x.Get<SliceAttributes>();
            return Slice(x.Inputs[0], Shape.From(start.Select((s, i) => start0[i] + s * step0[i])), extent,
                Shape.From(step.Select((s, i) => s * step0[i])));
        }

        return Intern(Ops.Slice, [x], new SliceAttributes(start, extent, step));
    }

    /// <summary>The number that a node repeats, if it is part of the program.</summary>
    public static double? ConstantOf(Node x)
    {
        while (x.Op == Ops.Expand || x.Op == Ops.Reshape) x = x.Inputs[0];
        return x.Op == Ops.Number ? Numbers.ToDouble(x.Get<NumberAttributes>()) : null;
    }

    private Node Fill(Node scalar, Shape shape) =>
        Expand(Reshape(scalar, Shape.From(Enumerable.Repeat(1, shape.Rank))), shape);

    private Node Intern(Op op, ImmutableArray<Node> x, Attributes? attributes)
    {
        NodeKey key = new(op, x, attributes);
        if (_nodes.TryGetValue(key, out Node? node))
        {
            made?.Invoke(node);
            return node;
        }

        _nodes[key] = node = new Node(op, x, attributes, device);
        made?.Invoke(node);
        int phase = attributes is BarrierAttributes barrier ? barrier.Phase : x.IsEmpty ? 0 : x.Max(PhaseOf);
        if (phase > 0) _phases[node] = phase;
        return node;
    }

    private int PhaseOf(Node n) => _phases.GetValueOrDefault(n);

    /// <summary>A barrier is a reshape to the same shape that belongs to the phase after that of what it waits for.</summary>
    private Node Barrier(ImmutableArray<Node> x)
    {
        if (ConstantOf(x[0]) is not null) return x[0];
        int phase = Math.Max(PhaseOf(x[0]), 1 + x.Skip(1).Select(PhaseOf).DefaultIfEmpty(-1).Max());
        return phase == 0 ? x[0] : Intern(Ops.Reshape, [x[0]], new BarrierAttributes(x[0].Shape, phase));
    }

    private Node Move(Op op, ImmutableArray<Node> x, Attributes? attributes)
    {
        if (op == Ops.Reshape) return Reshape(x[0], ((ShapeAttributes)attributes!).Shape);
        if (op == Ops.Expand) return Expand(x[0], ((ShapeAttributes)attributes!).Shape);
        if (op == Ops.Permute) return Permute(x[0], ((AxesAttributes)attributes!).Axes);
        if (op == Ops.Slice) return attributes is SliceAttributes s ? Slice(x[0], s.Start, s.Extent, s.Step) : x[0];
        if (op == Ops.Pad) return Pad(x[0], (PadAttributes)attributes!);
        if (op == Ops.Skew) return Skew(x[0], (SkewAttributes)attributes!);
        if (op == Ops.Concat)
        {
            ImmutableArray<Node> parts = [.. x.Where(p => p.Shape.Size > 0)];
            return parts.Length == 1 ? parts[0] : Intern(op, parts, attributes);
        }

        return op == Ops.Flip && ((AxesAttributes)attributes!).Axes.All(i => x[0].Shape[i] == 1) ? x[0]
            : Intern(op, x, attributes);
    }

    private Node Pad(Node x, PadAttributes pad)
    {
        if (x.Shape.Size == 0)
        {
            return Number(x.DType, 0, Ops.Pad.Infer([x], pad).Shape);
        }

        // Nothing stands between the elements of an axis that has one.
        Shape interior = Shape.From(pad.Interior.Select((p, i) => x.Shape[i] == 1 ? 0 : p));
        return pad.Low.Concat(pad.High).Concat(interior).All(p => p == 0)
            ? x
            : Intern(Ops.Pad, [x], pad with { Interior = interior });
    }

    private Node Skew(Node x, SkewAttributes skew)
    {
        if (x.Shape.Size == 0) return Number(x.DType, 0, Ops.Skew.Infer([x], skew).Shape);

        // Without other positions to shift along, or a shift, a skew is a slice.
        bool still = x.Shape[skew.Along] == 1 || skew.Step == 0;
        return still && skew.IsInside(x.Shape)
            ? Slice(x, Shape.From(x.Shape.Select((_, i) => i == skew.Axis ? skew.Offset : 0)),
                Shape.From(x.Shape.Select((n, i) => i == skew.Axis ? skew.Extent : n)), Shape.From(x.Shape.Select(_ => 1)))
            : Intern(Ops.Skew, [x], skew);
    }

    private Node Iota(IotaAttributes a)
    {
        int n = a.Shape[a.Axis];
        Node count = n == 1 ? Number(a.DType, 0, [1]) : Intern(Ops.Iota, [], new IotaAttributes([n], 0, a.DType));
        return Expand(Reshape(count, Shape.From(a.Shape.Select((_, i) => i == a.Axis ? n : 1))), a.Shape);
    }

    private Node Elementwise(Op op, ImmutableArray<Node> x, Attributes? attributes)
    {
        if (op == Ops.StopGradient
            || (op == Ops.Cast && ((DTypeAttributes)attributes!).DType == x[0].DType)) return x[0];
        if (op == Ops.Neg && x[0].Op == Ops.Neg) return x[0].Inputs[0];
        if ((op == Ops.Mul || op == Ops.Div) && ConstantOf(x[1]) == 1) return x[0];
        if (op == Ops.Mul && ConstantOf(x[0]) == 1) return x[1];
        if (op == Ops.Sub && ConstantOf(x[1]) is { } zero && zero == 0 && !double.IsNegative(zero)) return x[0];
        if (op == Ops.Where && x[1] == x[2]) return x[1];
        return Narrow(x) is { } small
            ? Expand(Elementwise(op, [.. x.Select(i => i.Op == Ops.Expand ? Expand(i.Inputs[0], small) : i)],
                attributes), x[0].Shape)
            : Intern(op, x, attributes);
    }

    /// <summary>The shape on which to compute when all inputs repeat along an axis: one element there is
    /// enough.</summary>
    private static Shape? Narrow(ImmutableArray<Node> x)
    {
        if (x.Any(i => i.Op != Ops.Expand)) return null;
        Shape small = Shape.From(Enumerable.Range(0, x[0].Shape.Rank).Select(i => x.Max(y => y.Inputs[0].Shape[i])));
        return small == x[0].Shape ? null : small;
    }

    private Node Index(Op op, ImmutableArray<Node> x, Attributes attributes)
    {
        if ((op == Ops.Gather || op == Ops.TakeAlong) && x[0].Shape.Size == 0)
        {
            (Shape shape, DType type) = op.Infer(x, attributes);
            return Number(type, type.IsFloat() ? double.NaN : 0, shape);
        }

        if (!Domain.IsScatter(op)) return Intern(op, x, attributes);
        if (x[0].Shape.Size == 0) return Number(x[0].DType, 0, op.Infer(x, attributes).Shape);

        // Half types would round at every addition.
        if (x[0].DType is DType.Float16 or DType.BFloat16)
            return Cast(Index(op, [Cast(x[0], DType.Float32), x[1]], attributes), x[0].DType);
        return op == Ops.ScatterAdd ? ScatterAdd(x[0], x[1], (ScatterAttributes)attributes) : Intern(op, x, attributes);
    }

    private Node Dot(Node left, Node right, DotAttributes axes)
    {
        if (left.Shape.Size == 0 || right.Shape.Size == 0)
        {
            return Number(left.DType, 0, Ops.Dot.Infer([left, right], axes).Shape);
        }

        if (axes.LeftContract.All(i => left.Shape[i] == 1)) return OuterProduct(left, right, axes);
        // Products of 16-bit floats are float32 numbers. Matrix units take them as they are: every float16 is a tf32 number.
        return left.DType is DType.Float16 or DType.BFloat16
            ? Cast(Dot(Cast(left, DType.Float32), Cast(right, DType.Float32), axes with
            {
                Precision = left.DType == DType.Float16 ? MatMulPrecision.Tf32 : MatMulPrecision.BFloat16,
            }), left.DType)
            : Intern(Ops.Dot, [left, right], axes);
    }

    /// <summary>A dot whose sums have one term each: a multiplication, which fuses with what it reads and with its
    /// users.</summary>
    private Node OuterProduct(Node left, Node right, DotAttributes axes)
    {
        int[] leftFree = [.. Ops.FreeAxes(left, axes.LeftBatch, axes.LeftContract)];
        int[] rightFree = [.. Ops.FreeAxes(right, axes.RightBatch, axes.RightContract)];
        int[] batch = [.. axes.LeftBatch.Select(i => left.Shape[i])];
        Shape shape = Shape.From([.. batch, .. leftFree.Select(i => left.Shape[i]), .. rightFree.Select(i => right.Shape[i])]);
        Node x = Permute(left, [.. axes.LeftBatch, .. leftFree, .. axes.LeftContract]);
        Node y = Permute(right, [.. axes.RightBatch, .. axes.RightContract, .. rightFree]);
        return SumOfOne(Elementwise(Ops.Mul,
        [
            Expand(Reshape(x, Shape.From([.. batch, .. leftFree.Select(i => left.Shape[i]), .. rightFree.Select(_ => 1)])), shape),
            Expand(Reshape(y, Shape.From([.. batch, .. leftFree.Select(_ => 1), .. rightFree.Select(i => right.Shape[i])])), shape),
        ], null));
    }

    private Node Cast(Node x, DType type) => Elementwise(Ops.Cast, [x], new DTypeAttributes(type));

    private readonly struct NodeKey(Op op, ImmutableArray<Node> inputs, Attributes? attributes) : IEquatable<NodeKey>
    {
        private readonly Op _op = op;
        private readonly ImmutableArray<Node> _inputs = inputs;
        private readonly Attributes? _attributes = attributes;

        public bool Equals(NodeKey other) =>
            _op == other._op && _inputs.AsSpan().SequenceEqual(other._inputs.AsSpan())
                && Equals(_attributes, other._attributes);

        public override bool Equals(object? obj) => obj is NodeKey other && Equals(other);

        public override int GetHashCode()
        {
            HashCode hash = default;
            hash.Add(_op);
            hash.Add(_attributes);
            foreach (Node input in _inputs) hash.Add(input);
            return hash.ToHashCode();
        }
    }
}
