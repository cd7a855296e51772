using Cotangent.Graph;
using static Cotangent.AutoDiff.Algebra;

namespace Cotangent.AutoDiff.Rules;

/// <summary>Reductions: a sum is linear; a maximum differentiates as the mean over the elements that attain it.</summary>
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

    // Ties share equally. A NaN result is attained by no element: the count is 0 and the derivative NaN, in both directions.
    private static Node Extremum(Node y, Node?[] dx)
    {
        Node x = y.Inputs[0];
        Shape axes = y.Get<AxesAttributes>().Axes;
        Node attained = Make.Cast(Make.Binary(Ops.Equal, x, Spread(y, x.Shape, axes)), y.DType);
        return Make.Div(Make.Sum(Make.Mul(dx[0]!, attained), axes), Make.Sum(attained, axes));
    }
}
