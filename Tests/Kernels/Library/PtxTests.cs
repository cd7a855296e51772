using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Cotangent.Tests.Kernels.Ptx;
using Xunit;

namespace Cotangent.Tests.Kernels.Library;

/// <summary>The library's PTX, executed on the host.</summary>
public sealed class PtxTests
{
    [Fact]
    public void Library_AsPtx_GivesPlainResults()
    {
        PtxDevice device = new();
        int[] x = LibraryCases.Ints(300);
        using DeviceBuffer<int> ints = device.Allocate<int>(x), output = device.Allocate<int>(x.Length), counts = device.Allocate<int>(10);
        Assert.Equal(x.Max(), Reduction.Reduce<int, MaxInt32>(device, ints));
        Scan.Inclusive<int, AddInt32>(device, ints, output);
        Assert.Equal(x.Aggregate(0, (a, b) => a + b), output.ToArray()[^1]);
        RadixSort.Keys<int, AscendingInt32>(device, ints, output);
        Assert.Equal(x.Order(), output.ToArray());
        Transposition.Transpose<int>(device, ints, output, 10, 30);
        Assert.Equal(x[30], output.ToArray()[1]);
        Histogram.Count(device, device.Allocate<int>([1, 1, 9, 10]), counts);
        Assert.Equal([0, 2, 0, 0, 0, 0, 0, 0, 0, 1], counts.ToArray());
    }
}
