using Cotangent.Graph;

namespace Cotangent.AutoDiff.Rules;

/// <summary>Running values. Sums and recurrences are linear; the tangent of a running product is a recurrence whose factors are the elements,
/// t_i = x_i·t_(i−1) + y_(i−1)·dx_i, which divides by nothing and so is right at zeros; a running maximum takes the tangent of the element
/// that it is, the first of equals.</summary>
internal static class Cumulative
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [Ops.CumSum] = Rule.Linear((y, ct) => new Node(Ops.CumSum, [ct], Reversed(y))),
        [Ops.CumProd] = new()
        {
            Jvp = (y, dx) => new Node(Ops.Recurrence, [y.Inputs[0], Algebra.Mul(dx[0]!, Previous(y, 1))], y.Attributes),
        },
        [Ops.CumMax] = new() { Jvp = Extremum },
        [Ops.CumMin] = new() { Jvp = Extremum },
        [Ops.Recurrence] = new()
        {
            Jvp = (h, dx) => new Node(Ops.Recurrence,
                [h.Inputs[0], Algebra.Sum(dx[1], dx[0] is { } da ? Algebra.Mul(da, Previous(h, 0)) : null)!], h.Attributes),
            IsLinear = (_, varies) => !varies[0],
            Transpose = RecurrenceBack,
        },
        [Ops.ArgSort] = Rule.Zero,
    };

    private static CumulativeAttributes Reversed(Node y) => y.Get<CumulativeAttributes>() with { Reverse = !y.Get<CumulativeAttributes>().Reverse };

    /// <summary>The element before each along the direction of y, a number before the first.</summary>
    private static Node Previous(Node y, double first) => Shifted(y, y.Get<CumulativeAttributes>().Axis, y.Get<CumulativeAttributes>().Reverse, first);

    /// <summary>Moves all elements by one along an axis, towards its end or its beginning; a number fills the gap.</summary>
    private static Node Shifted(Node x, int axis, bool toBeginning, double fill)
    {
        int n = x.Shape[axis];
        if (n == 0) return x;
        Shape rest = With(x.Shape, axis, n - 1), ones = Shape.From(x.Shape.Select(_ => 1));
        Node kept = Make.Slice(x, Shape.From(x.Shape.Select((_, i) => i == axis && toBeginning ? 1 : 0)), rest, ones);
        Node gap = Algebra.Number(x, fill, With(x.Shape, axis, 1));
        return toBeginning ? Make.Concat(axis, kept, gap) : Make.Concat(axis, gap, kept);
    }

    /// <summary>λ_i = ct_i + a_(i+1)·λ_(i+1).</summary>
    private static Node RecurrenceBack(Node h, Node ct, int argument)
    {
        (int axis, bool reverse) = h.Get<CumulativeAttributes>();
        return new Node(Ops.Recurrence, [Shifted(h.Inputs[0], axis, !reverse, 0), ct], Reversed(h));
    }

    private static Node Extremum(Node y, Node?[] dx)
    {
        Node x = y.Inputs[0];
        (int axis, bool reverse) = y.Get<CumulativeAttributes>();

        // A record is an element that changes the running value; each place belongs to the last record before it.
        Node isNew = Make.Binary(Ops.And,
            Make.Binary(Ops.Or, Make.Binary(Ops.Equal, x, y), Make.Binary(Ops.NotEqual, x, x)),
            Make.Binary(Ops.NotEqual, Previous(y, double.NaN), y));
        Node position = Make.Iota(x.Shape, axis, DType.Int32);
        Node first = Algebra.Number(position, reverse ? x.Shape[axis] - 1 : 0, x.Shape);
        Node record = new(reverse ? Ops.CumMin : Ops.CumMax, [Make.Where(isNew, position, first)], y.Attributes);
        return Make.TakeAlong(dx[0]!, record, axis);
    }

    private static Shape With(Shape shape, int axis, int extent) => Shape.From(shape.Select((n, i) => i == axis ? extent : n));
}
