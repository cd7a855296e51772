using Cotangent.AutoDiff;
using Cotangent.Kernels;
using Cotangent.Tests.Engine.UserKernels;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Derivatives through C# kernels.</summary>
public class UserKernelDerivativeTests
{
    public static TheoryData<string> All => Devices.AllWithDebug;

    /// <summary>x² with its derivative.</summary>
    internal static Tensor Square(Tensor x) =>
        Tensor.Kernel(SampleKernels.Square, (int)x.Size, [x], x.Shape, jvp: (x, dx, _) => [2 * x[0] * dx[0]!]);

    /// <summary>A difference as a kernel, whose transpose is another, whose transpose is the first.</summary>
    internal static Tensor Difference(Tensor x, Tensor weight) =>
        Tensor.Kernel(SampleKernels.Difference, (int)x.Size, [x, weight], x.Shape,
            options: new() { LinearInputs = [0], Transpose = (x, ct) => [Back(ct[0]!, x[1]!), null] });

    /// <summary>Cartesian coordinates of a polar point.</summary>
    internal static Tensor[] Polar(Tensor r, Tensor angle, Tensor scale) =>
        Tensor.Kernel(SampleKernels.Polar, (int)r.Size, [r, angle], [r.Shape, r.Shape], numbers: [scale], jvp: (x, dx, y) =>
        {
            Tensor? along = dx[0] is { } dr ? dr / x[0] : null;
            if (dx[2] is { } ds) along = ds / x[2] + (along ?? Tensor.ZerosLike(x[0]));
            Tensor? turn = dx[1];
            return
            [
                Sum(along is null ? null : y[0] * along, turn is null ? null : -y[1] * turn),
                Sum(along is null ? null : y[1] * along, turn is null ? null : y[0] * turn),
            ];
        });

    [Theory, MemberData(nameof(All))]
    public void Jvp_InTensors_ServesBothModesAndHigherOrders(string device)
    {
        Tensor x = Tensor.From([1.0, -2, 3], Device.Find(device));
        Assert.Equal([2.0, -4, 6], Diff.Grad(v => Square(v).Sum())(x).ToArray<double>());
        Assert.Equal([4.0, -8, 12], Diff.Jvp(Square, x, Tensor.FullLike(x, 2)).Tangent.ToArray<double>());
        Tensor hvp = Diff.Hvp(v => (Square(v) * Square(v)).Sum(), x, Tensor.OnesLike(x));
        Assert.Equal([12.0, 48, 108], hvp.ToArray<double>());
    }

    [Theory, MemberData(nameof(All))]
    public void Outputs_OfOneKernel_DifferentiateTogether(string device)
    {
        Device d = Device.Find(device);
        Tensor r = Tensor.From([1.5, 2.0], d), angle = Tensor.From([0.3, -1.2], d);
        Tensor Energy(Tensor r, Tensor angle, Tensor scale)
        {
            Tensor[] p = Polar(r, angle, scale);
            return (p[0] * p[0] + 3.0 * p[0] * p[1]).Sum();
        }

        (Tensor dr, Tensor da, Tensor ds) = Diff.Grad(Energy)(r, angle, Tensor.Scalar(0.7, DType.Float64, d));
        Near(Numerical.Grad(v => Energy(v, angle, 0.7))(r), dr);
        Near(Numerical.Grad(v => Energy(r, v, 0.7))(angle), da);
        Near(Numerical.Grad(v => Energy(r, angle, v))(Tensor.Scalar(0.7, DType.Float64, d)), ds);
    }

    [Theory, MemberData(nameof(All))]
    public void LinearKernel_WithTranspose_DifferentiatesByItself(string device)
    {
        Device d = Device.Find(device);
        Tensor x = Tensor.From([1.0, 4, 9, 16], d), weight = Tensor.From([1.0, 2, 3, 4], d);
        Assert.Equal([1.0, 6, 15, 28], Difference(x, weight).ToArray<double>());
        Tensor g = Diff.Grad(v => Difference(v, weight).Square().Sum())(x);
        Near(Numerical.Grad(v => Difference(v, weight).Square().Sum())(x), g, 1e-6);
        Assert.Equal([1.0, 2, 3, 4], Diff.Jvp(v => Difference(v, weight), x, Tensor.From([1.0, 2, 3, 4], d)).Tangent.ToArray<double>());
        Tensor hvp = Diff.Hvp(v => Difference(v, weight).Square().Sum(), x, Tensor.From([1.0, 0, 0, 0], d));
        Assert.Equal([10.0, -8, 0, 0], hvp.ToArray<double>());
    }

