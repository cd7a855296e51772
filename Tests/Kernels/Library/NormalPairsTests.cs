using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Tests.Kernels.Library;

/// <summary>Pairs of normal numbers against Box and Muller's formula in float64, of Threefry's words.</summary>
public sealed class NormalPairsTests
{
    private const uint Key0 = 0x0123_4567, Key1 = 0x89AB_CDEF;

    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Fill_AnyLength_IsTheFormula(string id)
    {
        Device device = Devices.Get(id);
        foreach (int pairs in new[] { 1, 17, 500 })
        {
            const int stream = 3;
            using DeviceBuffer<uint> key = device.Allocate<uint>([Key0, Key1]);
            using DeviceBuffer<float> output = device.Allocate<float>(2 * pairs);
            device.Load<Index1D, ArrayView<uint>, ArrayView<float>, int, int>(NormalPairs.Fill)(pairs, key, output, pairs, stream);
            float[] actual = output.ToArray();
            for (int i = 0; i < pairs; i++)
            {
                (uint first, uint second) = Threefry.Block(Key0, Key1, stream, (uint)i);
                double radius = Math.Sqrt(-2 * Math.Log((first + 0.5) / 4294967296)), angle = (int)(second << 1) * (Math.PI / 2 / 2147483648);
                if (second >= 0x8000_0000) radius = -radius;
                Assert.Equal(radius * Math.Cos(angle), actual[i], 2e-6);
                Assert.Equal(radius * Math.Sin(angle), actual[i + pairs], 2e-6);
            }
        }
    }

    [Fact]
    public void SquaredRadius_OfEveryMagnitude_IsTheLogarithm()
    {
        IEnumerable<uint> words = Enumerable.Range(0, 32).SelectMany(k => new[] { (1u << k) - 1, 1u << k, (1u << k) + 1, 3u << k >> 1 })
            .Concat(Enumerable.Range(0, 300).SelectMany(k => new[] { uint.MaxValue - (uint)(k * k), 0xB504_F333u - 150 + (uint)k }));
        foreach (uint word in words)
        {
            float actual = NormalPairs.SquaredRadius(word);
            Assert.True(actual >= 0, $"{word}: {actual}");

            // A word near 2³² is rounded to 24 bits before.
            double exact = -2 * Math.Log((float)(word + 0.5f) / 4294967296.0);
            Assert.InRange(actual - exact, -3e-7 * exact - 1e-30, 3e-7 * exact + 1e-30);
        }

        // The farthest that a number can be.
        Assert.Equal(6.764, Math.Sqrt(NormalPairs.SquaredRadius(0)), 1e-3);
    }
}
