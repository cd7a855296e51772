using System.Numerics;
using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Structs in shared memory, as a whole and by their elements.</summary>
public static class CorpusSharedVectors
{
    /// <summary>Reads before and after writes to the same places, through views that overlap.</summary>
    [Feature]
    public static void SharedVectorsAndWritesBetween(Device d)
    {
        float[] expected = new float[8 * 20];
        for (int i = 0; i < 20; i++)
            new float[] { 1, 2, 3, 4, 10 + i, 20, 10 + i, 32 + i }.CopyTo(expected, 8 * i);
        DeviceBuffer<float> y = d.Allocate<float>(expected.Length);
        d.LoadGrouped<ArrayView<float>>(Overlap)(new KernelConfig(2, 10), y);
        Assert.Equal(expected, y.ToArray());
    }

    private static void Overlap(ArrayView<float> y)
    {
        ArrayView<Vector4> quads = SharedMemory.Allocate<Vector4>(10);
        ArrayView<float> elements = quads.Cast<float>();
        int item = Grid.GlobalIndex.X;
        quads[Group.IdxX] = new Vector4(1, 2, 3, 4);
        Vector4 before = quads[Group.IdxX];
        elements[4 * Group.IdxX] = 10 + item;
        elements[4 * Group.IdxX + 1] = 5;
        elements[4 * Group.IdxX + 1] = 20;
        float third = elements[4 * Group.IdxX + 2];
        elements[4 * Group.IdxX + 2] = elements[4 * Group.IdxX];
        elements[4 * Group.IdxX + 3] = third + 29 + item;
        Vector4 after = quads[Group.IdxX];
        ArrayView<Vector4> results = y.Cast<Vector4>();
        results[2 * item] = before;
        results[2 * item + 1] = after;
    }
}
