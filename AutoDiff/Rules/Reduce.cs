using Cotangent.Graph;
using static Cotangent.AutoDiff.Algebra;

namespace Cotangent.AutoDiff.Rules;

/// <summary>Reductions: a sum is linear; a maximum differentiates as the first element that attains it; NaN, as the first
/// NaN.</summary>
internal static class Reduce
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [Ops.Sum] = Rule.Linear((y, ct) => Spread(ct, y.Inputs[0].Shape, y.Get<AxesAttributes>().Axes)),
        [Ops.ReduceMax] = new() { Jvp = Extremum },
        [Ops.ReduceMin] = new() { Jvp = Extremum },
        [Ops.ArgMax] = Rule.Zero,
        [Ops.ArgMin] = Rule.Zero,
    };

    // Where that element is, is a second reduction; the transpose of the choice writes each element once and counts nothing.
    private static Node? Extremum(Node y, Node?[] dx)
    {
        Node x = y.Inputs[0];
        (Func<Node, Node> lines, int axis) = Lines(x, y.Get<AxesAttributes>().Axes);
        Node all = lines(x);
        if (all.Shape[axis] == 0) return null;
        Node first = new(y.Op == Ops.ReduceMax ? Ops.ArgMax : Ops.ArgMin, [all], new AxisAttributes(axis));
        Node isIt = Make.Binary(Ops.Equal, Make.Iota(all.Shape, axis, DType.Int32), Spread(first, all.Shape, [axis]));
        return Make.Sum(Make.Where(isIt, lines(dx[0]!), Like(all, 0)), [axis]);
    }

    /// <summary>What brings the axes together as one, and which it is. Those that do not lie side by side are moved to the end.</summary>
    private static (Func<Node, Node> Lines, int Axis) Lines(Node x, Shape axes)
    {
        int[] reduced = [.. axes.Order()], kept = [.. Enumerable.Range(0, x.Shape.Rank).Except(reduced)];
        if (reduced.Length == 0) return (n => Algebra.Reshape(n, [.. n.Shape, 1]), x.Shape.Rank);
        int extent = reduced.Aggregate(1, (size, a) => checked(size * x.Shape[a]));
        bool together = reduced[^1] - reduced[0] == reduced.Length - 1;
        int axis = together ? reduced[0] : kept.Length;
        Shape shape = [.. kept.Take(axis).Select(a => x.Shape[a]), extent, .. kept.Skip(axis).Select(a => x.Shape[a])];
        return (n => Algebra.Reshape(together ? n : Algebra.Permute(n, [.. kept, .. reduced]), shape), axis);
    }
}
