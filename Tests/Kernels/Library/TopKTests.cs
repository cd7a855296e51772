using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Xunit;

namespace Cotangent.Tests.Kernels.Library;

public sealed class TopKTests
{
    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Find_LargestFloats_AreThoseOfAStableSort(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in device.Id == "debug" ? [100] : LibraryCases.Lengths(device).Where(n => n > 0))
        {
            foreach (int k in new[] { 0, 10, 1, 1024 }.Where(k => k <= n).Take(device.Id == "debug" ? 2 : 4))
            {
                float[] x = LibraryCases.Elements(n, r => r.Next(-200, 200) * 0.5f);
                using DeviceBuffer<float> keys = device.Allocate<float>(k);
                using DeviceBuffer<int> positions = device.Allocate<int>(k);
                TopK.Find<float, DescendingFloat>(device, device.Allocate<float>(x), keys, positions);
                int[] expected = [.. Enumerable.Range(0, n).OrderByDescending(i => x[i]).Take(k)];
                Assert.Equal(expected, positions.ToArray());
                Assert.Equal(expected.Select(i => x[i]), keys.ToArray());
            }
        }
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Find_SmallestLongs_AreThoseOfASort(string id)
    {
        Device device = Devices.Get(id);
        long[] x = LibraryCases.Elements(5000, r => r.NextInt64(long.MinValue, long.MaxValue));
        using DeviceBuffer<long> keys = device.Allocate<long>(100);
        using DeviceBuffer<int> positions = device.Allocate<int>(100);
        TopK.Find<long, AscendingInt64>(device, device.Allocate<long>(x), keys, positions);
        Assert.Equal(x.Order().Take(100), keys.ToArray());
        Assert.Equal(keys.ToArray(), positions.ToArray().Select(i => x[i]));
    }

    [Fact]
    public void Find_MoreThanThereAre_IsRefused()
    {
        Device device = Device.Cpu;
        ViewLengthException refusal = Assert.Throws<ViewLengthException>(() => TopK.Find<int, AscendingInt32>(
            device, device.Allocate<int>(3), device.Allocate<int>(4), device.Allocate<int>(4)));
        Assert.StartsWith("TopK.Find: 'input' has 3 elements; it must have at least 4.", refusal.Message);
    }
}
