using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Tests.Kernels.Library;

/// <summary>The places of small integers in a list, with values that have none, many, or lie outside.</summary>
public sealed class SegmentsTests
{
    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Find_OfValuesInAndOutside_GivesTheirPlacesInOrder(string id)
    {
        Device device = Devices.Get(id);
        foreach (int length in new[] { 1, 33, device.Kind == DeviceKind.Debug ? 70 : 1000 })
        {
            const int extent = 20;
            int[] values = LibraryCases.Elements(length, r => r.Next(-3, extent + 4) is 7 ? 8 : r.Next(-3, extent + 4));
            using DeviceBuffer<int> list = device.Allocate(values), order = device.Allocate<int>(length), starts = device.Allocate<int>(extent + 1);
            Segments segments = new(device, length, extent);
            using DeviceBuffer<int> scratch = device.Allocate<int>(Math.Max(1, segments.Scratch));
            segments.Find(list, order, starts, scratch);
            int first = values.Count(x => x < 0), inside = values.Count(x => x is >= 0 and < extent);
            Assert.Equal(Enumerable.Range(0, length).Where(i => values[i] is >= 0 and < extent).OrderBy(i => values[i]), order.ToArray()[first..(first + inside)]);
            Assert.Equal(Enumerable.Range(0, extent + 1).Select(v => values.Count(x => x < v)), starts.ToArray());
        }
    }
}
