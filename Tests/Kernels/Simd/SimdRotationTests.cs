using System.Numerics;
using Cotangent.Kernels;

namespace Cotangent.Tests.Kernels.Simd;

/// <summary>Two shifts that make a rotation, which the SIMD target does at once, and others that only look alike.</summary>
public class SimdRotationTests
{
    private const int Kinds = 8;

    private static void Rotations(Index1D i, ArrayView<uint> x, ArrayView<uint> y)
    {
        uint v = x[i.X], other = v * 3 + 1, shifted = v << 9;
        int at = i.X * Kinds;
        y[at] = (v << 13) | (v >> 19);
        y[at + 1] = (v >> 1) | (v << 31);
        y[at + 2] = (v << 31) | (v >> 1);
        y[at + 3] = shifted | (v >> 23);
        y[at + 4] = (v << 13) | (v >> 18);
        y[at + 5] = (v << 13) | (other >> 19);
        y[at + 6] = (uint)(((int)v << 13) | ((int)v >> 19));
        y[at + 7] = shifted;
    }

    [Fact]
    public void Launch_OfRotationsAndTheirLike_IsThatOfTheShifts()
    {
        Device device = Device.Cpu;
        foreach (int n in new[] { 1, 16, 100 })
        {
            uint[] x = [.. Enumerable.Range(0, n).Select(i => (uint)i * 2654435769u + 0x8000_0001u)];
            using DeviceBuffer<uint> input = device.Allocate<uint>(x), output = device.Allocate<uint>(n * Kinds);
            device.Load<Index1D, ArrayView<uint>, ArrayView<uint>>(Rotations)(n, input, output);
            uint[] y = output.ToArray();
            for (int i = 0; i < n; i++)
            {
                uint v = x[i];
                uint[] expected =
                [
                    BitOperations.RotateLeft(v, 13), BitOperations.RotateRight(v, 1), BitOperations.RotateLeft(v, 31), BitOperations.RotateLeft(v, 9),
                    (v << 13) | (v >> 18), (v << 13) | ((v * 3 + 1) >> 19), (uint)(((int)v << 13) | ((int)v >> 19)), v << 9,
                ];
                Assert.Equal(expected, y[(i * Kinds)..((i + 1) * Kinds)]);
            }
        }
    }
}
