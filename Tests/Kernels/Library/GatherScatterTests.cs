using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Xunit;

namespace Cotangent.Tests.Kernels.Library;

public sealed class GatherScatterTests
{
    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Gather_IndicesOutside_GiveDefault(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in LibraryCases.Lengths(device))
        {
            float[] x = LibraryCases.Floats(50);
            int[] indices = LibraryCases.Elements(n, r => r.Next(-3, 53));
            using DeviceBuffer<float> output = device.Allocate<float>(n);
            GatherScatter.Gather<float>(device, device.Allocate<float>(x), device.Allocate<int>(indices), output);
            Assert.Equal(indices.Select(i => i is >= 0 and < 50 ? x[i] : 0), output.ToArray());
        }
    }

    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Scatter_IndicesOutside_AreDropped(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in LibraryCases.Lengths(device))
        {
            int[] indices = [.. Enumerable.Range(-2, n)];
            new Random(n).Shuffle(indices);
            int[] expected = new int[n];
            for (int i = 0; i < n; i++)
            {
                if (indices[i] >= 0)
                    expected[indices[i]] = i + 1;
            }

            using DeviceBuffer<int> output = device.Allocate<int>(new int[n]);
            GatherScatter.Scatter<int>(device, device.Allocate<int>([.. Enumerable.Range(1, n)]), device.Allocate<int>(indices), output);
            Assert.Equal(expected, output.ToArray());
        }
    }
}
