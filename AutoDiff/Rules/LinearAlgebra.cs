using Cotangent.Graph;
using static Cotangent.AutoDiff.Rules.Matrices;

namespace Cotangent.AutoDiff.Rules;

/// <summary>Derivatives of factorisations. Sources: M. Giles, An extended collection of matrix derivative results for forward and
/// reverse mode algorithmic differentiation (2008).</summary>
internal static class LinearAlgebra
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [Ops.TriangularSolve] = new()
        {
            Jvp = TriangularTangent,
            IsLinear = InRightSides,
            Transpose = (y, ct, _) =>
            {
                TriangularAttributes kind = y.Get<TriangularAttributes>();
                return new Node(Ops.TriangularSolve, [y.Inputs[0], ct], kind with { Transpose = !kind.Transpose });
            },
        },
        [Ops.Cholesky] = new() { Jvp = (y, dx) => CholeskyTangent(y, dx[0]!) },
        [Ops.Lu] = new() { Jvp = (y, dx) => y.DType.IsFloat() ? LuTangent(y, dx[0]!) : null },
        [Ops.Solve] = new()
        {
            Jvp = SolveTangent,
            IsLinear = InRightSides,
            Transpose = (y, ct, _) => SolveAgain(y, ct, !y.Get<SolveAttributes>().Transpose),
        },
        [Ops.Determinant] = new() { Jvp = DeterminantTangent, DifferentiatedInputs = _ => 1..2, IsLinear = (_, _) => false },
        [Ops.Qr] = new() { Jvp = (y, dx) => QrTangent(y, dx[0]!) },
        [Ops.Eigh] = new() { Jvp = (y, dx) => SpectralRules.EighTangent(y, dx[0]!) },
        [Ops.Svd] = new() { Jvp = (y, dx) => SpectralRules.SvdTangent(y, dx[0]!) },
    };

    /// <summary>Right sides are the last input.</summary>
    private static bool InRightSides(Node y, IReadOnlyList<bool> varies) => !varies.SkipLast(1).Contains(true);

    /// <summary>X = op(A)⁻¹·B: dX = op(A)⁻¹·(dB − op(dA)·X).</summary>
    private static Node TriangularTangent(Node x, Node?[] dx)
    {
        TriangularAttributes kind = x.Get<TriangularAttributes>();
        Node? right = dx[1];
        if (dx[0] is { } da)
        {
            int offset = kind.UnitDiagonal ? 1 : 0;
            Node triangle = kind.Lower ? Lower(da, offset) : Upper(da, offset);
            right = Algebra.Sum(right, Algebra.Neg(Multiply(kind.Transpose ? Transpose(triangle) : triangle, x)));
        }

        return new Node(Ops.TriangularSolve, [x.Inputs[0], right!], kind);
    }

    /// <summary>A = L·Lᵀ: L⁻¹·dA·L⁻ᵀ = L⁻¹·dL + (L⁻¹·dL)ᵀ, a lower triangle and its transpose.</summary>
    private static Node CholeskyTangent(Node l, Node da)
    {
        TriangularAttributes kind = new(Lower: true, Transpose: false, UnitDiagonal: false);
        Node half = Transpose(new Node(Ops.TriangularSolve, [l, da], kind));
        Node both = Transpose(new Node(Ops.TriangularSolve, [l, half], kind));
        Node share = Make.Where(IsDiagonal(both), Algebra.Like(both, 0.5), Algebra.Like(both, 1));
        return Multiply(l, Lower(Algebra.Mul(both, share)));
    }

    /// <summary>P·A = L·U: L⁻¹·P·dA·U⁻¹ = L⁻¹·dL + dU·U⁻¹, a triangle below the diagonal and one on and above it (de Hoog, Anderssen and
    /// Lukas, Differentiation of matrix functionals using triangular factorization, 2011). Of a tall matrix L, of a wide one U is
    /// completed to a square by the identity.</summary>
    private static Node LuTangent(Node lu, Node da)
    {
        int m = lu.Shape[^2], n = lu.Shape[^1];
        Node moved = Rows(da, new Node(lu.Op, lu.Inputs, lu.Get<LuAttributes>().At(LuAttributes.Permutation)));
        Node l = m > n ? Resize(lu, m, m) : Resize(lu, m, Math.Min(m, n));
        Node u = Resize(lu, n, n);
        if (n > m) u = Make.Where(Make.Binary(Ops.And, IsDiagonal(u), IsFrom(u, m)), Algebra.Like(u, 1), u);
        Node left = new(Ops.TriangularSolve, [l, moved], new TriangularAttributes(Lower: true, Transpose: false, UnitDiagonal: true));
        Node both = Transpose(new Node(
            Ops.TriangularSolve, [u, Transpose(left)], new TriangularAttributes(Lower: false, Transpose: true, UnitDiagonal: false)));
        Node below = Lower(both, 1);
        return Algebra.Add(Algebra.Add(Multiply(Lower(l, 1), below), below), Multiply(Upper(both), Upper(u)));
    }

    /// <summary>X = op(A)⁻¹·B: dX = op(A)⁻¹·(dB − op(dA)·X), by the same factors.</summary>
    private static Node? SolveTangent(Node x, Node?[] dx)
    {
        bool transpose = x.Get<SolveAttributes>().Transpose;
        Node? right = dx[3];
        if (dx[0] is { } da) right = Algebra.Sum(right, Algebra.Neg(Multiply(transpose ? Transpose(da) : da, x)));
        return right is null ? null : SolveAgain(x, right, transpose);
    }

    /// <summary>d log|det A| = tr(A⁻¹·dA), d det A = det A · tr(A⁻¹·dA), by the factors that made the value.</summary>
    private static Node DeterminantTangent(Node y, Node?[] dx)
    {
        Node x = new(Ops.Solve, [y.Inputs[1], y.Inputs[2], y.Inputs[3], dx[1]!], new SolveAttributes(Transpose: false));
        Node trace = Make.Sum(Make.Where(IsDiagonal(x), x, Algebra.Like(x, 0)), [x.Shape.Rank - 2, x.Shape.Rank - 1]);
        return y.Get<DeterminantAttributes>().IsLogarithm ? trace : Algebra.Mul(trace, y);
    }

    private static Node SolveAgain(Node x, Node right, bool transpose) =>
        new(Ops.Solve, [x.Inputs[0], x.Inputs[1], x.Inputs[2], right], new SolveAttributes(transpose));

    /// <summary>A = Q·R with Ω = Qᵀ·dQ, skew: Qᵀ·dA = Ω·R + dR, whose part below the diagonal is Ω's (Walter and Lehmann, Algorithmic
    /// differentiation of linear algebra functions, 2010). Of a wide matrix the first columns decide Q.</summary>
    private static Node QrTangent(Node y, Node da)
    {
        QrAttributes call = y.Get<QrAttributes>();
        Node q = new(y.Op, y.Inputs, call.At(QrAttributes.Q)), r = new(y.Op, y.Inputs, call.At(QrAttributes.R));
        int k = r.Shape[^2], n = r.Shape[^1];
        Node first = Resize(r, k, k), moved = Resize(da, da.Shape[^2], k);
        Node x = Transpose(new Node(
            Ops.TriangularSolve, [first, Transpose(moved)], new TriangularAttributes(Lower: false, Transpose: true, UnitDiagonal: false)));
        Node c = Multiply(Transpose(q), x), below = Lower(c, 1), skew = Make.Sub(below, Transpose(below));
        if (call.Output == QrAttributes.Q) return Make.Add(Multiply(q, Make.Sub(skew, c)), x);
        return k == n
            ? Multiply(Make.Sub(c, skew), r)
            : Upper(Make.Sub(Multiply(Transpose(q), da), Multiply(skew, r)));
    }
}
