using Cotangent.Graph;
using static Cotangent.AutoDiff.Algebra;

namespace Cotangent.AutoDiff.Rules;

/// <summary>Gather and scatter-add are linear in their first argument and each other's transpose; so are take_along and
/// add_along.</summary>
internal static class Indexing
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [Ops.Gather] = Rule.Linear((y, ct) =>
        {
            int axis = y.Get<AxisAttributes>().Axis;
            return Make.ScatterAdd(ct, y.Inputs[1], axis, y.Inputs[0].Shape[axis]);
        }),
        [Ops.ScatterAdd] = Rule.Linear((y, ct) =>
        {
            (int axis, int extent) = y.Get<ScatterAttributes>();
            Node indices = y.Inputs[1], gathered = Make.Gather(ct, indices, axis), inside = Inside(indices, extent);
            Shape aligned = Shape.From(gathered.Shape.Select((n, i) => i >= axis && i < axis + indices.Shape.Rank ? n : 1));
            return Make.Where(
                Make.Expand(Make.Reshape(inside, aligned), gathered.Shape),
                gathered,
                Like(gathered, 0));
        }),
        [Ops.TakeAlong] = Rule.Linear((y, ct) =>
        {
            int axis = y.Get<AxisAttributes>().Axis;
            return Make.AddAlong(ct, y.Inputs[1], axis, y.Inputs[0].Shape[axis]);
        }),
        [Ops.AddAlong] = Rule.Linear((y, ct) =>
        {
            (int axis, int extent) = y.Get<ScatterAttributes>();
            Node taken = Make.TakeAlong(ct, y.Inputs[1], axis);
            return Make.Where(Inside(y.Inputs[1], extent), taken, Like(taken, 0));
        }),
    };

    /// <summary>A scatter drops what lies outside, where a gather gives NaN: the cotangent of what was dropped is 0.</summary>
    private static Node Inside(Node indices, int extent) => Make.Binary(Ops.And,
        Make.Binary(Ops.LessEqual, Like(indices, 0), indices),
        Make.Binary(Ops.Less, indices, Like(indices, extent)));
}
