using Cotangent.Graph;
using static Cotangent.AutoDiff.Rules.Matrices;

namespace Cotangent.AutoDiff.Rules;

/// <summary>Derivatives of eigenvalues, singular values and their vectors. Sources: M. Giles, An extended collection of matrix derivative
/// results (2008); J. Townsend, Differentiating the singular value decomposition (2016).</summary>
internal static class SpectralRules
{
    /// <summary>A·V = V·diag(λ): with M = Vᵀ·dA·V, dλ = diag(M) and dV = V·(F∘M), F(i, j) = 1/(λ(j) − λ(i)), 0 for i = j.</summary>
    public static Node EighTangent(Node y, Node da)
    {
        EighAttributes call = y.Get<EighAttributes>();
        Node values = new(y.Op, y.Inputs, call.At(EighAttributes.Values));
        Node vectors = new(y.Op, y.Inputs, call.At(EighAttributes.Vectors));
        Node m = Multiply(Transpose(vectors), Multiply(da, vectors));
        if (call.Output == EighAttributes.Values) return Diagonal(m);
        Node gap = Make.Sub(Across(values), Down(values));
        return Multiply(vectors, Algebra.Mul(m, Inverse(gap, Skipped(gap, values, call.Safe))));
    }

    /// <summary>A = U·diag(S)·Vᵀ: with M = Uᵀ·dA·V, dS = diag(M); F(i, j) = 1/(S(j)² − S(i)²), 0 for i = j;
    /// dU = U·(F∘(M·S + S·Mᵀ)) + (I − U·Uᵀ)·dA·V·S⁻¹, dV = V·(F∘(S·M + Mᵀ·S)) + (I − V·Vᵀ)·dAᵀ·U·S⁻¹.</summary>
    public static Node SvdTangent(Node y, Node da)
    {
        SvdAttributes call = y.Get<SvdAttributes>();
        Node u = new(y.Op, y.Inputs, call.At(SvdAttributes.U)), s = new(y.Op, y.Inputs, call.At(SvdAttributes.Values));
        Node v = Transpose(new Node(y.Op, y.Inputs, call.At(SvdAttributes.Vt)));
        Node m = Multiply(Transpose(u), Multiply(da, v));
        if (call.Output == SvdAttributes.Values) return Diagonal(m);
        return call.Output == SvdAttributes.U
            ? Vectors(u, m, s, Multiply(da, v), call.Safe)
            : Transpose(Vectors(v, Transpose(m), s, Multiply(Transpose(da), u), call.Safe));
    }

    /// <summary>The tangent of the vectors of one side: <paramref name="m"/> as seen from it, <paramref name="moved"/> = dA or dAᵀ times the
    /// vectors of the other.</summary>
    private static Node Vectors(Node u, Node m, Node s, Node moved, bool isSafe)
    {
        Node gap = Make.Sub(Across(s), Down(s));
        Node inverse = Inverse(Make.Mul(gap, Make.Add(Across(s), Down(s))), Skipped(gap, s, isSafe));
        Node both = Algebra.Add(Algebra.Mul(m, Across(s)), Algebra.Mul(Transpose(m), Down(s)));
        Node tangent = Multiply(u, Algebra.Mul(both, inverse));
        if (u.Shape[^2] == u.Shape[^1]) return tangent;

        // What leaves the space of the vectors.
        Node outside = Make.Sub(moved, Multiply(u, m));
        Node divisors = Make.Expand(Make.Reshape(s, [.. s.Shape.SkipLast(1), 1, s.Shape[^1]]), outside.Shape);
        Node isZero = isSafe
            ? Make.Binary(Ops.LessEqual, divisors, Make.Expand(Limit(s), outside.Shape))
            : Make.Cast(Algebra.Like(divisors, 0), DType.Bool);
        return Algebra.Add(tangent, Algebra.Mul(outside, Inverse(divisors, isZero)));
    }

    /// <summary>The diagonal of square matrices.</summary>
    private static Node Diagonal(Node m) =>
        Make.Sum(Make.Where(IsDiagonal(m), m, Algebra.Like(m, 0)), [m.Shape.Rank - 1]);

    /// <summary>1/x, 0 where it is left out.</summary>
    private static Node Inverse(Node x, Node isLeftOut) => Make.Where(isLeftOut, Algebra.Like(x, 0),
        Make.Div(Algebra.Like(x, 1), Make.Where(isLeftOut, Algebra.Like(x, 1), x)));

    /// <summary>The pairs that have no part: a value with itself, and, to be safe, with one that differs by rounding only.</summary>
    private static Node Skipped(Node gap, Node values, bool isSafe) => isSafe
        ? Make.Binary(Ops.Or, IsDiagonal(gap), Make.Binary(Ops.LessEqual, Make.Unary(Ops.Abs, gap), Make.Expand(Limit(values), gap.Shape)))
        : IsDiagonal(gap);

    /// <summary>n·ε·max|x|, [..., 1, 1].</summary>
    private static Node Limit(Node values)
    {
        double epsilon = values.DType == DType.Float64 ? double.BitIncrement(1) - 1 : float.BitIncrement(1) - 1;
        Node largest = Make.Reduce(Ops.ReduceMax, Make.Unary(Ops.Abs, values), [values.Shape.Rank - 1]);
        return Make.Scale(Make.Reshape(largest, [.. values.Shape.SkipLast(1), 1, 1]), values.Shape[^1] * epsilon);
    }

    /// <summary>Element (i, j) is x(j).</summary>
    private static Node Across(Node x) => Spread(Make.Reshape(x, [.. x.Shape.SkipLast(1), 1, x.Shape[^1]]), x);

    /// <summary>Element (i, j) is x(i).</summary>
    private static Node Down(Node x) => Spread(Make.Reshape(x, [.. x.Shape, 1]), x);

    private static Node Spread(Node x, Node values) => Make.Expand(x, [.. values.Shape, values.Shape[^1]]);
}
