using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Views: parts, casts, strides in one, two and three dimensions.</summary>
public static class CorpusViews
{
    public readonly record struct Quad(float A, float B, float C, float D);

    public readonly record struct Tagged(int Tag, float Value);

    private static float[] Floats(int n) => [.. Enumerable.Range(0, n).Select(i => i * 0.5f - 3)];

    private static void Quads(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        ArrayView<Quad> from = x.Cast<Quad>(), to = y.Cast<Quad>();
        Quad q = from[i];
        to[i] = new Quad(q.D, q.C + from.Length, q.B, q.A + to[i].A);
    }

    [Feature]
    public static void CastToVectorStruct(Device d)
    {
        float[] x = Floats(4 * 13 + 3);
        DeviceBuffer<float> y = d.Allocate<float>(x);
        d.Load<Index1D, ArrayView<float>, ArrayView<float>>(Quads)(13, d.Allocate<float>(x), y);
        Assert.Equal(x.Select((v, i) => i >= 52 ? v : (i % 4) switch { 0 => x[i + 3], 1 => x[i + 1] + 13, 2 => x[i - 1], _ => 2 * x[i - 3] }),
            y.ToArray());
    }

    private static void Casts(Index1D i, ArrayView<float> x, ArrayView<byte> bytes, ArrayView<Tagged> tagged, ArrayView<long> y)
    {
        ArrayView<uint> bits = x.Cast<uint>();
        ArrayView<int> words = bytes.Cast<int>();
        ArrayView<float> fields = tagged.Cast<float>();
        ArrayView<byte> parts = x.SubView(i, 1).Cast<byte>();
        y[i] = bits[i] + words[i / 4] + words.Length + 100 * fields.Length + 10000 * x.Cast<double>().Length + parts[2];
        fields[2 * i + 1] = x[i];
        words[i / 4] = 7;
        tagged.Cast<int>()[2 * (int)i] = i;
    }

    [Feature]
    public static void CastsBetweenSizes(Device d)
    {
        float[] x = Floats(16);
        byte[] bytes = [.. Enumerable.Range(0, 18).Select(i => (byte)(i * 11))];
        DeviceBuffer<byte> b = d.Allocate<byte>(bytes);
        DeviceBuffer<Tagged> tagged = d.Allocate<Tagged>(new Tagged[16]);
        DeviceBuffer<long> y = d.Allocate<long>(16);
        Action<Index1D, ArrayView<float>, ArrayView<byte>, ArrayView<Tagged>, ArrayView<long>> kernel =
            d.Load<Index1D, ArrayView<float>, ArrayView<byte>, ArrayView<Tagged>, ArrayView<long>>(Casts);
        // One item in four, so that none reads what another writes.
        for (int i = 0; i < 16; i += 4)
            kernel(1, d.Allocate<float>(x).View.SubView(i), b.View.SubView(i), tagged.View.SubView(i), y.View.SubView(i));
        int[] words = MemoryMarshal.Cast<byte, int>(bytes).ToArray();
        for (int i = 0; i < 16; i += 4)
        {
            uint bits = BitConverter.SingleToUInt32Bits(x[i]);
            Assert.Equal(bits + words[i / 4] + (18 - i) / 4 + 200 * (16 - i) + 10000 * ((16 - i) / 2) + ((bits >> 16) & 0xFF), y.ToArray()[i]);
            Assert.Equal(new Tagged(0, x[i]), tagged.ToArray()[i]);
            Assert.Equal(7, MemoryMarshal.Cast<byte, int>(b.ToArray())[i / 4]);
        }
    }

    private static void Parts(Index1D i, ArrayView<long> y)
    {
        ArrayView<long> mine = y.SubView(i * 16, 16);
        ArrayView<long> tail = mine.SubView(4);
        mine[0] = tail.Length + tail.SubView((long)2, 3).Length * 100 + tail.IntExtent * 10000;
        mine[1] = tail.LengthInBytes + ArrayView<Quad>.ElementSize + mine.Extent.X;
        mine[2] = (tail.IsValid ? 1 : 0) + (ArrayView<long>.Empty.IsValid ? 2 : 0) + ArrayView<long>.Empty.IntLength;
        tail[0] = i;
        tail[(long)1] = 1;
        tail[new Index1D(2)] = 2;
        tail[new LongIndex1D(3)] = 3;
        tail[(byte)4] = 4;
        tail[5u] = 5;
        tail.VariableView(6).Value = 6;
        new VariableView<long>(tail.SubView(7, 1)).CopyFrom(tail.VariableView(5));
    }

