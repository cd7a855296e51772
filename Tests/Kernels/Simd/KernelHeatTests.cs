using System.Diagnostics;
using System.Reflection;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Targets;

namespace Cotangent.Tests.Kernels.Simd;

/// <summary>When a kernel's full code is compiled.</summary>
public class KernelHeatTests
{
    [Fact]
    public void Add_SmallLaunches_WarmsWhenTheyHaveAddedUp()
    {
        KernelHeat heat = new(Squares(), cost: 5);
        long launches = KernelHeat.Warm / 1024;
        for (long i = 1; i < launches; i++)
            Assert.False(heat.Add(1024));
        Assert.True(heat.Add(1024));
        Assert.True(heat.Add(1));
    }

    [Fact]
    public void Add_OneLargeLaunch_IsWarmAtOnce() => Assert.True(new KernelHeat(Squares(), cost: 5).Add(KernelHeat.Warm));

    [Fact]
    public void AddTime_LongLaunches_WarmAKernelOfFewItemsAfterTheFirst()
    {
        KernelHeat heat = new(Squares(), cost: 5);
        heat.AddTime(1); // this one has compiled
        Assert.False(heat.Add(1));
        heat.AddTime(KernelHeat.Longest / 2);
        Assert.False(heat.Add(1));
        heat.AddTime(KernelHeat.Longest / 2);
        Assert.True(heat.Add(1));
    }

    [Fact]
    public void Launch_UntilWarm_ChangesToFullCode()
    {
        CpuDevice device = new(1);
        CpuKernel kernel = (CpuKernel)device.Compile(Squares());
        DeviceMemory memory = device.AllocateMemory(4 * KernelHeat.Warm);
        device.Launch(kernel, LaunchShape.Range(1000), [KernelArgument.Pointer(memory)]);
        Assert.DoesNotContain("masked:", kernel.Listing, StringComparison.Ordinal);
        Assert.False(kernel.IsSettled);
        device.Launch(kernel, LaunchShape.Range((int)KernelHeat.Warm), [KernelArgument.Pointer(memory)]);
        Assert.Contains("the last items, masked:", kernel.Listing, StringComparison.Ordinal);
        Assert.True(kernel.IsSettled);
        float[] values = new float[KernelHeat.Warm];
        device.Read(memory, 0, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
        for (int i = 0; i < values.Length; i++)
            Assert.Equal((float)i * i, values[i]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Compile_QuickCode_IsLeftUnoptimisedByTheJit(bool quick)
    {
        SimdCode code = SimdCode.Compile(Squares(), new SimdTarget(VectorIsa.Best, 1, Quick: quick));
        Assert.Equal(quick, IsUnoptimised(code.Entry.Method.Module.Assembly) && !IsUnoptimised(typeof(KernelHeat).Assembly));

        static bool IsUnoptimised(Assembly assembly) => assembly.GetCustomAttribute<DebuggableAttribute>()?.IsJITOptimizerDisabled == true;
    }

    [Fact]
    public void Launch_OfAWarmKernelTooLargeForTheOptimiser_GoesOnInQuickCode()
    {
        CpuDevice device = new(1);
        CpuKernel kernel = (CpuKernel)device.Compile(Scrambled(statements: 4000));
        const int items = 100;
        DeviceMemory memory = device.AllocateMemory(sizeof(int) * items);
        foreach (long before in (long[])[0, KernelHeat.Warm])
        {
            kernel.Heat.Add(before);
            device.Launch(kernel, LaunchShape.Range(items), [KernelArgument.Pointer(memory)]);
            int[] values = new int[items];
            device.Read(memory, 0, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
            Assert.Equal(Enumerable.Range(0, items).Select(i => Scramble(i, 4000)), values);
        }

        Assert.True(kernel.IsSettled);
        Assert.True(kernel.Code(new SimdTarget(VectorIsa.Best, 4)).Target.Quick);
    }

    private static int Scramble(int x, int statements)
    {
        for (int k = 1; k <= statements; k++)
            x = k % 2 == 0 ? x ^ (k * 77) : unchecked(x + (k * 1001));
        return x;
    }

    /// <summary>x[i] = <see cref="Scramble"/>(i), without a loop.</summary>
    private static Kernel Scrambled(int statements)
    {
        Parameter x = new(IrType.Pointer(ScalarType.Int32, AddressSpace.Global), 0);
        Kernel kernel = new("scrambled", LaunchKind.Range1D, [x]);
        Builder b = new(kernel.Body);
        Value i = b.Position(Opcode.GlobalIndex), value = i;
        for (int k = 1; k <= statements; k++)
            value = k % 2 == 0 ? b.Binary(Opcode.Xor, value, Constant.Of(k * 77)) : b.Add(value, Constant.Of(k * 1001));
        b.Store(x, i, value);
        b.Append(new Return());
        return kernel;
    }

    /// <summary>x[i] = i·i: five nodes.</summary>
    private static Kernel Squares()
    {
        Parameter x = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 0);
        Kernel kernel = new("heat", LaunchKind.Range1D, [x]);
        Builder b = new(kernel.Body);
        Value i = b.Position(Opcode.GlobalIndex), number = b.Convert(i, ScalarType.Float32);
        b.Store(x, i, b.Mul(number, number));
        b.Append(new Return());
        return kernel;
    }
}
