using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Xunit;

namespace Cotangent.Tests.Kernels.Library;

public sealed class CompactionTests
{
    private readonly record struct Above(int Bound) : IPredicate<int>
    {
        public bool Test(int value) => value > Bound;
    }

    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Where_AnyLength_KeepsTheOrder(string id)
    {
        Device device = Devices.Get(id);
        foreach (int bound in device.Id == "debug" ? new[] { 0 } : [int.MinValue, 0, 1_900_000_000])
        {
            foreach (int n in LibraryCases.Lengths(device))
            {
                int[] x = LibraryCases.Ints(n);
                int[] expected = [.. x.Where(v => v > bound)];
                using DeviceBuffer<int> output = device.Allocate<int>(n);
                using DeviceBuffer<int> count = device.Allocate<int>(1);
                Compaction.Where<int, Above>(device, device.Allocate<int>(x), new Above(bound), output, count);
                Assert.Equal(expected.Length, count.ToArray()[0]);
                Assert.Equal(expected, output.ToArray()[..expected.Length]);
            }
        }
    }

    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Flagged_AnyLength_KeepsTheOrder(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in LibraryCases.Lengths(device))
        {
            long[] x = LibraryCases.Elements(n, r => r.NextInt64());
            byte[] flags = LibraryCases.Elements(n, r => (byte)Math.Max(0, r.Next(-300, 256)));
            long[] expected = [.. x.Where((_, i) => flags[i] != 0)];
            using DeviceBuffer<long> output = device.Allocate<long>(n);
            using DeviceBuffer<int> count = device.Allocate<int>(1);
            Compaction.Flagged<long>(device, device.Allocate<long>(x), device.Allocate<byte>(flags), output, count);
            Assert.Equal(expected.Length, count.ToArray()[0]);
            Assert.Equal(expected, output.ToArray()[..expected.Length]);
        }
    }
}
