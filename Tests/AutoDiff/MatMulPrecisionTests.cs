using Cotangent.AutoDiff;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Tests.Kernels.Cuda;

namespace Cotangent.Tests.AutoDiff;

/// <summary>The precision of a product: what records it, what keeps it, what it does.</summary>
public class MatMulPrecisionTests
{
    private static readonly Node s_x = GraphFunction.Input([5, 3], "x");
    private static readonly Node s_w = GraphFunction.Input([3, 2], "w");

    [Fact]
    public void MatMul_InAScope_IsRecordedWithItsPrecision()
    {
        Assert.Equal(MatMulPrecision.Float32, Of(new Tensor(s_x).MatMul(new(s_w))));
        using (Tensor.UseMatMulPrecision(MatMulPrecision.Tf32))
        {
            Assert.Equal(MatMulPrecision.Tf32, Of(new Tensor(s_x).MatMul(new(s_w))));
            Assert.Equal(MatMulPrecision.Tf32, Of(Tensor.DotGeneral(new(s_x), new(s_w), [1], [0])));
            AllAre(MatMulPrecision.Tf32, Tensor.Einsum("ij,jk->ki", new Tensor(s_x), new Tensor(s_w)), 1);
            using (Tensor.UseMatMulPrecision(MatMulPrecision.Float32))
                Assert.Equal(MatMulPrecision.Float32, Of(new Tensor(s_x).MatMul(new(s_w))));
            Assert.Equal(MatMulPrecision.BFloat16, Of(new Tensor(s_x).MatMul(new(s_w), MatMulPrecision.BFloat16)));
            Assert.Equal(MatMulPrecision.Tf32, Tensor.MatMulPrecision);
        }

        Assert.Equal(MatMulPrecision.Float32, Tensor.MatMulPrecision);
        Assert.Throws<ArgumentOutOfRangeException>(() => Tensor.UseMatMulPrecision((MatMulPrecision)7));
    }

    [Fact]
    public void Derivatives_OfAProduct_KeepItsPrecision()
    {
        Func<Tensor, Tensor> f = w => new Tensor(s_x).MatMul(w, MatMulPrecision.Tf32).Exp().Sum();
        AllAre(MatMulPrecision.Tf32, Diff.Grad(f)(new(s_w)), 2);
        AllAre(MatMulPrecision.Tf32, Diff.Grad(w => Diff.Grad(f)(w).Square().Sum())(new(s_w)), 4);
        AllAre(MatMulPrecision.Tf32, Diff.Jvp(f, new Tensor(s_w), new Tensor(s_w)).Tangent, 2);
        AllAre(MatMulPrecision.Tf32, Diff.Grad(x => x.MatMul(new Tensor(s_w), MatMulPrecision.Tf32).T.Square().Sum())(new(s_x)), 2);
    }

    [Fact]
    public void Vmap_OfAProduct_KeepsItsPrecision()
    {
        Node rows = GraphFunction.Input([4, 5, 3], "rows"), columns = GraphFunction.Input([4, 3, 2], "columns");
        Func<Tensor, Tensor, Tensor> f = (x, w) => x.MatMul(w, MatMulPrecision.BFloat16);
        AllAre(MatMulPrecision.BFloat16, Diff.Vmap(f, [0, null])(new(rows), new(s_w)), 1);
        AllAre(MatMulPrecision.BFloat16, Diff.Vmap(f, [null, 0])(new(s_x), new(columns)), 1);
        AllAre(MatMulPrecision.BFloat16, Diff.Vmap(f)(new(rows), new(columns)), 1);
    }

    [Fact]
    public void Compiled_UnderAnotherPrecision_IsTracedAnew()
    {
        Tensor x = Tensor.Ones([2, 3]);
        MatMulPrecision seen = default;
        CompiledFunction<Tensor, Tensor> f = Jit.Compile((Tensor t) =>
        {
            seen = Tensor.MatMulPrecision;
            return t.MatMul(t.T);
        });
        f.Invoke(x);
        Assert.Equal(MatMulPrecision.Float32, seen);
        using (Tensor.UseMatMulPrecision(MatMulPrecision.Tf32))
            f.Invoke(x);
        Assert.Equal(MatMulPrecision.Tf32, seen);
        f.Invoke(x);
        Assert.Equal(2, f.TraceCount);
    }

    [Fact]
    public void Product_OnADeviceWithMatrixUnits_RoundsIfAskedTo()
    {
        float[] x = [.. Enumerable.Range(0, 40 * 20).Select(i => 1 + i * 37 % 101 / 997f)];
        float[] exact = Product(Device.Cpu, MatMulPrecision.Float32);
        Assert.Equal(exact, Product(EmulatedCuda.Device, MatMulPrecision.Float32));
        Assert.Equal(exact, Product(Device.Cpu, MatMulPrecision.BFloat16));
        float[] rounded = Product(EmulatedCuda.Device, MatMulPrecision.BFloat16);
        Assert.NotEqual(exact, rounded);
        Assert.All(exact.Zip(rounded), pair => Assert.InRange(pair.Second / pair.First, 0.99f, 1.01f));

        float[] Product(Device device, MatMulPrecision precision)
        {
            Tensor t = Tensor.From<float>(x, [40, 20], device);
            return t.MatMul(t.T, precision).ToArray<float>();
        }
    }

    private static MatMulPrecision Of(Tensor product) => product.Node.Get<DotAttributes>().Precision;

    private static void AllAre(MatMulPrecision precision, Tensor result, int atLeast)
    {
        Node[] dots = [.. Walk.Topological(result.Node).Where(n => n.Op == Ops.Dot)];
        Assert.True(dots.Length >= atLeast, $"{dots.Length} dots");
        Assert.All(dots, n => Assert.Equal(precision, n.Get<DotAttributes>().Precision));
    }
}
