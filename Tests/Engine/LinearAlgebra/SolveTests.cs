namespace Cotangent.Tests.Engine.LinearAlgebra;

/// <summary>Triangular solves, Cholesky and LU at the edges: what is singular, empty, broadcast or wrong.</summary>
public class SolveTests
{
    [Fact]
    public void Solve_SingularMatrix_IsNotFinite()
    {
        Tensor a = Tensor.From(new float[,] { { 1, 2 }, { 2, 4 } });
        Assert.All(Linalg.Solve(a, Tensor.Ones([2])).ToArray<float>(), x => Assert.False(float.IsFinite(x)));
        Assert.Equal(0, Linalg.Det(a).Item<float>());
        (Tensor sign, Tensor logAbs) = Linalg.SlogDet(a);
        Assert.Equal(0, sign.Item<float>());
        Assert.Equal(float.NegativeInfinity, logAbs.Item<float>());
    }

    [Fact]
    public void Cholesky_NotPositiveDefinite_IsNaNBelow()
    {
        float[] l = Linalg.Cholesky(Tensor.From(new float[,] { { 1, 2 }, { 2, 1 } })).ToArray<float>();
        Assert.Equal([float.NaN, 0, float.NaN, float.NaN], l);
    }

    [Fact]
    public void Results_WithoutRows_HaveTheRightShapes()
    {
        Tensor a = Tensor.Zeros([2, 0, 0]);
        Assert.Equal(Shape.From([2, 0, 0]), Linalg.Cholesky(a).Realize().Shape);
        Assert.Equal(Shape.From([2, 0, 3]), Linalg.Solve(a, Tensor.Zeros([2, 0, 3])).Realize().Shape);
        Assert.Equal([1f, 1f], Linalg.Det(a).ToArray<float>());
        Assert.Equal([0f, 0f], Linalg.SlogDet(a).LogAbs.ToArray<float>());
        Assert.Equal([0, 1, 2], Linalg.LuFactor(Tensor.Zeros([3, 0])).Permutation.ToArray<int>());
        Assert.Equal(Shape.From([3, 0]), Linalg.TriangularSolve(Tensor.Eye(3), Tensor.Zeros([3, 0])).Realize().Shape);
    }

    [Fact]
    public void Solve_BatchesThatBroadcast_GivesEverySystem()
    {
        Tensor a = Tensor.From([2f, 0, 0, 4, 1, 0, 0, 1]).Reshape(2, 1, 2, 2), b = Tensor.Arange(12).Cast(DType.Float32).Reshape(3, 2, 2);
        Tensor x = Linalg.Solve(a, b);
        Assert.Equal(Shape.From([2, 3, 2, 2]), x.Shape);
        Assert.Equal(b.ToArray<float>(), x[1].ToArray<float>());
        Assert.Equal(b.ToArray<float>(), a[0].MatMul(x[0]).ToArray<float>());
    }

    [Fact]
    public void Solve_HalfAndInteger_HaveTheDTypesOfArithmetic()
    {
        Tensor a = Tensor.Eye(2) * 2, b = Tensor.Ones([2]);
        Assert.Equal(DType.Float16, Linalg.Solve(a.Cast(DType.Float16), b.Cast(DType.Float16)).DType);
        Assert.Equal(DType.Float32, Linalg.Inverse(a.Cast(DType.Int32)).DType);
        Assert.Equal([0.5f, 0, 0, 0.5f], Linalg.Inverse(a.Cast(DType.Int32)).ToArray<float>());
        Assert.Equal(DType.Float64, Linalg.Solve(a.Cast(DType.Int64), b).DType);
    }

    [Theory]
    [InlineData(1), InlineData(3), InlineData(17), InlineData(64), InlineData(130)]
    public void Factors_OfAnyOrder_GiveTheMatrixBack(int n)
    {
        Tensor x = new RandomKey(7).Normal([2, n, n]), spd = x.MatMul(x.Transpose()) + n * Tensor.Eye(n);
        Tensor l = Linalg.Cholesky(spd);
        Near(spd, l.MatMul(l.Transpose()), 1e-6 * n);
        (Tensor p, Tensor lower, Tensor upper) = Linalg.Lu(x);
        Near(x, p.MatMul(lower).MatMul(upper), 2e-6 * n);
        Near(Tensor.Eye(n).BroadcastTo([2, n, n]), Linalg.Inverse(spd).MatMul(spd), 1e-6 * n);
    }

    [Fact]
    public void Solve_IllConditioned_IsBackwardStable()
    {
        // Hilbert's matrix of order 8 has a condition number of 1.5e10: the residual is small, the error need not be.
        Tensor i = Tensor.Iota([8, 8], 0, DType.Float64), j = Tensor.Iota([8, 8], 1, DType.Float64);
        Tensor hilbert = 1 / (i + j + 1), b = Tensor.Ones([8], DType.Float64);
        Tensor x = Linalg.Solve(hilbert, b);
        double residual = (hilbert.MatMul(x) - b).Abs().Max().Item<double>();
        Assert.InRange(residual, 0, 1e-15 * x.Abs().Max().Item<double>() * 8);
    }

    [Fact]
    public void Operands_ThatDoNotFit_AreRefused()
    {
        Tensor wide = Tensor.Zeros([2, 3]), square = Tensor.Eye(3);
        Assert.Equal("CTG2001: cholesky: [2, 3] holds matrices of 2 rows and 3 columns; they must be square.",
            Assert.Throws<ShapeMismatchException>(() => Linalg.Cholesky(wide)).Message);
        Assert.Throws<ShapeMismatchException>(() => Linalg.Det(wide));
        Assert.Throws<ShapeMismatchException>(() => Linalg.LuFactor(Tensor.Zeros([3])));
        Assert.Equal("CTG2001: solve: right sides [2] do not fit matrices [3, 3]: they have 2 rows, not 3.",
            Assert.Throws<ShapeMismatchException>(() => Linalg.Solve(square, Tensor.Zeros([2]))).Message);
        Assert.Throws<ShapeMismatchException>(() => Linalg.Solve(square.BroadcastTo([2, 3, 3]), Tensor.Zeros([4, 3, 1])));
        Assert.Throws<ShapeMismatchException>(() => Linalg.TriangularSolve(square, Tensor.Scalar(1)));
    }

    private static void Near(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.InRange((expected - actual).Abs().Max().Item<float>(), 0, tolerance * expected.Abs().Max().Item<float>());
    }
}
