namespace Cotangent.Kernels.Cpu;

/// <summary>Rewrites of a problem into an equal one that runs faster.</summary>
internal static class GemmLayouts
{
    /// <summary>Columns below which a tall product wastes most of a tile's width.</summary>
    private const int NarrowColumns = 8;

    /// <summary>Folds batches into rows where B is the same for all of them, and calls a stride that is never used 1, the fast case.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="mayFold">False to keep batches and rows apart (an epilogue sees both).</param>
    public static GemmProblem Canonical(in GemmProblem problem, bool mayFold)
    {
        if (problem is { Batch0: 1, Batch1: 1, M: > 1, N: > 1, K: > 1 })
            return problem;

        GemmProblem p = problem;
        if (mayFold)
        {
            p = FoldInner(p);
            if (p.Batch1 == 1)
                p = FoldInner(OuterAsInner(p));
        }

        return p with
        {
            A = p.A with { Row = p.M == 1 ? 1 : p.A.Row, Column = p.K == 1 ? 1 : p.A.Column },
            B = p.B with { Row = p.K == 1 ? 1 : p.B.Row, Column = p.N == 1 ? 1 : p.B.Column },
            C = p.C with { Row = p.M == 1 ? 1 : p.C.Row, Column = p.N == 1 ? 1 : p.C.Column },
        };
    }

    /// <summary>True if Cᵀ = Bᵀ·Aᵀ runs faster: C's columns are contiguous instead of its rows, or C is a few tall columns and
    /// A's columns are contiguous.</summary>
    public static bool ShouldTranspose(in GemmProblem p) =>
        p.M > NarrowColumns && (p.N < NarrowColumns ? p.A.Column != 1 : p.C.Column != 1 && p.C.Row == 1);

    /// <summary>Cᵀ = Bᵀ·Aᵀ: the caller swaps the pointers of A and B.</summary>
    public static GemmProblem Transposed(in GemmProblem p) => p with
    {
        M = p.N,
        N = p.M,
        A = Transposed(p.B),
        B = Transposed(p.A),
        C = Transposed(p.C),
    };

    private static MatrixLayout Transposed(MatrixLayout x) => x with { Row = x.Column, Column = x.Row };

    private static GemmProblem FoldInner(in GemmProblem p)
    {
        bool folds = p.Batch1 > 1 && p.B.Batch1 == 0 && p.A.Batch1 == p.M * p.A.Row && p.C.Batch1 == p.M * p.C.Row
            && (long)p.M * p.Batch1 <= int.MaxValue;
        return folds ? p with { M = p.M * p.Batch1, Batch1 = 1 } : p;
    }

    private static GemmProblem OuterAsInner(in GemmProblem p) => p with
    {
        Batch0 = 1,
        Batch1 = p.Batch0,
        A = p.A with { Batch1 = p.A.Batch0 },
        B = p.B with { Batch1 = p.B.Batch0 },
        C = p.C with { Batch1 = p.C.Batch0 },
    };
}
