using Cotangent.Graph;

namespace Cotangent.Fusion;

/// <summary>The iteration space of a fused kernel: [A, K, C] in row-major order, K being the axis of its reductions.
/// Kernels without reductions have K = C = 1.</summary>
internal readonly record struct Domain(long A, long K, long C)
{
    /// <summary>Rows up to this long are reduced by one work item, longer ones by a group.</summary>
    public const long ShortRow = 32;

    /// <summary>Work items a group: what the CPU's SIMD target runs in lockstep.</summary>
    public const int GroupSize = 64;

    public long Full => A * K * C;

    public long Outer => A * C;

    public static Domain Map(long size) => new(size, 1, 1);

    /// <summary>The domain of a canonical reduction.</summary>
    public static Domain OfReduction(Node reduce) =>
        new(reduce.Inputs[0].Shape[0], reduce.Inputs[0].Shape[1], reduce.Inputs[0].Shape[2]);

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
        if (n.Op.Kind == OpKind.Reduce) return alignment == Alignment.Outer && Domain.OfReduction(n) == domain
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
