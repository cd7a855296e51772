using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Xunit;

namespace Cotangent.Tests.Kernels.Library;

public sealed class TranspositionTests
{
    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Transpose_AnyShape_GivesPlainResult(string id)
    {
        Device device = Devices.Get(id);
        foreach ((int rows, int columns) in new[] { (0, 5), (1, 1), (1, 70), (70, 1), (32, 32), (33, 65), (100, 31) })
        {
            int[] x = LibraryCases.Ints(rows * columns);
            int[] expected = new int[x.Length];
            for (int i = 0; i < x.Length; i++)
                expected[i % columns * rows + i / columns] = x[i];
            using DeviceBuffer<int> output = device.Allocate<int>(x.Length);
            Transposition.Transpose<int>(device, device.Allocate<int>(x), output, rows, columns);
            Assert.Equal(expected, output.ToArray());
            if (x.Length == 0)
                continue;
            using DeviceBuffer<int> naive = device.Allocate<int>(x.Length);
            device.Load<Index2D, ArrayView<int>, ArrayView<int>, int, int>(TransposeNaive.Run)(
                new Index2D(columns, rows), device.Allocate<int>(x), naive, rows, columns);
            Assert.Equal(expected, naive.ToArray());
        }
    }

    [Fact]
    public void Transpose_ElementsMissing_IsRefused()
    {
        Device device = Device.Cpu;
        ViewLengthException refusal = Assert.Throws<ViewLengthException>(() =>
            Transposition.Transpose<int>(device, device.Allocate<int>(6), device.Allocate<int>(5), 2, 3));
        Assert.StartsWith("Transposition.Transpose: 'output' has 5 elements; it must have 2 × 3.", refusal.Message);
    }
}
