using Cotangent.Graph;
using static Cotangent.AutoDiff.Algebra;

namespace Cotangent.AutoDiff.Rules;

/// <summary>Moving elements is linear: the tangent moves as the value does, the cotangent moves back.</summary>
internal static class Movement
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [Ops.Reshape] = Rule.Linear((y, ct) => Algebra.Reshape(ct, y.Inputs[0].Shape)),
        [Ops.Permute] = Rule.Linear((y, ct) => Algebra.Permute(ct, Inverse(y.Get<AxesAttributes>().Axes))),
        [Ops.Expand] = Rule.Linear((y, ct) => SumTo(ct, y.Inputs[0].Shape)),
        [Ops.Slice] = Rule.Linear(SliceBack),
        [Ops.Pad] = Rule.Linear(PadBack),
        [Ops.Flip] = Rule.Linear((y, ct) => Make.Flip(ct, y.Get<AxesAttributes>().Axes)),
        [Ops.Skew] = Rule.Linear((y, ct) =>
        {
            SkewAttributes skew = y.Get<SkewAttributes>();
            return Make.Skew(ct, skew.Axis, skew.Along, -skew.Step, -skew.Offset, y.Inputs[0].Shape[skew.Axis]);
        }),
        [Ops.Concat] = new() { Jvp = ConcatTangent, Transpose = ConcatBack, IsLinear = Rule.RestIsZero },
    };

    /// <summary>The permutation that undoes one.</summary>
    public static Shape Inverse(Shape axes)
    {
        int[] inverse = new int[axes.Rank];
        for (int i = 0; i < axes.Rank; i++) inverse[axes[i]] = i;
        return Shape.Create(inverse);
    }

    private static Node SliceBack(Node y, Node ct)
    {
        (Shape start, Shape extent, Shape step) = y.Get<SliceAttributes>();
        Shape source = y.Inputs[0].Shape;
        int Last(int axis) => extent[axis] == 0 ? start[axis] : start[axis] + (extent[axis] - 1) * step[axis] + 1;
        return Make.Pad(
            ct,
            start,
            Shape.From(source.Select((n, axis) => n - Last(axis))),
            Shape.From(step.Select(s => s - 1)));
    }

    private static Node PadBack(Node y, Node ct)
    {
        (Shape low, _, Shape interior) = y.Get<PadAttributes>();
        return Make.Slice(ct, low, y.Inputs[0].Shape, Shape.From(interior.Select(p => p + 1)));
    }

    private static Node ConcatTangent(Node y, Node?[] dx)
    {
        int axis = y.Get<AxisAttributes>().Axis;
        return Make.Concat(axis, [.. dx.Select((d, i) => d ?? Like(y.Inputs[i], 0))]);
    }

    private static Node ConcatBack(Node y, Node ct, int argument)
    {
        int axis = y.Get<AxisAttributes>().Axis;
        int before = y.Inputs.Take(argument).Sum(part => part.Shape[axis]);
        Shape part = y.Inputs[argument].Shape;
        return Make.Slice(
            ct,
            Shape.From(part.Select((_, i) => i == axis ? before : 0)),
            part,
            Shape.From(part.Select(_ => 1)));
    }
}
