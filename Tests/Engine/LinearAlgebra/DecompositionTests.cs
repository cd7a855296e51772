using Cotangent.AutoDiff;

namespace Cotangent.Tests.Engine.LinearAlgebra;

/// <summary>QR, eigenvalues and singular values at the edges: what is degenerate, empty or not finite.</summary>
public class DecompositionTests
{
    [Fact]
    public void Qr_DependentColumns_HasOrthonormalColumns()
    {
        Tensor a = Tensor.From(new float[,] { { 1, 2, 0 }, { 2, 4, 0 }, { 2, 4, 0 } });
        (Tensor q, Tensor r) = Linalg.Qr(a);
        Near(a, q.MatMul(r), 1e-6);
        Near(Tensor.Eye(3), q.T.MatMul(q), 1e-6);
        Assert.All(Linalg.Diagonal(r).ToArray<float>(), x => Assert.True(x >= 0));
    }

    [Theory]
    [InlineData(3, 3), InlineData(5, 3), InlineData(3, 5)]
    public void Svd_LowRank_HasOrthonormalVectors(int m, int n)
    {
        Tensor a = Tensor.Ones([m, 1]).MatMul(Tensor.Arange(n).Cast(DType.Float32).Unsqueeze(0));
        (Tensor u, Tensor s, Tensor vt) = Linalg.Svd(a);
        Near(a, (u * s).MatMul(vt), 1e-5);
        Near(Tensor.Eye(3), u.T.MatMul(u), 1e-6);
        Near(Tensor.Eye(3), vt.MatMul(vt.T), 1e-6);
        Assert.All(s.ToArray<float>()[1..], x => Assert.InRange(x, 0, 1e-5));
        Near(a, a.MatMul(Linalg.PInv(a)).MatMul(a), 1e-5);
    }

    [Fact]
    public void Eigh_Identity_IsItself()
    {
        (Tensor values, Tensor vectors) = Linalg.Eigh(Tensor.Eye(4));
        Near(Tensor.Ones([4]), values, 1e-6);
        Near(Tensor.Eye(4), vectors, 1e-6);
        (values, vectors) = Linalg.Eigh(Tensor.Zeros([3, 3]));
        Assert.Equal([0f, 0, 0], values.ToArray<float>());
        Near(Tensor.Eye(3), vectors, 1e-6);
    }

    [Fact]
    public void Eigh_OppositeEigenvalues_AreTold()
    {
        (Tensor values, Tensor vectors) = Linalg.Eigh(Tensor.From(new float[,] { { 0, 2 }, { 2, 0 } }));
        Near(Tensor.From([-2f, 2]), values, 1e-6);
        Near(Tensor.From(new float[,] { { 1, 1 }, { -1, 1 } }) * Math.Sqrt(0.5), vectors, 1e-6);
    }

    [Fact]
    public void Decompositions_OfNaN_AreNaN()
    {
        Tensor a = Tensor.From(new float[,] { { float.NaN, 1 }, { 1, 2 } });
        Assert.All(Linalg.Eigh(a).Values.ToArray<float>(), x => Assert.True(float.IsNaN(x)));
        Assert.All(Linalg.Eigh(a).Vectors.ToArray<float>(), x => Assert.True(float.IsNaN(x)));
        Assert.All(Linalg.Svd(a).S.ToArray<float>(), x => Assert.True(float.IsNaN(x)));
        Assert.All(Linalg.Svd(a).U.ToArray<float>(), x => Assert.True(float.IsNaN(x)));
        Assert.Contains(Linalg.Qr(a).Q.ToArray<float>(), float.IsNaN);
    }

    [Fact]
    public void Decompositions_HugeAndTinyElements_DoNotOverflow()
    {
        Tensor a = Tensor.From(new float[,] { { 3, 1 }, { 1, 2 } });
        foreach (float scale in new[] { 1e30f, 1e-30f })
        {
            Near(Linalg.Eigh(a).Values * scale, Linalg.Eigh(a * scale).Values, 1e-5);
            Near(Linalg.Svd(a).S * scale, Linalg.Svd(a * scale).S, 1e-5);
            Near(Linalg.Qr(a).R * scale, Linalg.Qr(a * scale).R, 1e-5);
        }
    }

    [Fact]
    public void Results_WithoutElements_HaveTheRightShapes()
    {
        Assert.Equal(Shape.From([3, 0]), Linalg.Qr(Tensor.Zeros([3, 0])).Q.Realize().Shape);
        Assert.Equal(Shape.From([0, 3]), Linalg.Svd(Tensor.Zeros([0, 3])).Vt.Realize().Shape);
        Assert.Equal(Shape.From([2, 0]), Linalg.Eigh(Tensor.Zeros([2, 0, 0])).Values.Realize().Shape);
    }

    [Fact]
    public void Derivative_OfEqualEigenvalues_IsThatOfTheSumOfThem()
    {
        // The trace does not depend on the vectors, so its gradient exists; theirs does not.
        Tensor a = Tensor.Eye(3, DType.Float64);
        Near(a, Diff.Grad(x => Linalg.Eigh(x).Values.Sum())(a), 1e-12);
        Assert.Contains(Diff.Grad(x => Linalg.Eigh(x).Vectors[0, 1])(a).ToArray<double>(), x => !double.IsFinite(x));
        Assert.All(Diff.Grad(x => Linalg.Eigh(x, safe: true).Vectors[0, 1])(a).ToArray<double>(), x => Assert.Equal(0, x));
        Assert.All(Diff.Grad(x => Linalg.Svd(x, safe: true).U[0, 1])(a).ToArray<double>(), x => Assert.Equal(0, x));
    }

    [Fact]
    public void Norms_OfAMatrix_AreTheirDefinitions()
    {
        Tensor a = Tensor.From(new float[,] { { 3, 0 }, { 0, -4 } });
        Assert.Equal(5, Linalg.MatrixNorm(a).Item<float>(), 1e-5);
        Assert.Equal(4, Linalg.MatrixNorm(a, MatrixNorms.Spectral).Item<float>(), 1e-5);
        Assert.Equal(7, Linalg.MatrixNorm(a, MatrixNorms.Nuclear).Item<float>(), 1e-5);
        Assert.Equal(4, Linalg.MatrixNorm(a, MatrixNorms.One).Item<float>());
        Assert.Equal(4, Linalg.MatrixNorm(a, MatrixNorms.Infinity).Item<float>());
    }

    private static void Near(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double error = (expected - actual).Abs().Max().Cast(DType.Float64).Item<double>(), scale = expected.Abs().Max().Cast(DType.Float64).Item<double>();
        Assert.True(error <= tolerance * scale, $"{error} > {tolerance} * {scale}");
    }
}
