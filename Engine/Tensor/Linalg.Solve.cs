using Cotangent.Graph;

namespace Cotangent;

// What is made of the LU factorisation.
public static partial class Linalg
{
    /// <summary>P·A = L·U by partial pivoting, packed as LAPACK does.</summary>
    /// <remarks>The pivot of a column is its first element of largest absolute value; a zero pivot leaves its column as it is. With
    /// F = L⁻¹·P·dA·U⁻¹ the derivative is dL = L·tril(F, −1), dU = triu(F)·U (de Hoog, Anderssen and Lukas 2011); it is not finite where U
    /// is singular. Pivots count as constant.</remarks>
    /// <param name="a">[…, m, n].</param>
    /// <returns>Packed […, m, n]: U, and below its diagonal L, whose diagonal of ones is not stored. Pivots, Int32
    /// […, min(m, n)]: the row that each row was exchanged with, in turn. Permutation, Int32 […, m]: the row of A that is row i of
    /// P·A.</returns>
    /// <exception cref="ShapeMismatchException">a has fewer than two axes.</exception>
    public static (Tensor Packed, Tensor Pivots, Tensor Permutation) LuFactor(Tensor a)
    {
        ArgumentNullException.ThrowIfNull(a);
        RequireMatrix("lu", a);
        Node[] outputs = Lu(Wide(a).Node);
        return (Narrow(Tensor.Of(outputs[LuAttributes.Packed]), a.DType), Tensor.Of(outputs[LuAttributes.Pivots]),
            Tensor.Of(outputs[LuAttributes.Permutation]));
    }

    /// <summary>A = P·L·U by partial pivoting. See <see cref="LuFactor"/>.</summary>
    /// <param name="a">[…, m, n].</param>
    /// <returns>P […, m, m], a permutation; L […, m, k], lower triangular with ones on the diagonal; U […, k, n]; k = min(m, n).</returns>
    /// <exception cref="ShapeMismatchException">a has fewer than two axes.</exception>
    public static (Tensor P, Tensor L, Tensor U) Lu(Tensor a)
    {
        (Tensor packed, _, Tensor permutation) = LuFactor(a);
        int m = a.Shape[^2], k = Math.Min(m, a.Shape[^1]);
        Tensor p = Tensor.Iota([m, m], 0).Equal(permutation.Unsqueeze(-2)).Cast(packed.DType);
        Tensor l = packed[TensorIndex.Ellipsis, .., ..k].Tril(-1) + Tensor.Eye(m, packed.DType)[.., ..k];
        return (p, l, packed[TensorIndex.Ellipsis, ..k, ..].Triu());
    }

    /// <summary>The X with A·X = B, by LU with partial pivoting.</summary>
    /// <remarks>The derivative is dX = A⁻¹·(dB − dA·X), with the same factors: in reverse mode a solve with Aᵀ and a product.</remarks>
    /// <param name="a">[…, n, n]. If it is singular, the solution is not finite.</param>
    /// <param name="b">[…, n, k], or one vector [n].</param>
    /// <returns>The shape of b, its batch axes broadcast with those of a.</returns>
    /// <exception cref="ShapeMismatchException">A is not square, or b does not fit.</exception>
    /// <example><code>Tensor newton = x - Linalg.Solve(hessian, gradient);</code></example>
    public static Tensor Solve(Tensor a, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return WithRightSides("solve", a, b, SolveNode);
    }

    /// <summary>A⁻¹. Where a product with it is all that is wanted, <see cref="Solve"/> is faster and more accurate.</summary>
    /// <param name="a">[…, n, n]. If it is singular, the result is not finite.</param>
    /// <exception cref="ShapeMismatchException">The matrices are not square.</exception>
    public static Tensor Inverse(Tensor a)
    {
        ArgumentNullException.ThrowIfNull(a);
        RequireSquare("inverse", a);
        Tensor wide = Wide(a);
        return Narrow(Batched("inverse", wide, Tensor.Eye(a.Shape[^1], wide.DType), SolveNode), a.DType);
    }

    /// <summary>The determinants, 1 for matrices without rows.</summary>
    /// <remarks>The derivative det(A)·tr(A⁻¹·dA) is not finite for singular A. Determinants of large matrices overflow: see
    /// <see cref="SlogDet"/>.</remarks>
    /// <param name="a">[…, n, n].</param>
    /// <returns>[…].</returns>
    /// <exception cref="ShapeMismatchException">The matrices are not square.</exception>
    public static Tensor Det(Tensor a)
    {
        ArgumentNullException.ThrowIfNull(a);
        (Tensor parity, Tensor diagonal, Func<Tensor, bool, Tensor> of) = Pivots("det", a);
        return Narrow(of(parity * Product(diagonal), false), a.DType);
    }

