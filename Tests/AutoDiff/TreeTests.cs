using Cotangent.AutoDiff;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Derivatives with respect to trees of tensors.</summary>
public class TreeTests
{
    private static readonly Tensor s_x = Tensor.From(new[] { 1.0, 2, 3 });
    private static readonly Line s_line = new(Tensor.Scalar(2, DType.Float64), Tensor.Scalar(1, DType.Float64));

    [Fact]
    public void Grad_OfARecord_IsARecord()
    {
        Line g = Diff.Grad((Line p) => (p.Slope * s_x + p.Offset).Sum())(s_line);
        Assert.Equal(6, g.Slope.Item<double>());
        Assert.Equal(3, g.Offset.Item<double>());
    }

    [Fact]
    public void ValueAndGrad_OfNestedDictionaries_KeepsTheStructure()
    {
        Dictionary<string, Tensor[]> tree = new() { ["a"] = [s_x, s_x * 2], ["b"] = [] };
        (Tensor value, Dictionary<string, Tensor[]> g) =
            Diff.ValueAndGrad((Dictionary<string, Tensor[]> p) => (p["a"][0] * p["a"][1]).Sum())(tree);
        Assert.Equal(28, value.Item<double>());
        Assert.Equal([2, 4, 6], g["a"][0].ToArray<double>());
        Assert.Equal([1, 2, 3], g["a"][1].ToArray<double>());
        Assert.Empty(g["b"]);
    }

    [Fact]
    public void ValueAndGrad_WithAuxiliaryResults_ReturnsThem()
    {
        ((Tensor loss, Tensor prediction), Line g) = Diff.ValueAndGrad((Line p) =>
        {
            Tensor y = p.Slope * s_x + p.Offset;
            return (y.Sum(), y);
        })(s_line);
        Assert.Equal(15, loss.Item<double>());
        Assert.Equal([3, 5, 7], prediction.ToArray<double>());
        Assert.Equal(6, g.Slope.Item<double>());
    }

    [Fact]
    public void JvpAndVjp_OfTrees_AreTransposed()
    {
        Func<Line, (Tensor, Tensor)> f = p => (p.Slope * p.Offset, p.Slope.Exp());
        ((Tensor a, _), (Tensor da, Tensor db)) = Diff.Jvp(f, s_line, new Line(Tensor.Scalar(1, DType.Float64), Tensor.Scalar(3, DType.Float64)));
        Assert.Equal(2, a.Item<double>());
        Assert.Equal(7, da.Item<double>());
        Assert.Equal(Math.Exp(2), db.Item<double>(), 1e-12);
        Line g = Diff.Vjp(f, s_line).Pullback((Tensor.Scalar(1, DType.Float64), Tensor.Scalar(0, DType.Float64)));
        Assert.Equal(1, g.Slope.Item<double>());
        Assert.Equal(2, g.Offset.Item<double>());
    }

    [Fact]
    public void IntegerLeaf_IsRefusedByName()
    {
        NotDifferentiableException e = Assert.Throws<NotDifferentiableException>(
            () => Diff.Grad((Line p) => p.Slope)(s_line with { Offset = Tensor.Arange(3) }));
        Assert.Contains("'offset'", e.Message);
    }

    [Fact]
    public void Hessian_OfATree_ByNesting()
    {
        Func<Line, Line> gradient = Diff.Grad((Line p) => p.Slope * p.Slope * p.Offset);
        Line second = Diff.Grad((Line p) => gradient(p).Slope)(s_line);
        Assert.Equal(2, second.Slope.Item<double>());
        Assert.Equal(4, second.Offset.Item<double>());
    }

    private sealed record Line(Tensor Slope, Tensor Offset);
}