    [Feature]
    public static void ViewParts(Device d)
    {
        long[] y = Same.AsDebug<Index1D, long>(d, 5, 16, Parts);
        Assert.Equal([12 + 300 + 120000, 96 + 16 + 16, 1, 0, 2, 1, 2, 3, 4, 5, 6, 5], y.AsSpan(32, 12));
    }

    private static void Fields(Index1D i, ArrayView<Tagged> x)
    {
        VariableView<Tagged> item = x.VariableView(i);
        item.SubView<int>(0).Value += 1;
        item.SubView<float>(4).Value *= 2;
    }

    [Feature]
    public static void VariableViewFields(Device d)
    {
        DeviceBuffer<Tagged> x = d.Allocate<Tagged>([.. Enumerable.Range(0, 9).Select(i => new Tagged(i, i * 0.5f))]);
        d.Load<Index1D, ArrayView<Tagged>>(Fields)(9, x);
        Assert.Equal(Enumerable.Range(0, 9).Select(i => new Tagged(i + 1, i)), x.ToArray());
    }

    private static void EveryThird(Index1D i, ArrayView1D<float, Stride1D.General> x, ArrayView1D<float, Stride1D.Dense> y)
    {
        y[i] = x[i] + x.SubView(1, x.IntExtent - 1)[i / 2] + x.Stride.XStride;
        y[i] += x.ComputeLinearIndex(i) + x.AsGeneral(new Stride1D.General(2))[i] + y.To1DView().Stride.XStride;
    }

