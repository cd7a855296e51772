using Cotangent.AutoDiff;

namespace Cotangent.Tests.Engine.Attention;

/// <summary>The fused attention in float32 against the composed one in float64: its error is at most that of the composed one in float32,
/// four times, plus some roundings of the largest element. Weights that are computed again from a rounded log-sum-exp have the error of that as a
/// relative one: so many roundings as it is large.</summary>
public class AttentionTests
{
    public static TheoryData<string> Names => [.. AttentionCase.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_AgainstFloat64_Agrees(string name) => Compare(name, (c, x, fused) =>
    {
        (Tensor y, Tensor lse) = c.Call(x, fused);
        return [y, lse];
    });

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradient_AgainstFloat64_Agrees(string name) =>
        Compare(name, (c, x, fused) => Diff.Grad<Tensor[]>(p => c.Loss(p, fused))(x));

    [Theory]
    [MemberData(nameof(Names))]
    public void Jvp_AgainstFloat64_Agrees(string name) => Compare(name, (c, x, fused) =>
    {
        Tensor[] along = c.Operands(x[0].DType, seed: 5);
        return [Diff.Jvp((Tensor[] p) => c.Call(p, fused).Output, x, along).Tangent,
            Diff.Jvp((Tensor[] p) => c.Loss(p, fused), x, along).Tangent];
    });

    [Theory]
    [MemberData(nameof(Names))]
    public void Hvp_AgainstFloat64_Agrees(string name) =>
        Compare(name, (c, x, fused) => Diff.Hvp((Tensor[] p) => c.Loss(p, fused), x, c.Operands(x[0].DType, seed: 5)), order: 2);

    [Theory]
    [MemberData(nameof(Names))]
    public void GradientOfGradientNorm_AgainstFloat64_Agrees(string name) => Compare(name, (c, x, fused) => Diff.Grad<Tensor[]>(p =>
    {
        Tensor[] g = Diff.Grad<Tensor[]>(r => c.Loss(r, fused))(p);
        return g.Select(t => t.Square().Sum()).Aggregate((a, b) => a + b);
    })(x), order: 2);

    /// <param name="name">The case.</param>
    /// <param name="f">What is compared.</param>
    /// <param name="order">Of the derivative: second ones are sums of products of up to three weights, and terms that cancel are larger than what
    /// is left of them.</param>
    private static void Compare(string name, Func<AttentionCase, Tensor[], bool, Tensor[]> f, int order = 1)
    {
        AttentionCase row = AttentionCase.All.Single(c => c.Name == name);
        Tensor[] x = row.Operands(DType.Float32), wide = [.. x.Select(t => t.Cast(DType.Float64).Realize())];
        double[][] expected = Values(f(row, wide, false)), composed = Values(f(row, x, false)), fused = Values(f(row, x, true));
        double lse = Values([row.Call(wide, false).LogSumExp])[0].Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        for (int i = 0; i < expected.Length; i++)
        {
            double scale = expected[i].Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
            double bar = 4 * Error(composed[i], expected[i]) + (row.Roundings + ((order == 1 ? 1 : 16) * lse)) * scale / (1 << 24);
            Assert.True(Error(fused[i], expected[i]) <= bar,
                $"{name}, result {i}: the error is {Error(fused[i], expected[i]):g3}, the bar {bar:g3} of elements up to {scale:g3}.");
        }
    }

    private static double[][] Values(Tensor[] x) => [.. x.Select(t => t.Cast(DType.Float64).ToArray<double>())];

    private static double Error(double[] x, double[] expected)
    {
        Assert.Equal(expected.Length, x.Length);
        return x.Zip(expected).Select(p => p.First == p.Second ? 0 : double.IsFinite(p.First - p.Second) ? Math.Abs(p.First - p.Second)
            : double.PositiveInfinity).DefaultIfEmpty(0).Max();
    }
}
