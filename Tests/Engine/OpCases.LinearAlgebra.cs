namespace Cotangent.Tests.Engine;

/// <summary>The rows of factorisations. Their matrices are made of the inputs so that they are well conditioned, in every dtype.</summary>
public static partial class OpCases
{
    private static Arg Matrix => new([4, 4]) { Low = -1, High = 1 };
    private static Arg Matrices => new([2, 3, 3]) { Low = -1, High = 1 };

    private static IEnumerable<OpCase> LinearAlgebra() =>
    [
        new("triangular_solve", x => Linalg.TriangularSolve(Dominant(x[0]), x[1]), Matrix, new Arg([4, 2])) { Ulps = 64 },
        new("triangular_solve upper", x => Linalg.TriangularSolve(Dominant(x[0]), x[1], lower: false), Matrix, new Arg([4])) { Ulps = 64 },
        new("triangular_solve transposed", x => Linalg.TriangularSolve(Dominant(x[0]), x[1], transpose: true), Matrices, new Arg([3, 2]))
            { Ulps = 64 },
        new("triangular_solve upper transposed", x => Linalg.TriangularSolve(Dominant(x[0]), x[1], lower: false, transpose: true),
            Matrix, new Arg([2, 4, 3])) { Ulps = 64 },
        new("triangular_solve right", x => Linalg.TriangularSolve(Dominant(x[0]), x[1], left: false), Matrix, new Arg([2, 4])) { Ulps = 64 },
        new("triangular_solve unit", x => Linalg.TriangularSolve(x[0], x[1], unitDiagonal: true), Matrix, new Arg([4, 2])) { Ulps = 64 },
        new("cholesky", x => Linalg.Cholesky(Positive(x[0])), Matrix) { Ulps = 64 },
        new("cholesky batch", x => Linalg.Cholesky(Positive(x[0])), Matrices) { Ulps = 64 },
        new("cholesky solve", x => Linalg.CholeskySolve(Linalg.Cholesky(Positive(x[0])), x[1]), Matrix, new Arg([4, 2])) { Ulps = 256 },
        new("lu", x => Linalg.LuFactor(Pivoted(x[0])).Packed, Matrix) { Ulps = 64 },
        new("lu of a tall matrix", x => Linalg.LuFactor(Pivoted(x[0])).Packed, new Arg([5, 3]) { Low = -1, High = 1 }) { Ulps = 64 },
        new("lu of a wide batch", x => Linalg.LuFactor(Pivoted(x[0])).Packed, new Arg([2, 3, 5]) { Low = -1, High = 1 }) { Ulps = 64 },
        new("lu pivots", x => Linalg.LuFactor(Pivoted(x[0])).Pivots, Matrices) { Differentiable = false },
        new("lu permutation", x => Linalg.LuFactor(Pivoted(x[0])).Permutation, Matrices) { Differentiable = false },
        new("lu factors", x => Tensor.Concat(0, [.. Each(Linalg.Lu(Pivoted(x[0])))]), Matrix) { Ulps = 64 },
        new("solve", x => Linalg.Solve(Pivoted(x[0]), x[1]), Matrix, new Arg([4, 2])) { Ulps = 128 },
        new("solve vector", x => Linalg.Solve(Pivoted(x[0]), x[1]), Matrices, new Arg([3])) { Ulps = 128 },
        new("solve batch of right sides", x => Linalg.Solve(Pivoted(x[0]), x[1]), Matrix, new Arg([2, 4, 2])) { Ulps = 128 },
        new("inverse", x => Linalg.Inverse(Pivoted(x[0])), Matrices) { Ulps = 128 },
        new("det", x => Linalg.Det(Pivoted(x[0])), new Arg([2, 5, 5]) { Low = -1, High = 1 }) { Ulps = 128 },
        new("slogdet", x => Linalg.SlogDet(Pivoted(x[0])).LogAbs, Matrices) { Ulps = 128 },
        new("slogdet sign", x => Linalg.SlogDet(Pivoted(x[0])).Sign, Matrices) { Differentiable = false },
        new("diagonal of matrices", x => Linalg.Diagonal(x[0]), new Arg([2, 3, 5])) { Linear = true },
        .. Orthogonal(),
    ];

    private static IEnumerable<OpCase> Orthogonal() =>
    [
        new("qr q", x => Linalg.Qr(Pivoted(x[0])).Q, new Arg([2, 5, 3]) { Low = -1, High = 1 }) { Ulps = 128 },
        new("qr r", x => Linalg.Qr(Pivoted(x[0])).R, new Arg([3, 5]) { Low = -1, High = 1 }) { Ulps = 128 },
        new("eigh values", x => Linalg.Eigh(Apart(x[0])).Values, Matrices) { Ulps = 128 },
        new("eigh vectors", x => Linalg.Eigh(Apart(x[0])).Vectors, Matrices) { Ulps = 256 },
        new("svd u", x => Linalg.Svd(Apart(x[0])).U, new Arg([5, 3]) { Low = -1, High = 1 }) { Ulps = 256 },
        new("svd values", x => Linalg.Svd(Apart(x[0])).S, Matrices) { Ulps = 128 },
        new("svd vt", x => Linalg.Svd(Apart(x[0])).Vt, new Arg([2, 3, 4]) { Low = -1, High = 1 }) { Ulps = 256 },
        new("lstsq", x => Linalg.LstSq(Pivoted(x[0]), x[1]), new Arg([5, 3]) { Low = -1, High = 1 }, new Arg([5])) { Ulps = 256 },
        new("pinv", x => Linalg.PInv(Apart(x[0])), new Arg([4, 3]) { Low = -1, High = 1 }) { Ulps = 256 },
        new("norm nuclear", x => Linalg.MatrixNorm(Apart(x[0]), MatrixNorms.Nuclear), Matrices) { Ulps = 128 },
        new("norm frobenius", x => Linalg.MatrixNorm(x[0]), Matrices) { Ulps = 32 },
    ];

    /// <summary>A matrix whose singular values, or those of its symmetric part, are apart.</summary>
    private static Tensor Apart(Tensor x) => 0.4 * x + Tensor.Iota([x.Shape[^2], 1], 0).Equal(Tensor.Iota([1, x.Shape[^1]], 1)).Cast(x.DType)
        * (2 * Tensor.Iota([x.Shape[^2], 1], 0).Cast(x.DType) + 1);

    /// <summary>A matrix whose triangles are well conditioned.</summary>
    private static Tensor Dominant(Tensor x) => x + 3 * Tensor.Eye(x.Shape[^1]);

    /// <summary>A symmetric positive definite matrix.</summary>
    private static Tensor Positive(Tensor x) => x.MatMul(x.Transpose()) + 2 * Tensor.Eye(x.Shape[^1]);

    /// <summary>A well-conditioned matrix whose largest elements are not on the diagonal.</summary>
    private static Tensor Pivoted(Tensor x) => x + 3 * Tensor.Iota([x.Shape[^2], 1], 0)
        .Equal((Tensor.Iota([1, x.Shape[^1]], 1) + 1) % Math.Min(x.Shape[^2], x.Shape[^1])).Cast(x.DType);

    private static Tensor[] Each((Tensor P, Tensor L, Tensor U) factors) => [factors.P, factors.L, factors.U];
}
