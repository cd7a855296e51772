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
    ];

    /// <summary>A matrix whose triangles are well conditioned.</summary>
    private static Tensor Dominant(Tensor x) => x + 3 * Tensor.Eye(x.Shape[^1]);

    /// <summary>A symmetric positive definite matrix.</summary>
    private static Tensor Positive(Tensor x) => x.MatMul(x.Transpose()) + 2 * Tensor.Eye(x.Shape[^1]);
}
