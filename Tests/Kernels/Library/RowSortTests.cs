using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Xunit;

namespace Cotangent.Tests.Kernels.Library;

/// <summary>Orders of lines: one run, two, and several merges with a ragged end.</summary>
public sealed class RowSortTests
{
    private static readonly (int Outer, int Length, int Inner)[] s_shapes = [(1, 1, 1), (3, 32, 1), (2, 33, 5), (1, 64, 2), (2, 331, 1)];

    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Run_WithEqualsAndNaN_IsStableAndNaNComesLast(string id)
    {
        Device device = Devices.Get(id);
        foreach ((int outer, int length, int inner) in s_shapes.Where(s => device.Id != "debug" || s.Outer * s.Length * s.Inner < 100))
        {
            // Whole numbers, so that many are equal; −0 equals 0.
            float[] x = LibraryCases.Elements(outer * length * inner, r => r.Next(12) is > 0 and var v ? MathF.Round(v - 6f) : float.NaN);
            Assert.Equal(Expected(x, (outer, length, inner), v => v), Run<SmallestFirst<float>>(device, x, (outer, length, inner)));
            Assert.Equal(Expected(x, (outer, length, inner), v => -v), Run<LargestFirst<float>>(device, x, (outer, length, inner)));
        }
    }

    private static int[] Expected(float[] x, (int Outer, int Length, int Inner) shape, Func<float, float> key)
    {
        int[] order = new int[x.Length];
        for (int line = 0; line < shape.Outer * shape.Inner; line++)
        {
            int first = line / shape.Inner * shape.Length * shape.Inner + line % shape.Inner, place = 0;
            foreach (int k in Enumerable.Range(0, shape.Length).OrderBy(k => float.IsNaN(x[first + k * shape.Inner])).ThenBy(k => key(x[first + k * shape.Inner])))
                order[first + place++ * shape.Inner] = k;
        }

        return order;
    }

    private static int[] Run<TOrder>(Device device, float[] x, (int Outer, int Length, int Inner) shape)
        where TOrder : struct, IRowOrder<float>
    {
        RowSort<float, TOrder> sort = new(device, shape.Outer, shape.Length, shape.Inner);
        using DeviceBuffer<float> elements = device.Allocate<float>(x), keys = device.Allocate<float>(x.Length), others = device.Allocate<float>(x.Length);
        using DeviceBuffer<int> order = device.Allocate<int>(x.Length), indices = device.Allocate<int>(x.Length), places = device.Allocate<int>(x.Length);
        sort.Run(elements, order, keys, others, indices, places);
        return order.ToArray();
    }
}
