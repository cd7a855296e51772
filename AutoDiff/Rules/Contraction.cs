using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.AutoDiff.Rules;

/// <summary>A dot is linear in each argument; its transpose is a dot of the cotangent with the other argument.</summary>
internal static class Contraction
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [Ops.Dot] = new()
        {
            Jvp = (y, dx) => Algebra.Sum(
                dx[0] is { } l ? Make.Dot(l, y.Inputs[1], y.Get<DotAttributes>()) : null,
                dx[1] is { } r ? Make.Dot(y.Inputs[0], r, y.Get<DotAttributes>()) : null),
            Transpose = (y, ct, argument) => Back(argument == 0 ? Side.Left(y) : Side.Right(y), ct, y.Get<DotAttributes>().Precision),
        },
    };

    // The cotangent has the axes [batch, left free, right free]. Contracting its axes that are free in the other argument, with those,
    // leaves batch, this argument's free axes and its contracted axes, the latter in the order in which the other argument holds them.
    // Of the two operand orders the one that already leaves this argument's own layout is taken, so that most transposes are a
    // dot and nothing else; otherwise a permutation follows.
    private static Node Back(Side side, Node ct, MatMulPrecision precision)
    {
        int batch = side.Batch.Rank;
        Shape all = Axes(0, batch);
        Shape free = Axes(side.FreeStart, side.Free.Length);
        Shape contracted = Axes(side.OtherFreeStart, side.OtherFree.Length);
        int[] order = [.. side.OtherContract.Order()];
        int[] pairs = [.. order.Select(axis => side.Contract[side.OtherContract.AsSpan().IndexOf(axis)])];

        // The axes of this argument in the order in which each of the two dots would produce them.
        Shape cotangentFirst = [.. side.Batch, .. side.Free, .. pairs];
        Shape otherFirst = [.. side.Batch, .. pairs, .. side.Free];
        bool swap = !IsOrdered(cotangentFirst) && IsOrdered(otherFirst);
        Node dot = swap
            ? Make.Dot(side.Other, ct, new DotAttributes(side.OtherBatch, all, Shape.Create(side.OtherFree), contracted, precision))
            : Make.Dot(ct, side.Other, new DotAttributes(all, side.OtherBatch, contracted, Shape.Create(side.OtherFree), precision));
        return Make.Permute(dot, Movement.Inverse(swap ? otherFirst : cotangentFirst));
    }

    private static Shape Axes(int start, int count) => Shape.From(Enumerable.Range(start, count));

    private static bool IsOrdered(Shape axes) => axes.SequenceEqual(Enumerable.Range(0, axes.Rank));

    /// <summary>One argument of a dot as seen from itself, and the other.</summary>
    private sealed record Side(
        Shape Batch, Shape Contract, int[] Free, int FreeStart,
        Node Other, Shape OtherBatch, Shape OtherContract, int[] OtherFree, int OtherFreeStart)
    {
        public static Side Left(Node y)
        {
            DotAttributes d = y.Get<DotAttributes>();
            (int[] left, int[] right) = FreeAxes(y, d);
            int batch = d.LeftBatch.Rank;
            return new(d.LeftBatch, d.LeftContract, left, batch,
                y.Inputs[1], d.RightBatch, d.RightContract, right, batch + left.Length);
        }

        public static Side Right(Node y)
        {
            DotAttributes d = y.Get<DotAttributes>();
            (int[] left, int[] right) = FreeAxes(y, d);
            int batch = d.LeftBatch.Rank;
            return new(d.RightBatch, d.RightContract, right, batch + left.Length,
                y.Inputs[0], d.LeftBatch, d.LeftContract, left, batch);
        }

        private static (int[] Left, int[] Right) FreeAxes(Node y, DotAttributes d) => (
            [.. Ops.FreeAxes(y.Inputs[0], d.LeftBatch, d.LeftContract)],
            [.. Ops.FreeAxes(y.Inputs[1], d.RightBatch, d.RightContract)]);
    }
}
