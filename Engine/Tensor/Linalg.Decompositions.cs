using Cotangent.Graph;

namespace Cotangent;

// Factorisations into orthogonal matrices, and what is made of them.
public static partial class Linalg
{
    /// <summary>A = Q·R, reduced: k = min(m, n) orthonormal columns, and an upper triangle whose diagonal is not negative.</summary>
    /// <remarks>For an A of full rank that is one factorisation only (LAPACK's may differ in signs); its derivative is that of Walter and
    /// Lehmann 2010 (Algorithmic differentiation of linear algebra functions), for wide matrices by their first columns. Of an A
    /// that lacks rank in its first k columns, Q is completed by any directions, and the derivative is not finite.</remarks>
    /// <param name="a">[…, m, n].</param>
    /// <returns>Q […, m, k] and R […, k, n].</returns>
    /// <exception cref="ShapeMismatchException">a has fewer than two axes.</exception>
    public static (Tensor Q, Tensor R) Qr(Tensor a)
    {
        ArgumentNullException.ThrowIfNull(a);
        RequireMatrix("qr", a);
        Node wide = Wide(a).Node;
        Tensor Output(int i) => Narrow(Tensor.Of(new Node(Ops.Qr, [wide], new QrAttributes { Output = i })), a.DType);
        return (Output(QrAttributes.Q), Output(QrAttributes.R));
    }

    /// <summary>The eigenvalues and eigenvectors of symmetric matrices: A·V = V·diag(λ).</summary>
    /// <remarks>
    /// <para>Of a matrix that is not symmetric (A + Aᵀ)/2 is decomposed. Each vector's sign makes the first of its large elements (at
    /// least 0.9 of the largest) positive.</para>
    /// <para>With M = Vᵀ·dA·V the derivative is dλ = diag(M), dV = V·(F∘M), F(i, j) = 1/(λ(j) − λ(i)) off the diagonal (Giles 2008).
    /// Vectors of equal eigenvalues have no derivative: it is not finite, unless <paramref name="safe"/>; the eigenvalues'
    /// derivative is then that along their given vectors.</para>
    /// </remarks>
    /// <param name="a">[…, n, n].</param>
    /// <param name="safe">In the derivative, pairs of eigenvalues that differ by rounding only (n·ε·max|λ|) contribute 0: right for
    /// functions that do not depend on how the vectors of a space are chosen, along directions that do not split it.</param>
    /// <returns>λ […, n] in ascending order; V […, n, n], column i belongs to value i.</returns>
    /// <exception cref="ShapeMismatchException">The matrices are not square.</exception>
    public static (Tensor Values, Tensor Vectors) Eigh(Tensor a, bool safe = false)
    {
        ArgumentNullException.ThrowIfNull(a);
        Node symmetric = Symmetric("eigh", Wide(a)).Node;
        Tensor Output(int i) => Narrow(Tensor.Of(new Node(Ops.Eigh, [symmetric], new EighAttributes(safe) { Output = i })), a.DType);
        return (Output(EighAttributes.Values), Output(EighAttributes.Vectors));
    }

    /// <summary>A = U·diag(S)·Vᵀ, reduced: k = min(m, n).</summary>
    /// <remarks>
    /// <para>The sign of each column of U makes the first of its large elements (at least 0.9 of the largest) positive; Vᵀ follows.</para>
    /// <para>The derivative is that of Townsend 2016 (Differentiating the singular value decomposition). Vectors of equal singular
    /// values have none, nor have those of a zero one if A is not square: it is not finite, unless <paramref name="safe"/>.</para>
    /// </remarks>
    /// <param name="a">[…, m, n].</param>
    /// <param name="safe">In the derivative, pairs of singular values that differ by rounding only, and zero ones, contribute 0; see
    /// <see cref="Eigh"/>.</param>
    /// <returns>U […, m, k]; S […, k] in descending order; Vᵀ […, k, n].</returns>
    /// <exception cref="ShapeMismatchException">a has fewer than two axes.</exception>
    public static (Tensor U, Tensor S, Tensor Vt) Svd(Tensor a, bool safe = false)
    {
        ArgumentNullException.ThrowIfNull(a);
        RequireMatrix("svd", a);
        Node wide = Wide(a).Node;
        Tensor Output(int i) => Narrow(Tensor.Of(new Node(Ops.Svd, [wide], new SvdAttributes(safe) { Output = i })), a.DType);
        return (Output(SvdAttributes.U), Output(SvdAttributes.Values), Output(SvdAttributes.Vt));
    }

