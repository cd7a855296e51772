using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Simd;

/// <summary>Launches issued as one: the same bits as one after the other, wherever the threads' parts are cut.</summary>
public class CpuBatchTests
{
    private static readonly CpuDevice s_one = new(1);
    private static readonly CpuDevice s_two = new(2);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 30)];

    [Theory, MemberData(nameof(Seeds))]
    public void Launch_ABatch_GivesWhatLaunchingEachGives(int seed)
    {
        Random random = new(seed);
        CpuDevice device = seed % 2 == 0 ? s_one : s_two;
        int count = random.Next(1, 12);
        int[] sizes = [.. Enumerable.Range(0, count).Select(_ => random.Next(3) == 0 ? random.Next(1, 200_000) : random.Next(1, 300))];
        CompiledKernel squares = device.Compile(Kernel("squares", (b, x, _) => b.Mul(x, x)));
        CompiledKernel numbers = device.Compile(Kernel("numbers", (b, x, i) => b.Add(x, b.Convert(i, ScalarType.Float32))));
        float[][] inputs = [.. sizes.Select(n => Enumerable.Range(0, n).Select(_ => random.NextSingle()).ToArray())];
        DeviceMemory[] x = [.. inputs.Select(v => Upload(device, v))], y = [.. sizes.Select(n => Upload(device, new float[n]))];
        BatchedLaunch[] batch = [.. sizes.Select((n, i) =>
            new BatchedLaunch(i % 2 == 0 ? squares : numbers, LaunchShape.Range(n), [KernelArgument.Pointer(x[i]), KernelArgument.Pointer(y[i])]))];

        device.Launch(batch);

        for (int i = 0; i < count; i++)
            Assert.Equal(inputs[i].Select((v, k) => i % 2 == 0 ? v * v : v + k), Download(device, y[i], sizes[i]));
    }

    [Theory, InlineData(1), InlineData(2)]
    public void Launch_RangesOfOneKernel_ReadEachPartWhereItLies(int threads)
    {
        CpuDevice device = threads == 1 ? s_one : s_two;
        int[] ends = [1, 18, 18 + 70_001, 18 + 70_001 + 130_000];
        CompiledKernel numbers = device.Compile(Kernel("numbers", (b, x, i) => b.Add(x, b.Convert(i, ScalarType.Float32))));
        DeviceMemory y = Upload(device, new float[ends[^1]]);
        BatchedLaunch[] batch = [.. ends.Select((to, i) =>
        {
            int from = i == 0 ? 0 : ends[i - 1];
            DeviceMemory part = Upload(device, Enumerable.Repeat(0.25f * i, to - from).ToArray());
            return new BatchedLaunch(numbers, LaunchShape.Range(ends[^1]), [KernelArgument.Pointer(part), KernelArgument.Pointer(y)],
                new ItemRange(from, to, Parameter: 0));
        })];

        device.Launch(batch);

        int Part(int item) => Array.FindIndex(ends, end => item < end);
        Assert.Equal(Enumerable.Range(0, ends[^1]).Select(i => (0.25f * Part(i)) + i), Download(device, y, ends[^1]));
    }

    [Fact]
    public void Launch_ItemsThatAreNotThere_AreRefused()
    {
        CompiledKernel squares = s_one.Compile(Kernel("squares", (b, x, _) => b.Mul(x, x)));
        KernelArgument[] arguments = [KernelArgument.Pointer(Upload(s_one, new float[8])), KernelArgument.Pointer(Upload(s_one, new float[8]))];
        Refuses("CTG3006", new ItemRange(4, 9));
        Refuses("CTG3008", new ItemRange(0, 16, Parameter: 0), extent: 16);

        void Refuses(string number, ItemRange items, int extent = 8) => Assert.StartsWith(number, Assert.Throws<DeviceException>(
            () => s_one.Launch([new BatchedLaunch(squares, LaunchShape.Range(extent), arguments, items)])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Launch_ABatchAgain_AllocatesNothing()
    {
        CompiledKernel squares = s_two.Compile(Kernel("squares", (b, x, _) => b.Mul(x, x)));
        BatchedLaunch[] batch = [.. Enumerable.Range(0, 20).Select(i => new BatchedLaunch(squares, LaunchShape.Range(1 << 12),
            [KernelArgument.Pointer(Upload(s_two, new float[1 << 12])), KernelArgument.Pointer(Upload(s_two, new float[1 << 12]))]))];
        for (int i = 0; i < 50; i++)
            s_two.Launch(batch);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
            s_two.Launch(batch);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Ranges that begin at whole vectors are stored past the caches, others are not: a kernel has both codes.</summary>
    [Fact]
    public void Launch_RangesOfTwoCodes_AllocatesNothing()
    {
        const int size = 10 << 20;
        CompiledKernel squares = s_two.Compile(Kernel("squares", (b, x, _) => b.Mul(x, x)));
        KernelArgument[] arguments = [KernelArgument.Pointer(s_two.AllocateMemory(4L * size)), KernelArgument.Pointer(s_two.AllocateMemory(4L * size))];
        BatchedLaunch[] batch = [.. Enumerable.Range(0, 8).Select(i =>
            new BatchedLaunch(squares, LaunchShape.Range(size), arguments, new ItemRange(i * 1111, (i + 1) * 1111)))];
        for (int i = 0; i < 1000; i++)
            s_two.Launch(batch); // until the kernel is warm
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
            s_two.Launch(batch);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static Kernel Kernel(string name, Func<Builder, Value, Value, Value> map)
    {
        Parameter x = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 0), y = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 1);
        Kernel kernel = new(name, LaunchKind.Range1D, [x, y]);
        Builder b = new(kernel.Body);
        Value i = b.Position(Opcode.GlobalIndex);
        b.Store(y, i, map(b, b.Load(x, i), i));
        b.Append(new Return());
        return kernel;
    }

    private static DeviceMemory Upload(CpuDevice device, float[] values)
    {
        DeviceMemory memory = device.AllocateMemory(values.Length * sizeof(float));
        device.Write(MemoryMarshal.AsBytes(values.AsSpan()), memory, 0);
        return memory;
    }

    private static float[] Download(CpuDevice device, DeviceMemory memory, int count)
    {
        float[] values = new float[count];
        device.Read(memory, 0, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
