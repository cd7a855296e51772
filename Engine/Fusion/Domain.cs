using Cotangent.Graph;

namespace Cotangent.Fusion;

/// <summary>The iteration space of a fused kernel: [A, K, C] in row-major order, K being the axis of its reductions.
/// Kernels without reductions have K = C = 1.</summary>
/// <remarks>Kernels with <see cref="Block"/> B are over [A, K, 1] too and reduce each B rows to one of [A / B, K]: an element at a time, in
/// memory, so that the rows are gone through once, whatever else is computed from them.</remarks>
internal readonly record struct Domain(long A, long K, long C)
{
    /// <summary>Rows up to this long are reduced by one work item, longer ones by a group.</summary>
    public const long ShortRow = 32;

    /// <summary>Work items a group: what the CPU's SIMD target runs in lockstep.</summary>
    public const int GroupSize = 64;

    /// <summary>Rows that are reduced to one; 0 where none are.</summary>
    public long Block { get; init; }

    public long Full => A * K * C;

    public long Outer => A * C;

    public static Domain Map(long size) => new(size, 1, 1);

    /// <summary>The domain of a canonical reduction.</summary>
    public static Domain OfReduction(Node reduce)
    {
        Shape of = reduce.Inputs[0].Shape;
        return IsBlock(reduce) ? new((long)of[0] * of[1], of[2], 1) { Block = of[1] } : new(of[0], of[1], of[2]);
    }

    /// <summary>True for a reduction of blocks of rows.</summary>
    public static bool IsBlock(Node n) => n.Op.Kind == OpKind.Reduce && n.Attributes is BlockAttributes;

    /// <summary>Where this domain computes a reduction; null if it does not.</summary>
    public Alignment? AlignmentOf(Node reduce)
    {
        Domain own = OfReduction(reduce);
        return own.Block > 0 ? (own == this ? Alignment.Block : null) : own == this with { Block = 0 } ? Alignment.Outer : null;
    }

    /// <summary>True for the two ops that add to places which data names.</summary>
    public static bool IsScatter(Op op) => op == Ops.ScatterAdd || op == Ops.AddAlong;

    /// <summary>The domain of a scatter-add: axes before the indices', all of the indices', and those after. The updates of one place in
    /// the first and last are one work item's.</summary>
    public static Domain OfScatter(Node scatter)
    {
        int axis = scatter.Get<ScatterAttributes>().Axis;
        Shape updates = scatter.Inputs[0].Shape;
        long before = 1, count = scatter.Op == Ops.AddAlong ? updates[axis] : scatter.Inputs[1].Shape.Size;
        for (int i = 0; i < axis; i++) before *= updates[i];
        return new(before, count, updates.Size / (before * count));
    }
}

/// <summary>Which element of a node is needed at a point of a domain.</summary>
internal enum Alignment : byte
{
    /// <summary>The one whose flat index is that of the point in [A, K, C].</summary>
    Full,

    /// <summary>The one whose flat index is that of the point's row or column in [A, C].</summary>
    Outer,

    /// <summary>The one whose flat index is that of the point's block of rows and place in the row in [A / Block, K].</summary>
    Block,

    /// <summary>Some other.</summary>
    Other,
}

/// <summary>How alignment passes from a node to its inputs.</summary>
internal static class Alignments
{
    /// <summary>The alignment with which <paramref name="n"/>, itself needed at <paramref name="alignment"/>, needs an
    /// input.</summary>
    public static Alignment OfInput(Node n, Node input, Alignment alignment, Domain domain)
    {
        if (n.Op.Kind == OpKind.Elementwise || n.Op == Ops.Reshape) return alignment;
        if (n.Op.Kind == OpKind.Reduce) return alignment is Alignment.Outer or Alignment.Block && domain.AlignmentOf(n) == alignment
            ? Alignment.Full : Alignment.Other;
        if (n.Op != Ops.Expand) return Alignment.Other;
        if (input.Shape.Size == n.Shape.Size) return alignment;
        return alignment == Alignment.Full && RepeatsAlongK(n, input, domain) ? Alignment.Outer : Alignment.Other;
    }

    /// <summary>True if the axes along which an expand repeats are together the K axis of the domain.</summary>
    private static bool RepeatsAlongK(Node n, Node input, Domain domain)
    {
        long[] strides = n.Shape.Strides();
        long reached = domain.C;
        for (int i = n.Shape.Rank - 1; i >= 0; i--)
        {
            if (input.Shape[i] == n.Shape[i]) continue;
            if (strides[i] != reached) return false;
            reached *= n.Shape[i];
        }

        return reached == domain.C * domain.K;
    }
}
