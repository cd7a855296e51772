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
            Transpose = (y, ct, _) =>
            {
                TriangularAttributes kind = y.Get<TriangularAttributes>();
                return new Node(Ops.TriangularSolve, [y.Inputs[0], ct], kind with { Transpose = !kind.Transpose });
            },
        },
        [Ops.Cholesky] = new() { Jvp = (y, dx) => CholeskyTangent(y, dx[0]!) },
    };

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
}
