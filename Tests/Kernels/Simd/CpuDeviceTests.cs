using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Tests.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Simd;

public class CpuDeviceTests
{
    private static readonly CpuDevice s_one = new(1);
    private static readonly CpuDevice s_two = new(2);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1003)]
    [InlineData(200_001)]
    public void Launch_Extents_WriteTheirRangeOnly(int extent)
    {
        Kernel kernel = Squares();
        foreach (CpuDevice device in (CpuDevice[])[s_one, s_two])
        {
            float[] data = [.. Enumerable.Range(0, extent + 64).Select(i => i % 1000 + 0.5f)];
            DeviceMemory memory = Upload(device, data);
            device.Launch(device.Compile(kernel), LaunchShape.Range(extent), [KernelArgument.Pointer(memory)]);
            float[] result = Download(device, memory, data.Length);
            for (int i = 0; i < data.Length; i++)
                Assert.Equal(i < extent ? data[i] * data[i] : data[i], result[i]);
            memory.Release();
        }
    }

    [Theory]
    [InlineData(LaunchKind.Range3D)]
    [InlineData(LaunchKind.Grouped)]
    public void Launch_MoreRowsOrGroupsThanInt32Counts_IsRefused(object kind)
    {
        // 2³¹ rows of one item, or groups of one: a number that was cut to 32 bits made them none.
        Kernel kernel = new("nothing", (LaunchKind)kind, []);
        new Builder(kernel.Body).Append(new Return());
        LaunchShape shape = (LaunchKind)kind == LaunchKind.Grouped
            ? new LaunchShape(default, new Index3D(1, 1 << 16, 1 << 15), new Index3D(1, 1, 1))
            : LaunchShape.Range(1, 1 << 16, 1 << 15);
        DeviceException refusal = Assert.Throws<DeviceException>(() => s_one.Launch(s_one.Compile(kernel), shape, []));
        Assert.Equal("CTG3006", refusal.Code);
        Assert.Contains("1×65536×32768", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Launch_LargerThanTheCaches_WritesEveryElement()
    {
        const int Extent = (32 << 20) / 4 + 37;
        Parameter x = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 0);
        Parameter y = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 1);
        Kernel kernel = new("increment", LaunchKind.Range1D, [x, y]);
        Builder b = new(kernel.Body);
        Value i = b.Position(Opcode.GlobalIndex);
        b.Store(y, i, b.Add(b.Load(x, i), Constant.Of(1f)));
        b.Append(new Return());
        float[] data = [.. Enumerable.Range(0, Extent).Select(j => (float)(j % 4096))];
        DeviceMemory source = Upload(s_two, data);
        DeviceMemory target = s_two.AllocateMemory(4L * Extent);
        s_two.Launch(s_two.Compile(kernel), LaunchShape.Range(Extent), [KernelArgument.Pointer(source), KernelArgument.Pointer(target)]);
        float[] result = Download(s_two, target, Extent);
        Assert.Equal(-1, Enumerable.Range(0, Extent).FirstOrDefault(j => result[j] != data[j] + 1, -1));
        source.Release();
        target.Release();
    }

    [Fact]
    public void Launch_OneOrTwoThreads_GivesTheSameBits()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            RandomCase c = RandomKernels.Next(new Random(seed), new RandomKernelOptions { Grouped = seed % 2 == 0 });
            Assert.Null(c.Difference(c.RunOn(s_one), c.RunOn(s_two)));
        }
    }

    [Fact]
    public void Launch_FloatAtomicsOfTwoThreads_LoseNothing()
    {
        Parameter p = new(IrType.Pointer(ScalarType.Float64, AddressSpace.Global), 0);
        Kernel kernel = new("count", LaunchKind.Range1D, [p]);
        Builder b = new(kernel.Body);
        b.AtomicAdd(p, Constant.Of(0), Constant.Of(1.0));
        b.Append(new Return());
        DeviceMemory memory = Upload(s_two, [0.0]);
        s_two.Launch(s_two.Compile(kernel), LaunchShape.Range(300_000), [KernelArgument.Pointer(memory)]);
        double[] result = new double[1];
        s_two.Read(memory, 0, MemoryMarshal.AsBytes(result.AsSpan()));
        Assert.Equal(300_000, result[0]);
    }

    [Fact]
    public void Launch_AfterTheFirst_AllocatesNothing()
    {
        CompiledKernel kernel = s_two.Compile(Squares());
        DeviceMemory memory = s_two.AllocateMemory(4 << 16);
        KernelArgument[] arguments = [KernelArgument.Pointer(memory)];
        for (int i = 0; i < 50; i++)
            s_two.Launch(kernel, LaunchShape.Range(1 << 16), arguments);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
            s_two.Launch(kernel, LaunchShape.Range(1 << 16), arguments);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Launch_TypedGroups_AllocatesNothing()
    {
        Action<KernelConfig, ArrayView<int>> number = s_two.LoadGrouped<ArrayView<int>>(Number);
        DeviceBuffer<int> buffer = s_two.Allocate<int>(64);
        for (int i = 0; i < 50; i++)
            number((1, 64), buffer);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
            number((1, 64), buffer);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Number(ArrayView<int> y) => y[Group.IdxX] = Group.IdxX;

    [Fact]
    public void Launch_ScalarForPointer_IsRefused() => Assert.Throws<DeviceException>(() =>
        s_one.Launch(s_one.Compile(Squares()), LaunchShape.Range(4), [KernelArgument.Scalar(1)]));

    [Fact]
    public void Launch_GroupBeyondTheLimit_IsRefusedWithTheLimit()
    {
        Kernel empty = new("empty", LaunchKind.Grouped, []);
        empty.Body.Nodes.Add(new Return());
        DeviceException error = Assert.Throws<DeviceException>(
            () => s_one.Launch(s_one.Compile(empty), LaunchShape.Groups(1, 100_000), []));
        Assert.Contains("at most 1024", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Listing_OfARangeKernel_NamesItsStatements() =>
        Assert.Contains("Store", s_one.Compile(Squares()).Listing, StringComparison.Ordinal);

    [Fact]
    public void AllocateMemory_AfterRelease_ReusesTheBlock()
    {
        CpuDevice device = new(1);
        DeviceMemory first = device.AllocateMemory(5000);
        nint pointer = first.HostPointer;
        Assert.Equal(0, pointer % 64);
        first.Release();
        first.Release();
        Assert.Equal(0, device.BytesInUse);
        Assert.Equal(pointer, device.AllocateMemory(5100).HostPointer);
    }

    [Fact]
    public void AllocateMemory_MoreThanTheMachineHas_ThrowsWithTheSizes() =>
        Assert.Contains("1,000,000,000,000,000", Assert.Throws<DeviceOutOfMemoryException>(() =>
            s_one.AllocateMemory(1_000_000_000_000_000)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_OutsideTheBlock_IsRefused() => Assert.Throws<DeviceException>(() =>
        s_one.Read(s_one.AllocateMemory(16), 8, new byte[16]));

    private static Kernel Squares()
    {
        Parameter p = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 0);
        Kernel kernel = new("squares", LaunchKind.Range1D, [p]);
        Builder b = new(kernel.Body);
        Value i = b.Position(Opcode.GlobalIndex);
        Value x = b.Load(p, i);
        b.Store(p, i, b.Mul(x, x));
        b.Append(new Return());
        return kernel;
    }

    private static DeviceMemory Upload<T>(Device device, T[] values) where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values.AsSpan());
        DeviceMemory memory = device.AllocateMemory(bytes.Length);
        device.Write(bytes, memory, 0);
        return memory;
    }

    private static float[] Download(Device device, DeviceMemory memory, int count)
    {
        float[] values = new float[count];
        device.Read(memory, 0, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
