using Cotangent.AutoDiff;

namespace Cotangent.Tests.AutoDiff;

/// <summary>The public transforms: how they compose, what they refuse.</summary>
public class DiffTests
{
    private static readonly Tensor s_x = Tensor.From(new[] { 1.0, 2, 3 });

    [Fact]
    public void Grad_OfASquare_IsTwiceTheArgument() => Assert.Equal([2, 4, 6], Diff.Grad(x => (x * x).Sum())(s_x).ToArray<double>());

    [Fact]
    public void ValueAndGrad_GivesBoth()
    {
        (Tensor value, Tensor gradient) = Diff.ValueAndGrad(x => (x * x).Sum())(s_x);
        Assert.Equal(14, value.Item<double>());
        Assert.Equal([2, 4, 6], gradient.ToArray<double>());
    }

    [Fact]
    public void Grad_OfTwoAndThreeArguments_GivesEach()
    {
        (Tensor gx, Tensor gy) = Diff.Grad((x, y) => (x * y).Sum())(s_x, s_x + 1);
        Assert.Equal([2, 3, 4], gx.ToArray<double>());
        Assert.Equal([1, 2, 3], gy.ToArray<double>());
        (Tensor a, Tensor b, Tensor c) = Diff.Grad((x, y, z) => (x * y + z).Sum())(s_x, s_x + 1, s_x);
        Assert.Equal([2, 3, 4], a.ToArray<double>());
        Assert.Equal([1, 2, 3], b.ToArray<double>());
        Assert.Equal([1, 1, 1], c.ToArray<double>());
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 12)]
    [InlineData(3, 24)]
    [InlineData(4, 24)]
    [InlineData(5, 0)]
    public void Grad_NestedToOrderN_OfTheFourthPower(int order, double expected)
    {
        Func<Tensor, Tensor> f = x => x * x * x * x;
        for (int i = 0; i < order; i++) f = Diff.Grad(f);
        Assert.Equal(expected, f(Tensor.Scalar(1, DType.Float64)).Item<double>(), 1e-12);
    }

    [Fact]
    public void Jvp_OfGrad_AndGradOfJvp_AndHvp_Agree()
    {
        Func<Tensor, Tensor> f = x => (x * x * x).Sum();
        Tensor v = Tensor.From(new[] { 1.0, -1, 0.5 });
        double[] expected = [6, -12, 9];
        Assert.Equal(expected, Diff.Jvp(Diff.Grad(f), s_x, v).Tangent.ToArray<double>());
        Assert.Equal(expected, Diff.Grad(x => Diff.Jvp(f, x, v).Tangent)(s_x).ToArray<double>());
        Assert.Equal(expected, Diff.Grad(x => (Diff.Grad(f)(x) * v).Sum())(s_x).ToArray<double>());
        Assert.Equal(expected, Diff.Hvp(f, s_x, v).ToArray<double>());
    }

    [Fact]
    public void Nested_InnerDerivativeOfACapturedArgument_DoesNotConfusePerturbations()
    {
        // d/dx [x · d/dy (x + y)] = d/dx [x · 1] = 1: an implementation with one kind of tangent says 2.
        Func<Tensor, Tensor> f = x => x * Diff.Grad(y => x + y)(x);
        Assert.Equal(1, Diff.Grad(f)(Tensor.Scalar(1)).Item<float>());
        Assert.Equal(1, Diff.Jvp(x => x * Diff.Jvp(y => x + y, x, Tensor.Scalar(1)).Tangent, Tensor.Scalar(1), Tensor.Scalar(1)).Tangent.Item<float>());
    }

    [Fact]
    public void CapturedTensor_ThatIsAlsoTheArgument_IsConstant() =>
        Assert.Equal([1, 2, 3], Diff.Grad(x => (x * s_x).Sum())(s_x).ToArray<double>());

    [Fact]
    public void IgnoredArgument_HasZeroGradient_OfItsShapeAndDType()
    {
        (_, Tensor g) = Diff.Grad((x, y) => x.Sum())(s_x, Tensor.Ones([2, 2]));
        Assert.Equal(DType.Float32, g.DType);
        Assert.Equal([0, 0, 0, 0], g.ToArray<float>());
        Assert.Equal([2, 2], g.Shape);
    }

    [Fact]
    public void ConstantFunction_HasZeroDerivative()
    {
        Assert.Equal([0, 0, 0], Diff.Grad(x => Tensor.Scalar(3))(s_x).ToArray<double>());
        Assert.Equal(0, Diff.Jvp(x => Tensor.Scalar(3), s_x, s_x).Tangent.Item<float>());
        Assert.Equal([0, 0, 0], Diff.Vjp(x => Tensor.Scalar(3), s_x).Pullback(Tensor.Scalar(1)).ToArray<double>());
    }

    [Fact]
    public void IdentityFunction_HasDerivativeOne() => Assert.Equal(1, Diff.Grad(x => x)(Tensor.Scalar(5)).Item<float>());

    [Fact]
    public void Vjp_Pullback_MayBeCalledTwice()
    {
        (Tensor value, Func<Tensor, Tensor> pullback) = Diff.Vjp(x => x * x, s_x);
        Assert.Equal([1, 4, 9], value.ToArray<double>());
        Assert.Equal([2, 4, 6], pullback(Tensor.OnesLike(s_x)).ToArray<double>());
        Assert.Equal([0, 4, 0], pullback(Tensor.From(new[] { 0.0, 1, 0 })).ToArray<double>());
    }

    [Fact]
    public void IntegerArgument_IsRefused()
    {
        NotDifferentiableException e = Assert.Throws<NotDifferentiableException>(() => Diff.Grad(x => x.Sum())(Tensor.Arange(3)));
        Assert.Contains("argument 0 is Int32[3]", e.Message);
    }

    [Fact]
    public void IntegerResult_IsRefused() =>
        Assert.Throws<NotDifferentiableException>(() => Diff.Grad(x => x.ArgMax())(s_x));

    [Fact]
    public void NonScalarResult_IsRefusedWithShapeAndRemedy()
    {
        NotScalarException e = Assert.Throws<NotScalarException>(() => Diff.Grad(x => x * x)(s_x));
        Assert.Contains("shape [3]", e.Message);
        Assert.Contains(".Sum()", e.Message);
        Assert.Contains("Vjp", e.Message);
    }

    [Fact]
    public void TangentOfAnotherShapeOrDType_IsRefused()
    {
        Assert.Throws<ShapeMismatchException>(() => Diff.Jvp(x => x, s_x, Tensor.Zeros([2], DType.Float64)));
        Assert.Throws<DTypeMismatchException>(() => Diff.Jvp(x => x, s_x, Tensor.Zeros([3])));
        Assert.Throws<ShapeMismatchException>(() => Diff.Vjp(x => x, s_x).Pullback(Tensor.Zeros([2], DType.Float64)));
    }

    [Fact]
    public void ReadingInside_Throws() =>
        Assert.Throws<TracedValueException>(() => Diff.Grad(x => x.Item<float>() > 0 ? x : -x)(Tensor.Scalar(1)));

    [Fact]
    public void FunctionThatThrows_LeavesTheNextCallUnharmed()
    {
        Assert.Throws<ShapeMismatchException>(() => Diff.Grad(x => (x + Tensor.Zeros([7], DType.Float64)).Sum())(s_x));
        Assert.Equal([1, 1, 1], Diff.Grad(x => x.Sum())(s_x).ToArray<double>());
    }

    [Fact]
    public void ControlFlowInCSharp_IsRecordedAsItWent()
    {
        Func<Tensor, Tensor> power = Diff.Grad(x =>
        {
            Tensor y = x;
            for (int i = 1; i < 5; i++) y *= x;
            return y.Sum();
        });
        Assert.Equal([5, 80, 405], power(s_x).ToArray<double>());
    }

    [Fact]
    public void Numerical_AgreesWithDiff()
    {
        Func<Tensor, Tensor> f = x => (x.Sin() * x.Exp()).Sum();
        double[] exact = Diff.Grad(f)(s_x).ToArray<double>(), differences = Numerical.Grad(f)(s_x).ToArray<double>();
        Assert.All(exact.Zip(differences), p => Assert.Equal(p.First, p.Second, 1e-8));
    }
}
