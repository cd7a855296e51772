using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Xunit;

namespace Cotangent.Tests.Kernels.Library;

public sealed class RadixSortTests
{
    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Keys_Ints_AreSorted(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in Lengths(device))
        {
            int[] x = LibraryCases.Ints(n);
            using DeviceBuffer<int> input = device.Allocate<int>(x);
            using DeviceBuffer<int> output = device.Allocate<int>(n);
            RadixSort.Keys<int, AscendingInt32>(device, input, output);
            Assert.Equal(x.Order(), output.ToArray());
            Assert.Equal(x, input.ToArray());
        }
    }

    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Keys_FloatsInPlace_AreInTotalOrder(string id)
    {
        Device device = Devices.Get(id);
        float[] x = [.. LibraryCases.Floats(600), 0f, -0f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon];
        using DeviceBuffer<float> keys = device.Allocate<float>(x);
        RadixSort.Keys<float, DescendingFloat>(device, keys, keys);
        Assert.Equal(x.OrderBy(Total).Reverse().Select(BitConverter.SingleToInt32Bits),
            keys.ToArray().Select(BitConverter.SingleToInt32Bits));

        static int Total(float v)
        {
            int bits = BitConverter.SingleToInt32Bits(v);
            return bits < 0 ? int.MinValue - bits - 1 : bits;
        }
    }

    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Pairs_EqualKeys_KeepTheirOrder(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in Lengths(device))
        {
            uint[] keys = LibraryCases.Elements(n, r => (uint)r.Next(0, 100) << 20);
            int[] values = [.. Enumerable.Range(0, n)];
            using DeviceBuffer<uint> keysOut = device.Allocate<uint>(n);
            using DeviceBuffer<int> valuesOut = device.Allocate<int>(n);
            RadixSort.Pairs<uint, int, DescendingUInt32>(
                device, device.Allocate<uint>(keys), device.Allocate<int>(values), keysOut, valuesOut);
            int[] expected = [.. values.OrderByDescending(v => keys[v])];
            Assert.Equal(expected, valuesOut.ToArray());
            Assert.Equal(expected.Select(v => keys[v]), keysOut.ToArray());
        }
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Keys_64Bits_AreSorted(string id)
    {
        Device device = Devices.Get(id);
        long[] longs = LibraryCases.Elements(5000, r => r.NextInt64(long.MinValue, long.MaxValue));
        using DeviceBuffer<long> keys = device.Allocate<long>(longs);
        RadixSort.Keys<long, DescendingInt64>(device, keys, keys);
        Assert.Equal(longs.OrderDescending(), keys.ToArray());
        double[] doubles = [.. longs.Select(v => v * 1e-3)];
        using DeviceBuffer<double> others = device.Allocate<double>(doubles);
        RadixSort.Keys<double, AscendingDouble>(device, others, others);
        Assert.Equal(doubles.Order(), others.ToArray());
    }

    [Fact]
    public void Pairs_TooFewValues_AreRefused()
    {
        Device device = Device.Cpu;
        DeviceBuffer<int> four = device.Allocate<int>(4);
        Assert.Throws<ViewLengthException>(() =>
            RadixSort.Pairs<int, int, AscendingInt32>(device, four, device.Allocate<int>(3), four, four));
    }

    /// <summary>Each length is 32 launches; Device.Debug makes 256 threads for each.</summary>
    private static int[] Lengths(Device device) => device.Id == "debug" ? [0, 300] : LibraryCases.Lengths(device);
}
