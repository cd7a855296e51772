using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Cotangent.Tests.Kernels.Simd;
using Xunit;

namespace Cotangent.Tests.Kernels.Library;

/// <summary>The library at every vector width and with one and two threads.</summary>
public sealed class CpuWidthTests
{
    private readonly record struct Odd : IPredicate<int>
    {
        public bool Test(int value) => (value & 1) != 0;
    }

    public static TheoryData<int, int, int> Cases => new()
    {
        { 1, 512, 4 }, { 2, 512, 4 }, { 1, 512, 1 }, { 1, 256, 4 }, { 2, 256, 2 }, { 1, 128, 4 }, { 1, 128, 1 },
        { 1, 512, 0 }, { 2, 512, 0 }, { 1, 256, 0 }, { 1, 128, 0 },
    };

    [Theory, MemberData(nameof(Cases))]
    public void Library_AnyWidthAndThreads_HasTheSameBits(int threads, int bits, int unroll)
    {
        CpuDevice device = SimdRandomTests.Device(bits, unroll, threads: threads);
        int[] x = LibraryCases.Ints(20_001);
        float[] f = LibraryCases.Floats(20_001);
        using DeviceBuffer<int> ints = device.Allocate<int>(x), output = device.Allocate<int>(x.Length), count = device.Allocate<int>(1);
        using DeviceBuffer<float> floats = device.Allocate<float>(f), sums = device.Allocate<float>(f.Length);
        RadixSort.Keys<int, AscendingInt32>(device, ints, output);
        Assert.Equal(x.Order(), output.ToArray());
        Compaction.Where<int, Odd>(device, ints, default, output, count);
        Assert.Equal(x.Where(v => (v & 1) != 0), output.ToArray()[..count.ToArray()[0]]);
        Scan.Exclusive<float, AddFloat>(device, floats, sums);
        Assert.Equal(Interpreted.Sums, sums.ToArray().Select(BitConverter.SingleToInt32Bits));
        Assert.Equal(Interpreted.Sum, BitConverter.SingleToInt32Bits(Reduction.Reduce<float, AddFloat>(device, floats)));
        ulong[] wide = [.. x.Select(v => (ulong)v << 7)];
        using DeviceBuffer<ulong> longs = device.Allocate<ulong>(wide);
        RadixSort.Keys<ulong, DescendingUInt64>(device, longs, longs);
        Assert.Equal(wide.OrderDescending(), longs.ToArray());
    }

    /// <summary>What the interpreter computes of the same floats.</summary>
    private static class Interpreted
    {
        public static readonly int[] Sums;
        public static readonly int Sum;

        static Interpreted()
        {
            Device device = Devices.Get("interpreter");
            using DeviceBuffer<float> floats = device.Allocate<float>(LibraryCases.Floats(20_001));
            Sum = BitConverter.SingleToInt32Bits(Reduction.Reduce<float, AddFloat>(device, floats));
            Scan.Exclusive<float, AddFloat>(device, floats, floats);
            Sums = [.. floats.ToArray().Select(BitConverter.SingleToInt32Bits)];
        }
    }
}
