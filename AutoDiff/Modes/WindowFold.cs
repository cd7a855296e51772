using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>The transpose of windows that slide by more than one element. Undone step by step, each element would look at every tap of the
/// window, most of which are at positions between the strides, where nothing is. With an element as block·stride + remainder, the taps
/// that reach it are those of the same remainder: they alone are summed.</summary>
internal static class WindowFold
{
    /// <summary>A window axis: taps along one axis, positions along another, results of an extent.</summary>
    private readonly record struct Spaced(int Taps, int Axis, int Stride, int Extent)
    {
        public int Blocks => (Extent + Stride - 1) / Stride;
    }

    /// <summary>The sum over axes of values that were spaced by a stride and then moved by their tap; null if they were not.</summary>
    public static Node? Sum(Node x, Shape axes)
    {
        List<SkewAttributes> skews = [];
        Node n = x;
        for (; n.Op == Ops.Skew && n.Inputs is [var inner]; n = inner) skews.Add(n.Get<SkewAttributes>());
        if (skews.Count == 0 || n.Op != Ops.Pad || n.Inputs is not [var y]) return null;
        PadAttributes pad = n.Get<PadAttributes>();
        List<Spaced> spaced = [.. skews
            .Where(s => s.Step == -1 && s.Offset == 0 && pad.Interior[s.Axis] > 0 && pad.Low[s.Axis] == 0 && axes.Contains(s.Along) && IsPlain(pad, s.Along))
            .Select(s => new Spaced(s.Along, s.Axis, pad.Interior[s.Axis] + 1, s.Extent))];
        if (spaced.Count == 0 || spaced.DistinctBy(s => s.Taps).Count() < spaced.Count || spaced.Exists(s => axes.Contains(s.Axis))) return null;

        int rank = y.Shape.Rank;
        bool IsSpaced(int axis) => spaced.Exists(s => s.Axis == axis);
        y = Make.Pad(y, pad.Low, Without(pad.High, IsSpaced), Without(pad.Interior, IsSpaced));
        foreach (SkewAttributes s in Enumerable.Reverse(skews).Where(s => !IsSpaced(s.Axis)))
            y = Make.Skew(y, s.Axis, s.Along, s.Step, s.Offset, s.Extent);
        foreach (Spaced s in spaced) y = Split(y, s);
        return Join(SumOver(y, axes), spaced, axes, rank);
    }

    private static bool IsPlain(PadAttributes pad, int axis) => pad.Low[axis] == 0 && pad.High[axis] == 0 && pad.Interior[axis] == 0;

    private static Shape Without(Shape x, Func<int, bool> isLeftOut) => Shape.From(x.Select((e, i) => isLeftOut(i) ? 0 : e));

    /// <summary>Taps as [tap / stride], and tap % stride as a new last axis; positions moved by the first: they count blocks.</summary>
    private static Node Split(Node y, Spaced s)
    {
        int rank = y.Shape.Rank, taps = y.Shape[s.Taps], whole = (taps + s.Stride - 1) / s.Stride;
        Shape none = Shape.From(y.Shape.Select(_ => 0));
        y = Make.Pad(y, none, Shape.From(y.Shape.Select((_, i) => i == s.Taps ? whole * s.Stride - taps : 0)), none);
        y = Algebra.Reshape(y, [.. y.Shape.Take(s.Taps), whole, s.Stride, .. y.Shape.Skip(s.Taps + 1)]);
        y = Algebra.Permute(y, [.. Enumerable.Range(0, s.Taps + 1), .. Enumerable.Range(s.Taps + 2, rank - s.Taps - 1), s.Taps + 1]);
        if (whole > 1) return Make.Skew(y, s.Axis, s.Taps, -1, 0, s.Blocks);
        none = Shape.From(y.Shape.Select(_ => 0));
        return Make.Pad(y, none, Shape.From(y.Shape.Select((e, i) => i == s.Axis ? s.Blocks - e : 0)), none);
    }

    private static Node SumOver(Node y, Shape axes)
    {
        Shape longer = Shape.From(axes.Where(a => y.Shape[a] != 1));
        Node sum = longer.Rank == 0 ? y : Make.Sum(y, longer);
        return Algebra.Reshape(sum, Shape.From(y.Shape.Where((_, i) => !axes.Contains(i))));
    }

    /// <summary>Each block axis with its remainders, the last axes, as one axis.</summary>
    private static Node Join(Node y, List<Spaced> spaced, Shape summed, int rank)
    {
        int[] kept = [.. Enumerable.Range(0, rank).Where(i => !summed.Contains(i))];
        List<int> order = [];
        List<int> joined = [], extents = [];
        for (int i = 0; i < kept.Length; i++)
        {
            order.Add(i);
            int which = spaced.FindIndex(s => s.Axis == kept[i]);
            if (which >= 0) order.Add(kept.Length + which);
            joined.Add(which >= 0 ? spaced[which].Blocks * spaced[which].Stride : y.Shape[i]);
            extents.Add(which >= 0 ? spaced[which].Extent : y.Shape[i]);
        }

        y = Algebra.Reshape(Algebra.Permute(y, [.. order]), [.. joined]);
        return Make.Slice(y, Shape.From(extents.Select(_ => 0)), [.. extents], Shape.From(extents.Select(_ => 1)));
    }
}
