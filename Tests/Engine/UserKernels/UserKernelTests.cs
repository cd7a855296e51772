using Cotangent.Execution;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.UserKernels;

public class UserKernelTests
{
    public static TheoryData<string> All => Devices.AllWithDebug;

    [Theory, MemberData(nameof(All))]
    public void Kernel_Elementwise_IsItsMethod(string device)
    {
        Tensor x = Tensor.From([1f, 2f, 3f], Device.Find(device));
        Tensor y = Tensor.Kernel(SampleKernels.Scale, 3, [x], output: x.Shape, numbers: [2f, 0.5f]);
        Assert.Equal(DType.Float32, y.DType);
        Assert.Equal([2.5f, 4.5f, 6.5f], y.ToArray<float>());
    }

    [Theory, MemberData(nameof(All))]
    public void Kernel_InTheMiddleOfAGraph_TakesViewsAndFeedsFusion(string device)
    {
        // A permuted, sliced, computed input is made contiguous; what follows fuses.
        Tensor x = (Tensor.Arange(24, DType.Float32, Device.Find(device)).Reshape(4, 6) * 2).Permute(1, 0)[1..5];
        Tensor y = Tensor.Kernel(SampleKernels.Blur, new Index2D(4, 4), [x], output: [4, 4], numbers: [4]);
        float[,] image = new float[4, 4];
        for (int r = 0; r < 4; r++) for (int c = 0; c < 4; c++) image[r, c] = 2 * (c * 6 + r + 1);
        float[] expected = [.. Enumerable.Range(0, 16).Select(i => -Mean(image, i / 4, i % 4) + 1)];
        Assert.Equal(expected, (1 - y).Reshape(16).ToArray<float>());

        static float Mean(float[,] x, int r, int c) => (x[r, c] + x[r, Math.Max(c - 1, 0)] + x[r, Math.Min(c + 1, 3)]
            + x[Math.Max(r - 1, 0), c] + x[Math.Min(r + 1, 3), c]) / 5;
    }

    [Theory, MemberData(nameof(All))]
    public void Kernel_InGroups_SharesMemory(string device)
    {
        float[] x = [.. Enumerable.Range(0, 70).Select(i => (float)(i % 7))];
        Tensor y = Tensor.Kernel(SampleKernels.GroupScan, new KernelConfig(3, SampleKernels.GroupSize),
            [Tensor.From(x, Device.Find(device))], output: [70]);
        float[] expected = [.. x.Select((_, i) => x[(i / 32 * 32)..(i + 1)].Sum())];
        Assert.Equal(expected, y.ToArray<float>());
    }

    [Theory, MemberData(nameof(All))]
    public void Kernel_WithDynamicSharedMemory_HasAsMuchAsTheLaunchSays(string device)
    {
        Tensor x = Tensor.Arange(8, DType.Float32, Device.Find(device)).Realize();
        Tensor y = Tensor.Kernel(SampleKernels.Reverse, new KernelConfig(2, 4, SharedMemoryConfig.RequestDynamic<float>(5)), [x], output: [8]);
        Assert.Equal([503f, 502, 501, 500, 507, 506, 505, 504], y.ToArray<float>());
    }

    [Theory, MemberData(nameof(All))]
    public void Kernel_OfThreeDimensions_Indexes(string device)
    {
        Tensor x = Tensor.Arange(24, DType.Int64, Device.Find(device)).Reshape(2, 3, 4);
        Tensor y = Tensor.Kernel(SampleKernels.Transpose, new Index3D(4, 3, 2), [x], output: [2, 4, 3], numbers: [3, 4]);
        Assert.Equal(x.Permute(0, 2, 1).ToArray<long>(), y.ToArray<long>());
    }

