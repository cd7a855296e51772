using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Xunit;

namespace Cotangent.Tests.Kernels.Library;

/// <summary>Running values along the middle axis, in one part a line and in several.</summary>
public sealed class CumulativeTests
{
    private static readonly (int Outer, int Length, int Inner)[] s_shapes = [(1, 1, 1), (3, 7, 1), (2, 5, 33), (1, 1300, 1), (2, 600, 3)];

    [Theory, MemberData(nameof(LibraryCases.Executors), MemberType = typeof(LibraryCases))]
    public void Run_EachOperation_GivesPlainResult(string id)
    {
        Check<int, CumulativeSum<int>>(id, LibraryCases.Ints, (h, _, x) => h + x);
        Check<int, CumulativeProduct<int>>(id, LibraryCases.Ints, (h, _, x) => h * x);
        Check<int, CumulativeMax<int>>(id, LibraryCases.Ints, (h, _, x) => Math.Max(h, x));
        Check<int, CumulativeMin<int>>(id, LibraryCases.Ints, (h, _, x) => Math.Min(h, x));

        // Whole numbers and factors of at most 1: all steps are exact, in any order.
        Check<float, CumulativeRecurrence<float>>(id, n => LibraryCases.Elements(n, r => (float)r.Next(-1, 2)), (h, a, x) => a * h + x);
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Run_OfFloats_HasTheSameBitsEverywhere(string id)
    {
        float[] a = LibraryCases.Floats(1999), x = LibraryCases.Floats(2000)[1..];
        float[] expected = Run<float, CumulativeRecurrence<float>>(Devices.Get("interpreter"), a, x, (1, 1999, 1), false);
        float[] actual = Run<float, CumulativeRecurrence<float>>(Devices.Get(id), a, x, (1, 1999, 1), false);
        Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), actual.Select(BitConverter.SingleToInt32Bits));
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Max_AfterNaN_IsNaN(string id)
    {
        float[] x = [.. Enumerable.Range(0, 600).Select(i => i == 300 ? float.NaN : (float)i)];
        float[] y = Run<float, CumulativeMax<float>>(Devices.Get(id), x, x, (1, 600, 1), false);
        Assert.Equal(x[..300], y[..300]);
        Assert.All(y[300..], v => Assert.True(float.IsNaN(v)));
    }

    private static void Check<T, TOperation>(string id, Func<int, T[]> elements, Func<T, T, T, T> step)
        where T : unmanaged
        where TOperation : struct, ICumulative<T>
    {
        Device device = Devices.Get(id);
        foreach ((int outer, int length, int inner) in s_shapes.Where(s => device.Id != "debug" || s.Outer * s.Length * s.Inner < 100))
        {
            foreach (bool reverse in new[] { false, true })
            {
                T[] a = elements(outer * length * inner), x = [.. a.Reverse()], expected = new T[a.Length];
                for (int line = 0; line < outer * inner; line++)
                {
                    for (int k = 0; k < length; k++)
                    {
                        int At(int i) => (line / inner * length + (reverse ? length - 1 - i : i)) * inner + line % inner;
                        expected[At(k)] = k == 0 ? x[At(k)] : step(expected[At(k - 1)], a[At(k)], x[At(k)]);
                    }
                }

                Assert.Equal(expected, Run<T, TOperation>(device, a, x, (outer, length, inner), reverse));
            }
        }
    }

    private static T[] Run<T, TOperation>(Device device, T[] a, T[] x, (int Outer, int Length, int Inner) shape, bool reverse)
        where T : unmanaged
        where TOperation : struct, ICumulative<T>
    {
        Cumulative<T, TOperation> cumulative = new(device, shape.Outer, shape.Length, shape.Inner, reverse);
        using DeviceBuffer<T> factors = device.Allocate<T>(a), elements = device.Allocate<T>(x), y = device.Allocate<T>(x.Length);
        using DeviceBuffer<T> scratch = device.Allocate<T>(Math.Max(1, cumulative.Scratch));
        cumulative.Run(factors, elements, y, scratch);
        return y.ToArray();
    }
}