    /// <summary>The signs of determinants and the logarithms of their absolute values.</summary>
    /// <remarks>The derivative of the logarithm is tr(A⁻¹·dA), that of the sign 0.</remarks>
    /// <param name="a">[…, n, n].</param>
    /// <returns>Sign […]: −1, 1, or 0 for a singular matrix, whose LogAbs […] is −∞.</returns>
    /// <exception cref="ShapeMismatchException">The matrices are not square.</exception>
    public static (Tensor Sign, Tensor LogAbs) SlogDet(Tensor a)
    {
        ArgumentNullException.ThrowIfNull(a);
        (Tensor parity, Tensor diagonal, Func<Tensor, bool, Tensor> of) = Pivots("slogdet", a);
        return (Narrow(parity * Product(diagonal.Sign()), a.DType), Narrow(of(diagonal.Abs().Log().Sum(-1), true), a.DType));
    }

    /// <summary>The elements (i, i) of each matrix.</summary>
    /// <param name="a">[…, m, n].</param>
    /// <returns>[…, min(m, n)].</returns>
    /// <exception cref="ShapeMismatchException">a has fewer than two axes.</exception>
    public static Tensor Diagonal(Tensor a)
    {
        ArgumentNullException.ThrowIfNull(a);
        RequireMatrix("diagonal", a);
        int k = Math.Min(a.Shape[^2], a.Shape[^1]);
        Tensor square = a[TensorIndex.Ellipsis, ..k, ..k];
        return Tensor.Where(Tensor.Iota([k, k], 0).Equal(Tensor.Iota([k, k], 1)), square, Tensor.ZerosLike(square)).Sum(-1).Cast(a.DType);
    }

    private static Node[] Lu(Node a) => [.. Enumerable.Range(0, 3).Select(i => new Node(Ops.Lu, [a], new LuAttributes { Output = i }))];

    private static Node SolveNode(Node a, Node b)
    {
        // The derivative goes by a itself: the factors count as constants of it.
        Node[] factors = Lu(Make.Unary(Ops.StopGradient, a));
        return new Node(Ops.Solve, [a, factors[LuAttributes.Packed], factors[LuAttributes.Permutation], b],
            new SolveAttributes(Transpose: false));
    }

    /// <summary>What a determinant is made of: ±1 for the exchanges of rows, and the diagonal of U; and what gives what is made of them, a
    /// determinant or its logarithm, its derivative.</summary>
    private static (Tensor Parity, Tensor Diagonal, Func<Tensor, bool, Tensor> Of) Pivots(string op, Tensor a)
    {
        RequireSquare(op, a);
        Tensor wide = Wide(a);

        // The derivative goes by a itself, as that of a solve with the same factors: n right sides, where that of the factors takes more.
        Node[] factors = Lu(Make.Unary(Ops.StopGradient, wide.Node));
        Tensor pivots = Tensor.Of(factors[LuAttributes.Pivots]);
        Tensor exchanges = pivots.NotEqual(Tensor.Arange(a.Shape[^1])).Cast(DType.Int32).Sum(-1);
        return ((1 - 2 * (exchanges % 2)).Cast(wide.DType), Diagonal(Tensor.Of(factors[LuAttributes.Packed])),
            (x, isLogarithm) => Tensor.Of(new Node(Ops.Determinant,
                [x.Node, wide.Node, factors[LuAttributes.Packed], factors[LuAttributes.Permutation]], new DeterminantAttributes(isLogarithm))));
    }

    /// <summary>The product along the last axis, halves by halves.</summary>
    private static Tensor Product(Tensor x)
    {
        if (x.Shape[^1] == 0) return Tensor.Ones([.. x.Shape.SkipLast(1)], x.DType, x.Device);
        while (x.Shape[^1] is var n && n > 1)
        {
            Tensor halves = x[TensorIndex.Ellipsis, ..(n / 2)] * x[TensorIndex.Ellipsis, (n / 2)..(n / 2 * 2)];
            x = n % 2 == 0 ? halves : Tensor.Concat(-1, halves, x[TensorIndex.Ellipsis, (n - 1)..]);
        }

        return x.Squeeze(-1);
    }
}