    [Theory, MemberData(nameof(All))]
    public void Kernel_OfStructs_SeesElements(string device)
    {
        Tensor x = Tensor.From(new float[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } }, Device.Find(device));
        Tensor y = Tensor.Kernel(SampleKernels.Rotate, 3, [x], output: [3, 2], numbers: [0, 1]);
        Assert.Equal([-2f, 1, -4, 3, -6, 5], y.ToArray<float>());
    }

    [Theory, MemberData(nameof(All))]
    public void Views_OfTwoDimensions_HaveTheirDenseAxisLast(string device)
    {
        Tensor x = Tensor.From(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } }, Device.Find(device));
        Tensor[] y = Tensor.Kernel(SampleKernels.Turned, new Index2D(3, 2), [x], outputs: [[3, 2], [6]]);
        Assert.Equal([301f, 304, 302, 305, 303, 306], y[0].ToArray<float>());
        Assert.Equal([0f, 0, 1, 1, 2, 2], y[1].ToArray<float>());
    }

    [Theory, MemberData(nameof(All))]
    public void Views_OfThreeDimensionsAndStructs_SeeTheTensor(string device)
    {
        Tensor x = Tensor.Arange(48, DType.Float32, Device.Find(device)).Reshape(2, 3, 4, 2) * 1;
        Tensor y = Tensor.Kernel(SampleKernels.Boxes, new Index3D(2, 3, 4), [x], output: [2, 3, 4, 2]);
        Assert.Equal(x.Flip(3).ToArray<float>(), y.ToArray<float>());
    }

    [Theory, MemberData(nameof(All))]
    public void Kernel_ThatAccumulates_StartsFromZero(string device)
    {
        Tensor x = Tensor.From(new byte[] { 3, 1, 3, 3, 0 }, Device.Find(device));
        Tensor counts = Tensor.Kernel(SampleKernels.Histogram, 5, [x], output: [5], options: new() { ZeroOutputs = true });
        Assert.Equal([1, 1, 0, 3, 0], counts.ToArray<int>());
    }

    [Theory, MemberData(nameof(All))]
    public void Kernel_WithoutInputs_RunsWhereItIsTold(string device)
    {
        Tensor y = Tensor.Kernel(SampleKernels.EveryOther, 6, [], output: [6], options: new() { ZeroOutputs = true, Device = Device.Find(device) });
        Assert.Equal(device, y.Device.Id);
        Assert.Equal([0, 0, 2, 0, 4, 0], (y + 0).ToArray<int>());
    }

    [Theory, MemberData(nameof(All))]
    public void Outputs_ReadTogether_CostOneLaunch(string device)
    {
        Device d = Device.Find(device);
        Tensor x = Tensor.From([1f, 2, 3], d), y = Tensor.From([4f, 5, 6], d);
        Tensor[] outputs = Tensor.Kernel(SampleKernels.SumAndProduct, 3, [x, y], outputs: [[3], [3, 1]]);
        Assert.Equal([5f, 7, 9], outputs[0].ToArray<float>());
        Assert.Equal([4f, 10, 18], outputs[1].ToArray<float>());

        CompiledFunction<Tensor, Tensor, Tensor> f = Jit.Compile((Tensor a, Tensor b) =>
        {
            Tensor[] both = Tensor.Kernel(SampleKernels.SumAndProduct, 3, [a, b], outputs: [[3], [3]]);
            return Tensor.Concat(0, both[1], both[0]);
        });
        Assert.Equal([4f, 10, 18, 5, 7, 9], f.Invoke(x, y).ToArray<float>());
        Assert.Single(f.Report().Split('\n'), line => line.Contains("SumAndProduct", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(All))]
    public void Compiled_NumbersAndState_ReplayWithoutTracing(string device)
    {
        Device d = Device.Find(device);
        State total = new(Tensor.Zeros([3], device: d));
        CompiledFunction<Tensor, Tensor, Tensor> step = Jit.Compile((Tensor x, Tensor rate) =>
        {
            // The second number is computed on the device, the first is an argument of the launch.
            Tensor y = Tensor.Kernel(SampleKernels.Scale, 3, [x], output: [3], numbers: [rate.Cast(DType.Float32), x.Sum()]);
            total.Value += y;
            return Tensor.Kernel(SampleKernels.Scale, 3, [total.Value], output: [3], numbers: [1, 0.25f]);
        });
        Tensor x = Tensor.From([1f, 2, 3], d);
        Assert.Equal([8.25f, 10.25f, 12.25f], step.Invoke(x, 2f).ToArray<float>());
        Assert.Equal([14.75f, 17.25f, 19.75f], step.Invoke(x, 0.5f).ToArray<float>());
        Assert.Equal([14.5f, 17, 19.5f], total.Value.ToArray<float>());
        Assert.Equal(1, step.TraceCount);
    }

    [Fact]
    public void Numbers_ThatChange_LeadToNoNewProgram()
    {
        Tensor x = Tensor.From([1f, 2, 3], Device.Cpu);
        GraphKey Program(float a, float rate) => Capture.Of(
            [Tensor.Kernel(SampleKernels.Scale, 3, [x], output: [3], numbers: [a, 0.125f], jvp: (_, dx, _) => [rate * dx[0]!]).Node]).Key;
        Assert.Equal(Program(2, 3), Program(3, 4));
    }

    [Theory, MemberData(nameof(All))]
    public void Numbers_OfEveryOrigin_Arrive(string device)
    {
        Device d = Device.Find(device);
        Tensor x = Tensor.From([1f, 2, 3], d);
        float[] Run(Tensor a) => Tensor.Kernel(SampleKernels.Scale, 3, [x], output: [3], numbers: [a, 0.0]).ToArray<float>();
        Assert.Equal([3f, 6, 9], Run(3));                                       // a C# number
        Assert.Equal([3f, 6, 9], Run(Tensor.Scalar(3)));                        // a lazy number
        Assert.Equal([3f, 6, 9], Run(Tensor.Scalar(3.7).Cast(DType.Int32).Cast(DType.Float32)));
        Assert.Equal([3f, 6, 9], Run(Tensor.From([1f, 3f], d)[1]));             // an element of data
        Assert.Equal([3f, 6, 9], Run((x * x).Sum() - 11));                      // computed
    }

    [Theory, MemberData(nameof(All))]
    public void Input_FromNumbersAlone_IsStored(string device)
    {
        Device d = Device.Find(device);
        Tensor y = Tensor.Kernel(SampleKernels.SumAndProduct, 3, [Tensor.Ones([3], device: d), Tensor.Arange(3, DType.Float32, d)],
            outputs: [[3], [3]], options: new() { Device = d })[0];
        Assert.Equal([1f, 2, 3], y.ToArray<float>());

        CompiledFunction<Tensor, Tensor, Tensor> f = Jit.Compile((Tensor one, Tensor x) =>
            Tensor.Kernel(SampleKernels.Scale, 1, [one], output: [1], numbers: [2f, 0.5f]) + x);
        Assert.Equal([7.5f], f.Invoke(Tensor.Scalar(3, device: d), Tensor.From([1f], d)).ToArray<float>());
    }

    [Theory, MemberData(nameof(All))]
    public void Structs_InAPartOfAConcatenation_NeedNoAlignment(string device)
    {
        // The kernel writes its part in place, three floats into the whole.
        const int Count = 1 << 13;
        Tensor x = Tensor.Arange(2 * Count, DType.Float32, Device.Find(device)).Reshape(Count, 2);
        Tensor turned = Tensor.Kernel(SampleKernels.Rotate, Count, [x], output: [Count, 2], numbers: [0, 1]).Reshape(2 * Count);
        float[] whole = Tensor.Concat(0, Tensor.Full([3], 7, device: x.Device), turned).ToArray<float>();
        Assert.Equal([7f, 7, 7, -1, 0, -3, 2], whole[..7]);
        Assert.Equal(2 * Count - 2, whole[^1]);
    }

    [Theory, MemberData(nameof(All))]
    public void Views_OfHalfTypesAndVectors_AreDTypes(string device)
    {
        Tensor x = Tensor.From([(Half)1.5f, (Half)(-3)], Device.Find(device));
        Tensor[] y = Tensor.Kernel(SampleKernels.Halves, 2, [x], outputs: [[2], [2, 2]]);
        Assert.Equal(DType.BFloat16, y[0].DType);
        Assert.Equal([3f, -6], y[0].Cast(DType.Float32).ToArray<float>());
        Assert.Equal([1.5f, -1.5f, -3, 3], y[1].ToArray<float>());
    }

    [Theory, MemberData(nameof(All))]
    public void Lambda_ThatCaptures_HasTheValuesOfTheCall(string device)
    {
        Device d = Device.Find(device);
        Tensor x = Tensor.From([1f, 2], d);
        List<Tensor> results = [];
        for (int k = 0; k < 3; k++)
        {
            float factor = k % 2 == 0 ? 10 : 20;
            results.Add(Tensor.Kernel((Index1D i, ArrayView<float> x, ArrayView<float> y) => { y[i] = factor * x[i]; }, 2, [x], output: [2]));
            factor = -1;
        }

        Assert.Equal([10f, 20], results[0].ToArray<float>());
        Assert.Equal([20f, 40], results[1].ToArray<float>());
        Assert.Equal([10f, 20], results[2].ToArray<float>());
        Assert.Same(results[0].Node.Device, results[2].Node.Device);
    }

    [Fact]
    public void Compiled_CapturedKernel_RunsOnce()
    {
        Tensor table = Tensor.Kernel(SampleKernels.EveryOther, 6, [], output: [6], options: new() { ZeroOutputs = true, Device = Device.Cpu });
        CompiledFunction<Tensor, Tensor> f = Jit.Compile((Tensor x) => x + table);
        Assert.Equal([1, 1, 3, 1, 5, 1], f.Invoke(Tensor.Ones([6], DType.Int32, Device.Cpu).Realize()).ToArray<int>());
        Assert.DoesNotContain("EveryOther", f.Report(), StringComparison.Ordinal);
    }

    [Fact]
    public void Kernel_OnDebug_IsTheMethodItself()
    {
        Tensor x = Tensor.From([1f, 2], Device.Debug);
        Tensor y = Tensor.Kernel(SampleKernels.Scale, 3, [x], output: [3], numbers: [1, 1]);
        Exception e = Assert.ThrowsAny<Exception>(() => y.ToArray<float>());
        // Where launches are verified the interpreter comes first.
        if (!EngineEnvironment.Verify) Assert.Equal("x", Assert.IsType<KernelIndexException>(e).View);
    }

    [Fact]
    public void Calls_ThatAreEqual_AreComputedOnce()
    {
        Tensor x = Tensor.From([1f, 2, 3], Device.Cpu);
        Tensor Call() => Tensor.Kernel(SampleKernels.Scale, 3, [x], output: [3], numbers: [2f, 0.5f], jvp: (_, dx, _) => [dx[0]]);
        string report = ReportOf(() => Call() * Call());
        Assert.Single(report.Split('\n'), line => line.Contains("Scale", StringComparison.Ordinal));
    }

    [Fact]
    public void Sizes_OfNothing_Work()
    {
        Tensor none = Tensor.Zeros([0]);
        Assert.Empty(Tensor.Kernel(SampleKernels.Scale, 0, [none], output: [0], numbers: [1, 1]).ToArray<float>());
        Tensor[] both = Tensor.Kernel(SampleKernels.SumAndProduct, 0, [none, none], outputs: [[0], [2]], options: new() { ZeroOutputs = true });
        Assert.Equal([0f, 0], both[1].ToArray<float>());
    }

    [Fact]
    public void Node_InPrint_HasTheKernelsName()
    {
        Tensor x = Tensor.From([1f, 2, 3], Device.Cpu);
        Assert.Contains("kernel Scale", Tensor.Kernel(SampleKernels.Scale, 3, [x], output: [3], numbers: [1, 1]).Node.ToString(), StringComparison.Ordinal);
        Assert.Contains("SampleKernels_Scale", ReportOf(() => Tensor.Kernel(SampleKernels.Scale, 3, [x], output: [3], numbers: [1, 1])), StringComparison.Ordinal);
    }

    private static string ReportOf(Func<Tensor> function)
    {
        CompiledFunction<Tensor> f = Jit.Compile(function);
        f.Invoke().Realize();
        return f.Report();
    }
}
