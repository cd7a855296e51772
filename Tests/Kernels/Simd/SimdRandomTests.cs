using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;
using Cotangent.Kernels.Targets;
using Cotangent.Tests.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Simd;

/// <summary>Random kernels against the interpreter, bit for bit.</summary>
public class SimdRandomTests
{
    /// <summary>Bits of the vectors and how many of them run in lockstep; 0 for quick code.</summary>
    public static TheoryData<int, int> Widths => new()
    {
        { 512, 4 }, { 512, 2 }, { 512, 1 }, { 256, 4 }, { 256, 1 }, { 128, 4 }, { 128, 2 }, { 512, Quick }, { 256, Quick }, { 128, Quick },
    };

    internal const int Quick = 0;

    internal static CpuDevice Device(int bits, int unroll, Func<Kernel, Kernel>? lower = null, int threads = 1) =>
        new(threads, Isa(bits), unroll == Quick ? null : unroll, lower, quick: unroll == Quick);

    [Theory]
    [MemberData(nameof(Widths))]
    public void Launch_RandomRangeKernels_EqualsTheInterpreter(int bits, int unroll) =>
        Check(bits, unroll, 25, new RandomKernelOptions());

    [Theory]
    [MemberData(nameof(Widths))]
    public void Launch_RandomNarrowKernels_EqualsTheInterpreter(int bits, int unroll) =>
        Check(bits, unroll, 25, new RandomKernelOptions { Wide = false, Size = 15 });

    [Theory]
    [InlineData(512, 4)]
    [InlineData(256, 4)]
    [InlineData(128, 4)]
    [InlineData(512, Quick)]
    [InlineData(256, Quick)]
    [InlineData(128, Quick)]
    public void Launch_RandomGroupedKernels_EqualsTheInterpreter(int bits, int unroll) =>
        Check(bits, unroll, 25, new RandomKernelOptions { Grouped = true });

    [Theory]
    [InlineData(512, 16, 4)]
    [InlineData(512, 16, 8)]
    [InlineData(512, 32, 2)]
    [InlineData(512, 16, 32)]
    [InlineData(512, 16, 6)]
    [InlineData(256, 8, 8)]
    [InlineData(128, 4, 4)]
    public void Launch_RandomRowsInLockstep_EqualsTheInterpreter(int bits, int x, int y)
    {
        CpuDevice device = new(1, Isa(bits), lower: kernel => kernel);
        CpuDevice optimizing = new(1, Isa(bits));
        int inLockstep = 0;
        for (int seed = 0; seed < 30; seed++)
        {
            RandomKernelOptions options = new() { Grouped = true, Group = new Index3D(x, y, 1), Size = 8 + seed % 5, Wide = seed % 3 == 0 };
            RandomCase c = RandomKernels.Next(new Random(seed), options);
            SimdTarget target = new(Isa(bits), 32 * x / bits, new Index3D(x, y, 1));
            inLockstep += RowLockstep.RowsOf(c.Kernel, target) > 1 ? 1 : 0;
            string? difference = c.Difference(c.Interpret(), c.RunOn(device));
            Assert.True(difference is null, $"seed {seed}: {difference}");
            difference = c.Difference(c.Interpret(Pipeline.Run(c.Kernel)), c.RunOn(optimizing));
            Assert.True(difference is null, $"seed {seed}, after the passes: {difference}");
        }

        Assert.InRange(inLockstep, 2, 30);
    }

    private static void Check(int bits, int unroll, int count, RandomKernelOptions options)
    {
        CpuDevice device = Device(bits, unroll, kernel => kernel);
        CpuDevice optimizing = Device(bits, unroll);
        for (int seed = 0; seed < count; seed++)
        {
            RandomCase c = RandomKernels.Next(new Random(seed), options);
            string? difference = c.Difference(c.Interpret(), c.RunOn(device));
            Assert.True(difference is null, $"seed {seed}: {difference}");
            difference = c.Difference(c.Interpret(Pipeline.Run(c.Kernel)), c.RunOn(optimizing));
            Assert.True(difference is null, $"seed {seed}, after the passes: {difference}");
        }
    }

    internal static VectorIsa Isa(int bits) => bits switch
    {
        512 => VectorIsa.Bits512,
        256 => VectorIsa.Bits256,
        _ => VectorIsa.Bits128,
    };
}