    [Feature]
    public static void StridedView(Device d)
    {
        float[] x = Floats(31);
        DeviceBuffer<float> y = d.Allocate<float>(11);
        d.Load<Index1D, ArrayView1D<float, Stride1D.General>, ArrayView1D<float, Stride1D.Dense>>(EveryThird)(
            10, d.Allocate<float>(x).View.As1DView(11, new Stride1D.General(3)), y.View);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => x[3 * i] + x[3 * (i / 2 + 1)] + 3 + (3 * i + x[2 * i] + 1)), y.ToArray().Take(10));
    }

    private static void Transpose(Index2D i, ArrayView2D<float, Stride2D.DenseX> x, ArrayView2D<float, Stride2D.DenseY> y) =>
        y[i] = x[i] + 100 * x[i.X, i.Y];

    [Feature]
    public static void TransposeByStrides(Device d)
    {
        using DeviceBuffer2D<float, Stride2D.DenseX> x = d.Allocate2DDenseX<float>((5, 3));
        using DeviceBuffer2D<float, Stride2D.DenseY> y = d.Allocate2DDenseY<float>((5, 3));
        x.Elements.CopyFrom(Floats(15));
        d.Load<Index2D, ArrayView2D<float, Stride2D.DenseX>, ArrayView2D<float, Stride2D.DenseY>>(Transpose)((5, 3), x, y);
        Assert.Equal(from column in Enumerable.Range(0, 5) from row in Enumerable.Range(0, 3) select 101 * Floats(15)[row * 5 + column],
            y.Elements.ToArray());
        Assert.Equal(101 * Floats(15)[2 * 5 + 4], y.ToArray()[4, 2]);
        Assert.Equal(Floats(15)[2 * 5 + 4], x.ToArray()[4, 2]);
    }

    private static void Grids(Index2D i, ArrayView2D<int, Stride2D.DenseX> x, ArrayView2D<int, Stride2D.General> y)
    {
        ArrayView2D<int, Stride2D.DenseX> inner = x.SubView(new Index2D(1, 1), (x.IntExtent.X - 1, x.IntExtent.Y - 1));
        int near = inner.IntExtent.InBounds((i.X + 1, i.Y + 1)) || !i.InBounds(inner.IntExtent) ? 0 : inner[i];
        ArrayView2D<int, Stride2D.DenseX> rows = x.AsContiguous().SubView(i.Y * x.Stride.YStride).As2DDenseXView((2, 2));
        y[i] = near + 1000 * rows[1, 1] + x.ComputeLinearIndex(i) + (int)x.Length;
        y[(LongIndex2D)i] += x.AsGeneral()[i] - x.AsGeneral(new Stride2D.General(1, 2))[0, 1] + x.VariableView(i).Value;
        y[(long)i.X, i.Y] += y.AsDenseY().Stride.XStride + (int)x.To1DView().Extent.X + x.As1DView(new Stride1D.General(2)).IntExtent;
    }

    [Feature]
    public static void TwoDimensionalViews(Device d)
    {
        int[] x = [.. Enumerable.Range(0, 6 * 5).Select(i => i * i % 97)];
        int[] actual = Run(d), expected = Run(Device.Debug);
        Assert.Equal(expected, actual);
        Assert.Equal(x[7] + 1000 * x[3] + 30 + (x[0] - x[2] + x[0]) + 9 + 30 + 15, actual[0]);
        Assert.Equal(-1, actual[5]);

        int[] Run(Device device)
        {
            DeviceBuffer<int> y = device.Allocate<int>([.. Enumerable.Repeat(-1, 60)]);
            device.Load<Index2D, ArrayView2D<int, Stride2D.DenseX>, ArrayView2D<int, Stride2D.General>>(Grids)(
                (6, 4), device.Allocate<int>(x).View.As2DDenseXView((6, 5)), y.View.As2DView((6, 5), new Stride2D.General(9, 1)));
            return y.ToArray();
        }
    }

    private static void Boxes(Index3D i, ArrayView3D<int, Stride3D.DenseXY> x, ArrayView3D<int, Stride3D.DenseZY> y,
        ArrayView3D<int, Stride3D.Infinite> one)
    {
        ArrayView3D<int, Stride3D.DenseXY> rest = x.SubView(i, x.IntExtent - i);
        y[i] = x[i] + 100 * rest[0, 0, 0] + x[(LongIndex3D)i] + y.ComputeLinearIndex(i) + one[i];
        y[i.X, i.Y, i.Z] += rest.IntExtent.Size + x.AsGeneral().Stride.ZStride + x.AsGeneral()[i] + (int)x.LengthInBytes;
    }

    [Feature]
    public static void ThreeDimensionalViews(Device d)
    {
        int[] x = [.. Enumerable.Range(0, 4 * 3 * 2).Select(i => i * 7 % 31)];
        int[,,] actual = Run(d);
        Assert.Equal(Run(Device.Debug), actual);
        Assert.Equal(103 * x[23] + 23 + 5 + 1 + 12 + 96, actual[3, 2, 1]);

        int[,,] Run(Device device)
        {
            using DeviceBuffer3D<int, Stride3D.DenseXY> from = device.Allocate3DDenseXY<int>((4, 3, 2));
            using DeviceBuffer3D<int, Stride3D.DenseZY> to = device.Allocate3DDenseZY<int>((4, 3, 2));
            from.Elements.CopyFrom(x);
            to.CopyFrom(new int[4, 3, 2]);
            device.Load<Index3D, ArrayView3D<int, Stride3D.DenseXY>, ArrayView3D<int, Stride3D.DenseZY>, ArrayView3D<int, Stride3D.Infinite>>(
                Boxes)((4, 3, 2), from, to, device.Allocate<int>([5]).View.As3DView((4, 3, 2), default(Stride3D.Infinite)));
            return to.ToArray();
        }
    }

    private static void Pitched(Index2D i, ArrayView<int> x, ArrayView<int> strides)
    {
        x.As2DPitchedXView((3, 4), 32)[i] = i.X + 10 * i.Y;
        strides[0] = x.As2DPitchedYView((4, 3), 16).Stride.XStride;
        strides[1] = x.As3DPitchedXYView((3, 2, 2), 16).Stride.ZStride;
        strides[2] = x.As3DPitchedZYView((2, 2, 3), 16).Stride.XStride;
    }

    [Feature]
    public static void PitchedViews(Device d)
    {
        DeviceBuffer<int> x = d.Allocate<int>(new int[32]);
        DeviceBuffer<int> strides = d.Allocate<int>(3);
        d.Load<Index2D, ArrayView<int>, ArrayView<int>>(Pitched)((3, 4), x, strides);
        Assert.Equal(Enumerable.Range(0, 32).Select(i => i % 8 < 3 ? i % 8 + 10 * (i / 8) : 0), x.ToArray());
        Assert.Equal([4, 8, 8], strides.ToArray());
    }
}
