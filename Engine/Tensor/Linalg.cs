using Cotangent.Graph;

namespace Cotangent;

/// <summary>Linear algebra on batches of matrices: the last two axes are matrices, the axes before them count them and broadcast
/// between operands. Half types and integers compute in float32 (Int64 in float64); results of half types are rounded to them.</summary>
/// <remarks>All functions have derivatives of any order, in forward and reverse mode. They are lazy: a matrix without the
/// factorisation that is asked for gives NaN, not an exception.</remarks>
public static partial class Linalg
{
    /// <summary>The lower triangular L with positive diagonal and A = L·Lᵀ.</summary>
    /// <remarks>Of a matrix that is not symmetric (A + Aᵀ)/2 is factored. The derivative is dL = L·Φ(L⁻¹·dA·L⁻ᵀ), Φ the lower triangle
    /// with half the diagonal (Giles 2008, An extended collection of matrix derivative results).</remarks>
    /// <param name="a">[…, n, n], positive definite. If it is not, the triangle of L is NaN.</param>
    /// <returns>[…, n, n]: zeros above the diagonal.</returns>
    /// <exception cref="ShapeMismatchException">The matrices are not square.</exception>
    /// <example><code>Tensor l = Linalg.Cholesky(covariance); Tensor sample = l.MatMul(noise);</code></example>
    public static Tensor Cholesky(Tensor a)
    {
        ArgumentNullException.ThrowIfNull(a);
        Tensor wide = Wide(a);
        return Narrow(Tensor.Of(new Node(Ops.Cholesky, [Symmetric("cholesky", wide).Node])), a.DType);
    }

    /// <summary>The X with op(A)·X = B, or X·op(A) = B, for a triangular A.</summary>
    /// <remarks>The derivative is dX = op(A)⁻¹·(dB − op(dA)·X), dA being A's triangle of the tangent.</remarks>
    /// <param name="a">[…, n, n]; the other triangle is not read. A zero on the diagonal gives ±∞ or NaN.</param>
    /// <param name="b">[…, n, k], or […, k, n] for a solve on the right, or one vector [n].</param>
    /// <param name="lower">A is the triangle on and below the diagonal; else on and above it.</param>
    /// <param name="transpose">op(A) is Aᵀ.</param>
    /// <param name="unitDiagonal">The diagonal counts as ones and is not read.</param>
    /// <param name="left">A stands left of X.</param>
    /// <returns>The shape of b, its batch axes broadcast with those of a.</returns>
    /// <exception cref="ShapeMismatchException">A is not square, or b does not fit.</exception>
    public static Tensor TriangularSolve(
        Tensor a, Tensor b, bool lower = true, bool transpose = false, bool unitDiagonal = false, bool left = true)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (!left && b.Rank > 1) return TriangularSolve(a, b.Transpose(), lower, !transpose, unitDiagonal).Transpose();
        TriangularAttributes kind = new(lower, left ? transpose : !transpose, unitDiagonal);
        return WithRightSides("triangular_solve", a, b, (m, right) => new Node(Ops.TriangularSolve, [m, right], kind));
    }

    /// <summary>The X with A·X = B, given L of A = L·Lᵀ: two triangular solves.</summary>
    /// <param name="l">[…, n, n], of <see cref="Cholesky"/>.</param>
    /// <param name="b">[…, n, k], or one vector [n].</param>
    /// <exception cref="ShapeMismatchException">L is not square, or b does not fit.</exception>
    public static Tensor CholeskySolve(Tensor l, Tensor b) => TriangularSolve(l, TriangularSolve(l, b), transpose: true);

    /// <summary>Calls <paramref name="solve"/> with matrices and right sides of the same batch axes and dtype.</summary>
    private static Tensor WithRightSides(string op, Tensor a, Tensor b, Func<Node, Node, Node> solve)
    {
        DType type = Tensor.CommonDType(a, b).Floating();
        Tensor matrices = Wide(a.Cast(type)), right = Wide(b.Cast(type));
        RequireSquare(op, matrices);
        if (b.Rank == 0) throw new ShapeMismatchException($"{op}: the right side is a number; it must be a vector or a matrix.");
        if (b.Rank == 1) right = right.Unsqueeze(1);
        if (right.Shape[^2] != a.Shape[^1])
        {
            throw new ShapeMismatchException($"{op}: right sides {b.Shape} do not fit matrices {a.Shape}: they have {right.Shape[^2]} rows, " +
                $"not {a.Shape[^1]}.");
        }

        Tensor x = matrices.Rank == 2 && right.Rank > 2 ? OneMatrix(matrices, right, solve) : Batched(op, matrices, right, solve);
        return Narrow(b.Rank == 1 ? x.Squeeze(-1) : x, type);
    }

    private static Tensor Batched(string op, Tensor a, Tensor b, Func<Node, Node, Node> solve)
    {
        Shape batch = Broadcasting.Join(op, [.. a.Shape.SkipLast(2)], [.. b.Shape.SkipLast(2)]);
        return Tensor.Of(solve(
            Broadcasting.To(a.Node, [.. batch, .. a.Shape.TakeLast(2)]), Broadcasting.To(b.Node, [.. batch, .. b.Shape.TakeLast(2)])));
    }

    /// <summary>One matrix for a batch of right sides: they are its columns, and the matrix is not repeated.</summary>
    private static Tensor OneMatrix(Tensor a, Tensor b, Func<Node, Node, Node> solve)
    {
        int batch = b.Rank - 2, n = b.Shape[^2];
        Tensor rowsFirst = b.Permute([batch, .. Enumerable.Range(0, batch), batch + 1]);
        Node x = solve(a.Node, rowsFirst.Reshape(n, n == 0 ? 0 : (int)(b.Size / n)).Node);
        return Tensor.Of(x).Reshape(rowsFirst.Shape).Permute([.. Enumerable.Range(1, batch), 0, batch + 1]);
    }

    private static Tensor Symmetric(string op, Tensor a)
    {
        RequireSquare(op, a);
        return (a + a.Transpose()) * 0.5;
    }

    private static void RequireSquare(string op, Tensor a)
    {
        RequireMatrix(op, a);
        if (a.Shape[^1] != a.Shape[^2])
        {
            throw new ShapeMismatchException(
                $"{op}: {a.Shape} holds matrices of {a.Shape[^2]} rows and {a.Shape[^1]} columns; they must be square.");
        }
    }

    private static void RequireMatrix(string op, Tensor a)
    {
        if (a.Rank < 2) throw new ShapeMismatchException($"{op}: {a.Shape} is no matrix: it needs two axes.");
    }

    /// <summary>As the dtype that factorisations compute in.</summary>
    private static Tensor Wide(Tensor a) => a.Cast(a.DType is DType.Float64 or DType.Int64 ? DType.Float64 : DType.Float32);

    /// <summary>As the dtype of the result.</summary>
    private static Tensor Narrow(Tensor x, DType operand) => x.Cast(operand.Floating());
}
