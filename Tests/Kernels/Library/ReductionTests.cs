using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Xunit;

namespace Cotangent.Tests.Kernels.Library;

public sealed class ReductionTests
{
    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Reduce_AnyLength_GivesPlainResult(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in LibraryCases.Lengths(device))
        {
            int[] x = LibraryCases.Ints(n);
            using DeviceBuffer<int> input = device.Allocate<int>(x);
            Assert.Equal(x.Aggregate(0, (a, b) => a + b), Reduction.Reduce<int, AddInt32>(device, input));
            Assert.Equal(x.Append(int.MaxValue).Min(), Reduction.Reduce<int, MinInt32>(device, input));
            Assert.Equal(x.Append(int.MinValue).Max(), Reduction.Reduce<int, MaxInt32>(device, input));
        }
    }

    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Reduce_OwnOperation_GivesPlainResult(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in LibraryCases.Lengths(device))
        {
            uint[] x = LibraryCases.Elements(n, r => (uint)r.Next() | 1);
            using DeviceBuffer<uint> input = device.Allocate<uint>(x);
            Assert.Equal(x.Aggregate(1u, (a, b) => a * b), Reduction.Reduce<uint, Product>(device, input));
        }
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Reduce_FloatSum_HasTheSameBitsEverywhere(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in new[] { 0, 1, 1000, 100_003 })
        {
            float[] x = LibraryCases.Floats(n);
            float expected = Reduction.Reduce<float, AddFloat>(Devices.Get("interpreter"), Devices.Get("interpreter").Allocate<float>(x));
            float actual = Reduction.Reduce<float, AddFloat>(device, device.Allocate<float>(x));
            Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(actual));
            Assert.Equal(x.Sum(v => (double)v), actual, x.Sum(v => Math.Abs((double)v)) * 1e-6);
        }
    }

    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void EarlierVersions_FewElements_Agree(string id)
    {
        Device device = Devices.Get(id);
        int[] x = LibraryCases.Ints(257);
        using DeviceBuffer<int> input = device.Allocate<int>(x);
        using DeviceBuffer<int> results = device.Allocate<int>(2);
        device.LoadGrouped<ArrayView<int>, ArrayView<int>>(ReduceSerial.Run<int, AddInt32>)((1, 1), input, results.View.SubView(0, 1));
        Assert.Equal(x.Aggregate(0, (a, b) => a + b), results.ToArray()[0]);
        device.LoadGrouped<ArrayView<int>, ArrayView<int>>(ReduceSharedTree.Run<int, MaxInt32>)((2, ReduceSharedTree.Items), input, results);
        Assert.Equal([x[..256].Max(), x[256]], results.ToArray());
    }

    [Fact]
    public void Reduce_NoResult_IsRefused()
    {
        Device device = Device.Cpu;
        ViewLengthException refusal = Assert.Throws<ViewLengthException>(() =>
            Reduction.Reduce<int, AddInt32>(device, device.Allocate<int>(4), device.Allocate<int>(0)));
        Assert.StartsWith("Reduction.Reduce: 'result' has 0 elements; it must have at least 1.", refusal.Message);
    }
}