    [Fact]
    public void Compiled_GradientThroughAKernel_IsOneProgram()
    {
        State w = new(Tensor.From([1.0, -2, 3], Device.Cpu));
        CompiledFunction<Tensor, Tensor> step = Jit.Compile((Tensor rate) =>
        {
            (Tensor loss, Tensor g) = Diff.ValueAndGrad(v => Square(v).Sum())(w.Value);
            w.Value -= rate * g;
            return loss;
        });
        Assert.Equal(14.0, step.Invoke(0.25).Item<double>());
        Assert.Equal(3.5, step.Invoke(0.125).Item<double>());
        Assert.Equal([0.375, -0.75, 1.125], w.Value.ToArray<double>());
    }

    [Fact]
    public void Derivative_Missing_SaysWhatToPass()
    {
        Tensor Plain(Tensor x) => Tensor.Kernel(SampleKernels.Square, 1, [x], x.Shape);
        KernelDerivativeException e = Assert.Throws<KernelDerivativeException>(() => Diff.Grad(v => Plain(v).Sum())(Tensor.From([1.0])));
        Assert.StartsWith("CTG2023: kernel 'Square': it has no derivative, and 'x' depends on what is differentiated. Pass jvp:", e.Message, StringComparison.Ordinal);
        Assert.Equal([0.0], Diff.Grad(v => Plain(v.StopGradient()).Sum())(Tensor.From([1.0])).ToArray<double>());
    }

    [Fact]
    public void Derivative_ThatDoesNotFit_SaysSo()
    {
        Tensor x = Tensor.From([1.0, 2]);
        Assert.Contains("its jvp gave Float64[] for the tangent of 'y', which is Float64[2]", Message((_, dx, _) => [dx[0]!.Sum()]), StringComparison.Ordinal);
        Assert.Contains("its jvp gave 2 tangents for 1 outputs", Message((_, dx, _) => [dx[0], dx[0]]), StringComparison.Ordinal);
        Assert.Contains("declared linear, but not in 'weight'", Assert.Throws<KernelDerivativeException>(
            () => Diff.Grad(w => Difference(x, w).Sum())(x)).Message, StringComparison.Ordinal);

        // A jvp that applies a kernel to the tangent works forwards; backwards that kernel needs a transpose.
        Tensor Twice(Tensor v) => Tensor.Kernel(SampleKernels.Square, 2, [v], [2], jvp: (x, dx, _) => [Tensor.Kernel(SampleKernels.DifferenceTransposed, 2, [dx[0]!, x[0]], [2])]);
        Assert.Equal([-1.0, 2], Diff.Jvp(Twice, x, Tensor.OnesLike(x)).Tangent.ToArray<double>());
        Assert.Contains("has no transpose there", Assert.Throws<KernelDerivativeException>(
            () => Diff.Grad(v => Twice(v).Sum())(x)).Message, StringComparison.Ordinal);

        string Message(KernelJvp jvp) => Assert.Throws<KernelDerivativeException>(
            () => Diff.Grad(v => Tensor.Kernel(SampleKernels.Square, 2, [v], [2], jvp: jvp).Sum())(x)).Message;
    }

    private static Tensor Back(Tensor ct, Tensor weight) =>
        Tensor.Kernel(SampleKernels.DifferenceTransposed, (int)ct.Size, [ct, weight], ct.Shape,
            options: new() { LinearInputs = [0], Transpose = (x, c) => [Difference(c[0]!, x[1]!), null] });

    private static Tensor? Sum(Tensor? x, Tensor? y) => x is null ? y : y is null ? x : x + y;

    private static void Near(Tensor expected, Tensor actual, double tolerance = 1e-8)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        foreach ((double e, double a) in expected.ToDoubles().Zip(actual.ToDoubles())) Assert.Equal(e, a, tolerance);
    }
}
