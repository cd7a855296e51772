using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.UserKernels;

/// <summary>Mistakes are found where the call is made, and say what to do.</summary>
public class UserKernelErrorTests
{
    private static readonly Tensor s_x = Tensor.From([1f, 2, 3], Device.Cpu);

    private static Tensor Scale(KernelLaunch launch, Tensor[] inputs, Tensor[] numbers) =>
        Tensor.Kernel(SampleKernels.Scale, launch, inputs, output: [3], numbers);

    [Fact]
    public void Input_OfAnotherDType_IsRefused() =>
        Says<DTypeMismatchException>(() => Scale(3, [s_x.Cast(DType.Float64)], [1, 1]),
            "CTG2002: kernel 'Scale': the parameter 'x' is ArrayView<float> and takes Float32; it is given Float64[3]. Cast it first.");

    [Fact]
    public void Number_OfAnotherDType_IsRefused() =>
        Says<DTypeMismatchException>(() => Scale(3, [s_x], [Tensor.Scalar(1, DType.Float64), 1]), "'a' is float and takes Float32; it is given Float64[]");

    [Fact]
    public void Number_ThatIsNoInteger_IsRefused() =>
        Says<DTypeMismatchException>(() => Tensor.Kernel(SampleKernels.Blur, new Index2D(3, 1), [s_x], output: [3], numbers: [1.5]),
            "the parameter 'width' is int and takes Int32; it is given the number 1.5");

    [Fact]
    public void Number_ThatIsAVector_IsRefused() =>
        Says<KernelCallException>(() => Scale(3, [s_x], [s_x, 1]), "the parameter 'a' is a number; it is given a tensor of shape [3]");

    [Fact]
    public void Inputs_TooMany_AreRefused() =>
        Says<KernelCallException>(() => Scale(3, [s_x, s_x], [1, 1]), "CTG2010: kernel 'Scale': it has 1 input views (ArrayView<float> x); 2 are given.");

    [Fact]
    public void Numbers_TooFew_AreRefused() =>
        Says<KernelCallException>(() => Scale(3, [s_x], [1]), "it has 2 numbers (float a, float b); 1 are given.");

    [Fact]
    public void Input_ThatIsWritten_IsRefused() =>
        Says<KernelCallException>(() => Tensor.Kernel(SampleKernels.InPlace, 3, [s_x], output: [3]),
            "kernel 'InPlace': it writes 'x' and 'y', and 1 output shapes are given. Each view that a kernel writes is an output");

    [Fact]
    public void Launch_OfAnotherRank_IsRefused()
    {
        Says<KernelCallException>(() => Scale(new Index2D(3, 1), [s_x], [1, 1]), "it begins with Index1D; the launch given is a range of 2 dimensions.");
        Says<KernelCallException>(() => Scale(new KernelConfig(1, 3), [s_x], [1, 1]), "it begins with Index1D; the launch given is 1×1×1 groups of 3×1×1.");
        Says<KernelCallException>(() => Tensor.Kernel(SampleKernels.GroupScan, 3, [s_x], output: [3]), "launched in groups (KernelConfig)");
    }

    [Fact]
    public void Launch_OfNegativeExtent_IsRefused() => Says<DeviceException>(() => Scale(-1, [s_x], [1, 1]), "CTG3006");

    [Fact]
    public void Output_AddedToAtomically_MustBeZeroed() =>
        Says<KernelCallException>(() => Tensor.Kernel(SampleKernels.Histogram, 3, [Tensor.Zeros([3], DType.UInt8)], output: [3]),
            "it adds atomically to 'counts', whose contents are undefined before the launch. Pass options: new() { ZeroOutputs = true }.");

    [Fact]
    public void View_WithoutADType_IsRefused() =>
        Says<KernelCallException>(() => Tensor.Kernel(SampleKernels.Labels, 3, [s_x], output: [3]), "the parameter 'x' is ArrayView<ulong>, for which there is no dtype");

    [Fact]
    public void Structs_ThatDoNotFit_AreRefused() =>
        Says<KernelCallException>(() => Tensor.Kernel(SampleKernels.Rotate, 1, [s_x], output: [2], numbers: [1, 0]), "an element is 2 numbers; the tensor of shape [3] has 3");

    [Fact]
    public void View_OfAnotherRank_IsRefused()
    {
        Says<KernelCallException>(() => Tensor.Kernel(SampleKernels.Turned, new Index2D(3, 1), [s_x], outputs: [[3, 1], [3]]),
            "the parameter 'x' is ArrayView2D<float, Stride2D.DenseX>: it takes tensors of rank 2, not of shape [3].");
        Says<KernelCallException>(() => Tensor.Kernel(SampleKernels.Boxes, new Index3D(1, 1, 1), [Tensor.Ones([1, 1, 1])], output: [1, 1, 1, 2]),
            "it takes tensors of rank 4 whose last extent is 2, not of shape [1, 1, 1]");
    }

    [Fact]
    public void Parameter_ToBeSpecialised_IsRefused() =>
        Says<KernelCallException>(() => Tensor.Kernel(SampleKernels.Sized, 1, [], output: [1], numbers: [1]),
            "the parameter 'n' is SpecializedValue<int>. Capture its value in a lambda instead");

    [Fact]
    public void View_OfGeneralStride_IsRefused() =>
        Says<KernelCallException>(() => Tensor.Kernel(SampleKernels.AnyStride, new Index2D(3, 1), [s_x], output: [3]), "Use dense views");

    [Fact]
    public void Kernel_ThatIsNone_IsRefused() =>
        Says<KernelCompilationException>(() => Tensor.Kernel((Index1D i, ArrayView<float> y) => { y[i] = new float[i.X].Length; }, 1, [], output: [1]), "CTG1011");

    [Fact]
    public void Devices_ThatDiffer_AreRefused()
    {
        Tensor elsewhere = Tensor.From([1f, 2, 3], Device.CreateCpu(1));
        Says<DeviceMismatchException>(() => Tensor.Kernel(SampleKernels.SumAndProduct, 3, [s_x, elsewhere], outputs: [[3], [3]]), "CTG2003");
        Says<DeviceMismatchException>(() => Tensor.Kernel(SampleKernels.Scale, 3, [s_x], output: [3], numbers: [1, 1],
            options: new() { Device = elsewhere.Device }), "CTG2003");
    }

    private static void Says<T>(Func<object> call, string text) where T : Exception =>
        Assert.Contains(text, Assert.Throws<T>(call).Message, StringComparison.Ordinal);
}
