using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Xunit;

namespace Cotangent.Tests.Kernels.Library;

public sealed class HistogramTests
{
    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Count_AnyLength_GivesPlainCounts(string id)
    {
        Device device = Devices.Get(id);
        foreach (int bins in new[] { 1, 256, 5000 })
        {
            foreach (int n in LibraryCases.Lengths(device))
            {
                int[] x = LibraryCases.Elements(n, r => r.Next(-2, bins + 2));
                int[] expected = new int[bins];
                foreach (int v in x.Where(v => v >= 0 && v < bins))
                    expected[v]++;
                using DeviceBuffer<int> counts = device.Allocate<int>(bins);
                Histogram.Count(device, device.Allocate<int>(x), counts);
                Assert.Equal(expected, counts.ToArray());
            }
        }
    }

    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Count_EvenBins_LeavesOutWhatIsOutside(string id)
    {
        Device device = Devices.Get(id);
        float[] x = [-1, 0, 0.24f, 0.25f, 0.999f, 1, float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f];
        using DeviceBuffer<int> counts = device.Allocate<int>(4);
        Histogram.Count<float, EvenBins>(device, device.Allocate<float>(x), new EvenBins(0, 4), counts);
        Assert.Equal([3, 1, 0, 1], counts.ToArray());
    }
}