    /// <summary>The X that makes ‖A·X − B‖ least; for a wide A the least X with A·X = B. By QR: A has full rank, else X is not
    /// finite; then use <see cref="PInv"/>.</summary>
    /// <param name="a">[…, m, n].</param>
    /// <param name="b">[…, m, k], or one vector [m].</param>
    /// <returns>[…, n, k], or […, n].</returns>
    /// <exception cref="ShapeMismatchException">a has fewer than two axes, or b does not fit.</exception>
    public static Tensor LstSq(Tensor a, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        RequireMatrix("lstsq", a);
        if (b.Rank == 1) return LstSq(a, b.Unsqueeze(1)).Squeeze(-1);
        if (a.Shape[^2] >= a.Shape[^1])
        {
            (Tensor q, Tensor r) = Qr(a);
            return TriangularSolve(r, q.Transpose().MatMul(b), lower: false);
        }

        (Tensor p, Tensor s) = Qr(a.Transpose());
        return p.MatMul(TriangularSolve(s, b, lower: false, transpose: true));
    }

    /// <summary>The pseudo-inverse of Moore and Penrose: V·diag(1/S)·Uᵀ over the singular values above a cutoff.</summary>
    /// <remarks>The derivative is that of <see cref="Svd"/>: it wants distinct singular values.</remarks>
    /// <param name="a">[…, m, n].</param>
    /// <param name="cutoff">Singular values up to this share of the largest count as 0; by default max(m, n)·ε.</param>
    /// <returns>[…, n, m].</returns>
    /// <exception cref="ShapeMismatchException">a has fewer than two axes.</exception>
    public static Tensor PInv(Tensor a, double? cutoff = null)
    {
        ArgumentNullException.ThrowIfNull(a);
        RequireMatrix("pinv", a);
        if (a.Size == 0) return a.Transpose();
        Tensor wide = Wide(a);
        (Tensor u, Tensor s, Tensor vt) = Svd(wide);
        double epsilon = wide.DType == DType.Float64 ? double.BitIncrement(1) - 1 : float.BitIncrement(1) - 1;
        double share = cutoff ?? Math.Max(a.Shape[^2], a.Shape[^1]) * epsilon;
        Tensor kept = s > s.Max(-1, keepDims: true) * share;
        Tensor inverse = Tensor.Where(kept, 1 / Tensor.Where(kept, s, 1), 0);
        return Narrow((vt.Transpose() * inverse.Unsqueeze(-2)).MatMul(u.Transpose()), a.DType);
    }

    /// <summary>A norm of each matrix.</summary>
    /// <param name="a">[…, m, n].</param>
    /// <param name="norm">Which; Frobenius' by default.</param>
    /// <returns>[…].</returns>
    /// <exception cref="ShapeMismatchException">a has fewer than two axes.</exception>
    public static Tensor MatrixNorm(Tensor a, MatrixNorms norm = MatrixNorms.Frobenius)
    {
        ArgumentNullException.ThrowIfNull(a);
        RequireMatrix("matrix_norm", a);
        Tensor wide = Wide(a);
        return Narrow(norm switch
        {
            MatrixNorms.Frobenius => wide.Square().Sum([-2, -1]).Sqrt(),
            MatrixNorms.One => wide.Abs().Sum(-2).Max(-1),
            MatrixNorms.Infinity => wide.Abs().Sum(-1).Max(-1),
            MatrixNorms.Spectral => Svd(wide).S.Max(-1),
            MatrixNorms.Nuclear => Svd(wide).S.Sum(-1),
            _ => throw new ArgumentOutOfRangeException(nameof(norm), norm, "No such norm."),
        }, a.DType);
    }
}
