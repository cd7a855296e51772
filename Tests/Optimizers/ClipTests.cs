using Cotangent.Optimizers;

namespace Cotangent.Tests.Optimizers;

public class ClipTests
{
    private static readonly Pair s_gradients = new(Tensor.From(new[] { 3.0, 0 }), Tensor.From(new[] { 0.0, 4 }));

    [Fact]
    public void ByGlobalNorm_AboveTheMaximum_ScalesAllAlike()
    {
        (Pair clipped, Tensor norm) = Clip.ByGlobalNorm(s_gradients, 2.5);
        Assert.Equal(5, norm.Item<double>());
        Assert.Equal(1.5, clipped.W.ToArray<double>()[0], 1e-6);
        Assert.Equal(2, clipped.B.ToArray<double>()[1], 1e-6);
    }

    [Fact]
    public void ByGlobalNorm_BelowTheMaximum_ChangesNothing()
    {
        (Pair clipped, _) = Clip.ByGlobalNorm(s_gradients, 6);
        Assert.Equal([3, 0], clipped.W.ToArray<double>());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void ByGlobalNorm_OfNoSensibleMaximum_IsRefused(double maximum) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Clip.ByGlobalNorm(s_gradients, maximum));
}
