using Cotangent.AutoDiff;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff.CrossEntropyTests;

/// <summary>What devices with matrix units may round the products of linear cross-entropy to.</summary>
public class PrecisionTests
{
    [Theory]
    [InlineData(DType.Float32, MatMulPrecision.Float32, 1, MatMulPrecision.Float32)]
    [InlineData(DType.Float32, MatMulPrecision.Tf32, 1, MatMulPrecision.Tf32)]
    [InlineData(DType.Float32, MatMulPrecision.BFloat16, 0.3, MatMulPrecision.BFloat16)]
    [InlineData(DType.BFloat16, MatMulPrecision.Float32, 1, MatMulPrecision.BFloat16)]
    [InlineData(DType.Float16, MatMulPrecision.Float32, 1, MatMulPrecision.Tf32)]
    [InlineData(DType.BFloat16, MatMulPrecision.Float32, 0.3, MatMulPrecision.Float32)]
    public void Linear_UnderAPrecision_KeepsItInDerivatives(DType type, MatMulPrecision ambient, double scale, MatMulPrecision expected)
    {
        Tensor e = Tensor.Ones([4, 3], type), c = Tensor.Ones([5, 3], type), targets = Tensor.From([0, 1, 2, 3]);
        Tensor loss;
        using (Tensor.UseMatMulPrecision(ambient))
            loss = CrossEntropy.Linear(e, c, targets, new() { LogitScale = scale, Reduction = LossReduction.None });
        Tensor gradient = Diff.Grad((Tensor x) =>
        {
            using IDisposable scope = Tensor.UseMatMulPrecision(ambient);
            return CrossEntropy.Linear(x, c, targets, new() { LogitScale = scale });
        })(e);

        foreach (Tensor y in new[] { loss, gradient })
        {
            Node[] calls = [.. Walk.Topological(y.Node).Where(n => n.Attributes is CrossEntropyCallAttributes)];
            Assert.NotEmpty(calls);
            Assert.All(calls, n => Assert.Equal(expected, n.Get<CrossEntropyCallAttributes>().ProblemOf(n).Precision));
        }
    }
}
