using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.OpenCl;
using Cotangent.Kernels.Targets;

namespace Cotangent.Tests;

/// <summary>The translations for drivers that lack something, run on the driver at hand as if it did.</summary>
public class OpenClTraitsTests
{
    private static readonly IrType s_floats = IrCase.Global(ScalarType.Float32);

    private static readonly OpenClTraits s_bare =
        new(Float64: false, CorrectDivideSqrt: false, Int64Atomics: false, SerialGroups: false);

    [TheoryOn("opencl")]
    [InlineData(false)]
    [InlineData(true)]
    public void DivideAndSqrt_WithoutTheDriversPromise_AreCorrectlyRounded(bool float64)
    {
        Device device = Device(s_bare with { Float64 = float64 });
        Random random = new(11);
        float[] x = [.. Enumerable.Range(0, 20000).Select(i => i < 4000 ? Near(random) : Any(random))];
        float[] y = [.. Enumerable.Range(0, 20000).Select(i => i < 4000 ? Near(random) : Any(random))];
        Kernel kernel = IrCase.Build("divide_sqrt", LaunchKind.Range1D, [s_floats, s_floats, s_floats, s_floats], (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            b.Store(p[2], i, b.Div(b.Load(p[0], i), b.Load(p[1], i)));
            b.Store(p[3], i, b.Unary(Opcode.Sqrt, b.Load(p[0], i)));
        });
        IrCase launch = new(kernel, LaunchShape.Range(x.Length), x, y, new float[x.Length], new float[x.Length]);
        launch.Check(device, device.Compile(kernel));
    }

    [FactOn("opencl")]
    public void GroupAdd_InParallel_HasTheInterpretersBits()
    {
        Device device = Device(s_bare);
        Kernel kernel = IrCase.Build("parallel_sum", LaunchKind.Grouped, [s_floats], (b, p) =>
        {
            Value i = b.Position(Opcode.GlobalIndex);
            b.Store(p[0], i, b.GroupReduce(Opcode.GroupAdd, b.Load(p[0], i)));
        });
        float[] x = [.. Enumerable.Range(0, 42).Select(i => MathF.Sin(i))];
        IrCase launch = new(kernel, LaunchShape.Groups(3, 14), x);
        launch.Check(device, device.Compile(kernel));
    }

    [FactOn("opencl")]
    public void Compile_Float64WithoutTheExtension_IsRefused()
    {
        Kernel kernel = IrCase.Build("wants_f64", LaunchKind.Range1D, [IrCase.Global(ScalarType.Float64)], (b, p) =>
            b.Store(p[0], Constant.Of(0), b.Load(p[0], Constant.Of(1))));

        DeviceException e = Assert.Throws<DeviceException>(() => Device(s_bare).Compile(kernel));

        Assert.Equal("CTG3007", e.Code);
        Assert.Contains("'wants_f64' uses f64", e.Message, StringComparison.Ordinal);
    }

    [FactOn("opencl")]
    public void Compile_LongAtomicsWithoutTheExtension_AreRefused()
    {
        Kernel kernel = IrCase.Build("wants_atomics", LaunchKind.Range1D, [IrCase.Global(ScalarType.Int64)], (b, p) =>
            b.AtomicAdd(p[0], Constant.Of(0), Constant.Of(1L)));

        DeviceException e = Assert.Throws<DeviceException>(() => Device(s_bare).Compile(kernel));

        Assert.Equal("CTG3007", e.Code);
        Assert.Contains("i64", e.Message, StringComparison.Ordinal);
    }

    [FactOn("opencl")]
    public void LongAtomics_WithoutTheExtendedOnes_GoByCompareAndExchange()
    {
        Device device = Device(s_bare with { Int64Atomics = true });
        Opcode[] opcodes = [Opcode.AtomicMin, Opcode.AtomicMax, Opcode.AtomicAnd, Opcode.AtomicOr, Opcode.AtomicXor, Opcode.AtomicAdd];
        Kernel kernel = IrCase.Build("long_atomics", LaunchKind.Range1D, [IrCase.Global(ScalarType.Int64)], (b, p) =>
        {
            Value i = b.Convert(b.Position(Opcode.GlobalIndex), ScalarType.Int64);
            Value x = b.Sub(b.Mul(i, b.Mul(i, Constant.Of(0x1_0000_0007L))), Constant.Of(1L << 40));
            for (int k = 0; k < opcodes.Length; k++)
                b.Atomic(opcodes[k], p[0], Constant.Of(k), x);
        });
        new IrCase(kernel, LaunchShape.Range(100), new long[] { 5, 5, -1, 5, 5, 5 }).Check(device, device.Compile(kernel));
    }

    private static OpenClDevice Device(OpenClTraits traits)
    {
        OpenClApi api = OpenClApi.TryLoad()!;
        return new OpenClDevice(api, OpenClInfo.FindAll(api)[0] with { Traits = traits }, "opencl:test");
    }

    private static float Any(Random random) => BitConverter.UInt32BitsToSingle((uint)random.NextInt64());

    // Quotients near 1, products of small whole numbers, subnormals: where ties are.
    private static float Near(Random random) => random.Next(3) switch
    {
        0 => 1 + random.Next(100) * MathF.Pow(2, -23),
        1 => random.Next(1, 4000),
        _ => random.Next(1, 1000) * float.Epsilon,
    };
}
