using Cotangent.Graph;

namespace Cotangent.Tests.AutoDiff;

/// <summary>The gradient rows of factorisations, with matrices far from where they have no derivative.</summary>
internal static class LinearAlgebraCases
{
    public static IReadOnlyList<GradientCase> All { get; } =
    [
        Row("triangular_solve", Ops.TriangularSolve, x => Linalg.TriangularSolve(Dominant(x[0]), x[1]), [3, 3], [3, 2]),
        Row("triangular_solve, upper unit, transposed", Ops.TriangularSolve,
            x => Linalg.TriangularSolve(x[0], x[1], lower: false, transpose: true, unitDiagonal: true), [2, 3, 3], [2, 3, 2]),
        Row("triangular_solve on the right", Ops.TriangularSolve,
            x => Linalg.TriangularSolve(Dominant(x[0]), x[1], lower: false, left: false), [3, 3], [2, 3]),
        Row("cholesky", Ops.Cholesky, x => Linalg.Cholesky(Positive(x[0])), [3, 3]),
        Row("cholesky of a batch", Ops.Cholesky, x => Linalg.Cholesky(Positive(x[0])), [2, 2, 2]),
        Row("cholesky of what is not symmetric", Ops.Cholesky, x => Linalg.Cholesky(x[0] + 3 * Tensor.Eye(3, DType.Float64)), [3, 3]),
        Row("lu", Ops.Lu, x => Linalg.LuFactor(Pivoted(x[0])).Packed, [3, 3]),
        Row("lu of a tall batch", Ops.Lu, x => Linalg.LuFactor(Pivoted(x[0])).Packed, [2, 4, 2]),
        Row("lu of a wide matrix", Ops.Lu, x => Linalg.LuFactor(Pivoted(x[0])).Packed, [2, 4]),
        Row("determinant", Ops.Determinant, x => Linalg.Det(Pivoted(x[0])), [3, 3]),
        Row("log determinant of a batch", Ops.Determinant, x => Linalg.SlogDet(Pivoted(x[0])).LogAbs, [2, 3, 3]),
        Row("solve", Ops.Solve, x => Linalg.Solve(Pivoted(x[0]), x[1]), [3, 3], [3, 2]),
        Row("solve of a batch", Ops.Solve, x => Linalg.Solve(Pivoted(x[0]), x[1]), [2, 3, 3], [2, 3, 1]),
        Row("solve with itself", Ops.Solve, x => Linalg.Solve(Pivoted(x[0]), x[0].MatMul(x[0])), [3, 3]),
        Row("qr", Ops.Qr, x => Both(Linalg.Qr(Pivoted(x[0]))), [3, 3]),
        Row("qr of a tall batch", Ops.Qr, x => Both(Linalg.Qr(Pivoted(x[0]))), [2, 4, 2]),
        Row("qr of a wide matrix", Ops.Qr, x => Both(Linalg.Qr(Pivoted(x[0]))), [2, 4]),
        Row("eigh", Ops.Eigh, x => Both(Linalg.Eigh(Spread(x[0]))), [3, 3]),
        Row("eigh of a batch", Ops.Eigh, x => Both(Linalg.Eigh(Spread(x[0]), safe: true)), [2, 2, 2]),
        Row("svd", Ops.Svd, x => All3(Linalg.Svd(Spread(x[0]))), [3, 3]),
        Row("svd of a tall batch", Ops.Svd, x => All3(Linalg.Svd(Spread(x[0]))), [2, 4, 2]),
        Row("svd of a wide matrix", Ops.Svd, x => All3(Linalg.Svd(Spread(x[0]), safe: true)), [2, 4]),
        Row("lstsq", Ops.Qr, x => Linalg.LstSq(Pivoted(x[0]), x[1]), [4, 2], [4, 1]),
        Row("lstsq of a wide matrix", Ops.Qr, x => Linalg.LstSq(Pivoted(x[0]), x[1]), [2, 4], [2]),
        Row("pinv", Ops.Svd, x => Linalg.PInv(Spread(x[0])), [4, 2]),
    ];

    private static GradientCase Row(string name, Op op, Func<Tensor[], Tensor> f, params Shape[] shapes) =>
        new(name, op, x => f([.. x.Select(n => new Tensor(n))]).Node, shapes);

    private static Tensor Dominant(Tensor x) => x + 3 * Tensor.Eye(x.Shape[^1], DType.Float64);

    private static Tensor Positive(Tensor x) => x.MatMul(x.Transpose()) + 2 * Tensor.Eye(x.Shape[^1], DType.Float64);

    private static Tensor Pivoted(Tensor x) => x + 3 * Tensor.Iota([x.Shape[^2], 1], 0)
        .Equal((Tensor.Iota([1, x.Shape[^1]], 1) + 1) % Math.Min(x.Shape[^2], x.Shape[^1])).Cast(DType.Float64);

    /// <summary>Singular values, or eigenvalues, that are apart.</summary>
    private static Tensor Spread(Tensor x) => 0.4 * x + Tensor.Iota([x.Shape[^2], 1], 0).Equal(Tensor.Iota([1, x.Shape[^1]], 1))
        .Cast(DType.Float64) * (2 * Tensor.Iota([x.Shape[^2], 1], 0).Cast(DType.Float64) + 1);

    /// <summary>Results side by side, flat.</summary>
    private static Tensor Both((Tensor, Tensor) results) => Tensor.Concat(0, results.Item1.Reshape(-1), results.Item2.Reshape(-1));

    private static Tensor All3((Tensor, Tensor, Tensor) results) =>
        Tensor.Concat(0, results.Item1.Reshape(-1), results.Item2.Reshape(-1), results.Item3.Reshape(-1));
}
