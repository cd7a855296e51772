using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Xunit;

namespace Cotangent.Tests.Kernels.Library;

public sealed class RandomFillTests
{
    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Fills_AnyLength_HaveTheBitsOfRandomKey(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in LibraryCases.Lengths(device))
        {
            RandomKey key = new(0x0123_4567_89AB_CDEF);
            using DeviceBuffer<uint> bits = device.Allocate<uint>(n);
            using DeviceBuffer<float> uniform = device.Allocate<float>(n);
            using DeviceBuffer<float> normal = device.Allocate<float>(n);
            RandomFill.Bits(device, 0x0123_4567, 0x89AB_CDEF, bits);
            RandomFill.Uniform(device, 0x0123_4567, 0x89AB_CDEF, uniform);
            RandomFill.Normal(device, 0x0123_4567, 0x89AB_CDEF, normal);
            Assert.Equal(key.Bits([n]).ToArray<uint>(), bits.ToArray());
            Assert.Equal(key.Uniform([n]).ToArray<float>(), uniform.ToArray());
            Assert.Equal(key.Normal([n]).ToArray<float>().Select(BitConverter.SingleToInt32Bits),
                normal.ToArray().Select(BitConverter.SingleToInt32Bits));
        }
    }

    [Fact]
    public void Threefry_PublishedVectors_AreMet()
    {
        Assert.Equal((0x6b200159u, 0x99ba4efeu), Threefry.Block(0, 0, 0, 0));
        Assert.Equal((0x1cb996fcu, 0xbb002be7u), Threefry.Block(uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue));
        Assert.Equal((0xc4923a9cu, 0x483df7a0u), Threefry.Block(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3));
    }
}
