using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Xunit;

namespace Cotangent.Tests.Kernels.Library;

public sealed class SegmentedReductionTests
{
    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Reduce_ShortAndLongSegments_GivesPlainResults(string id)
    {
        Device device = Devices.Get(id);
        foreach (int longest in new[] { 20, 600 })
        {
            foreach (int segments in device.Id == "debug" ? new[] { 0, 1, 5 } : [0, 1, 33, 300])
            {
                Random random = new(segments);
                int[] offsets = new int[segments + 1];
                for (int s = 0; s < segments; s++)
                    offsets[s + 1] = offsets[s] + random.Next(0, longest);
                int[] x = LibraryCases.Ints(offsets[^1]);
                using DeviceBuffer<int> results = device.Allocate<int>(segments);
                SegmentedReduction.Reduce<int, AddInt32>(device, device.Allocate<int>(x), device.Allocate<int>(offsets), results);
                Assert.Equal(Enumerable.Range(0, segments).Select(s => x[offsets[s]..offsets[s + 1]].Aggregate(0, (a, b) => a + b)),
                    results.ToArray());
            }
        }
    }

    [Fact]
    public void Reduce_OffsetsThatDoNotFit_AreRefused()
    {
        Device device = Device.Cpu;
        ViewLengthException refusal = Assert.Throws<ViewLengthException>(() => SegmentedReduction.Reduce<int, AddInt32>(
            device, device.Allocate<int>(4), device.Allocate<int>(3), device.Allocate<int>(3)));
        Assert.StartsWith("SegmentedReduction.Reduce: 'offsets' has 3 elements; it must have 4, one more than 'results'.", refusal.Message);
    }
}
