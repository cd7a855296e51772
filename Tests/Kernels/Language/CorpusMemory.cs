using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

// Cotangent.Interop is also a namespace, which comes first in code within namespace Cotangent.
using Interop = Cotangent.Kernels.Interop;

/// <summary>Shared and local memory in several shapes; sizes and bits.</summary>
public static class CorpusMemory
{
    public struct Mixed
    {
        public byte Tag;
        public double Value;
        public short Small;
    }

    private static void TransposeTile(ArrayView2D<float, Stride2D.DenseX> x, ArrayView2D<float, Stride2D.DenseX> y)
    {
        // One column more than the group has items, against bank conflicts.
        ArrayView2D<float, Stride2D.DenseX> tile = SharedMemory.Allocate2D<float, Stride2D.DenseX>((8, 8), new Stride2D.DenseX(9));
        ref int count = ref SharedMemory.Allocate<int>();
        if (Group.IsFirstThread)
            count = 0;
        Group.Barrier();
        Index2D at = Grid.GlobalIndex.XY;
        if (at.InBounds(x.IntExtent))
        {
            tile[Group.Index.XY] = x[at];
            Atomic.Add(ref count, 1);
        }

        Group.Barrier();
        Index2D to = new(Grid.IdxY * 8 + Group.IdxX, Grid.IdxX * 8 + Group.IdxY);
        if (to.InBounds(y.IntExtent))
            y[to] = tile[Group.IdxY, Group.IdxX] + 1000 * count;
    }

    [Feature]
    public static void SharedTileAndVariable(Device d)
    {
        const int w = 13, h = 10;
        float[] x = [.. Enumerable.Range(0, w * h).Select(i => (float)i)];
        DeviceBuffer<float> y = d.Allocate<float>(w * h);
        d.LoadGrouped<ArrayView2D<float, Stride2D.DenseX>, ArrayView2D<float, Stride2D.DenseX>>(TransposeTile)(
            new KernelConfig(new Index2D(2, 2), new Index2D(8, 8)),
            d.Allocate<float>(x).View.As2DDenseXView((w, h)), y.View.As2DDenseXView((h, w)));
        Assert.Equal(from column in Enumerable.Range(0, w) from row in Enumerable.Range(0, h)
                     select row * w + column + 1000f * ((column < 8 ? 8 : 5) * (row < 8 ? 8 : 2)), y.ToArray());
    }

    private static void Shapes(ArrayView<int> y)
    {
        ArrayView1D<int, Stride1D.Dense> line = SharedMemory.Allocate1D<int>(16);
        ArrayView1D<int, Stride1D.General> sparse = SharedMemory.Allocate1D<int, Stride1D.General>(16, new Stride1D.General(2));
        ArrayView2D<int, Stride2D.DenseX> wide = SharedMemory.Allocate2DDenseX<int>(new Index2D(4, 4));
        ArrayView2D<int, Stride2D.DenseY> tall = SharedMemory.Allocate2DDenseY<int>(new Index2D(4, 4));
        ArrayView3D<int, Stride3D.DenseXY> box = SharedMemory.Allocate3DDenseXY<int>(new Index3D(4, 2, 2));
        ArrayView3D<int, Stride3D.DenseZY> back = SharedMemory.Allocate3DDenseZY<int>(new Index3D(4, 2, 2));
        int i = Group.IdxX;
        Index2D at = new(i % 4, i / 4);
        Index3D cell = new(i % 4, i / 4 % 2, i / 8);
        line[i] = i;
        sparse[i] = 10 * i;
        wide[at] = 100 * i;
        tall[at] = 1000 * i;
        box[cell] = i * i;
        back[cell] = i + 7;
        Group.Barrier();
        int next = (i + 1) % 16;
        y[Grid.GlobalIndex.X] = line[next] + sparse[next] + wide[next % 4, next / 4] + tall.BaseView[next] + box.BaseView[next]
            + back.AsContiguous()[next] + (int)sparse.Length + sparse.IntExtent;
    }

    [Feature]
    public static void SharedShapes(Device d)
    {
        int[] y = Same.AsDebugGroups<int>(d, (2, 16), 32, Shapes);
        // Item 4 reads element 5: (1, 1) along X, (1, 1) along Y, the box's (1, 1, 0), which is (1, 0, 1) along Z.
        Assert.Equal(5 + 50 + 500 + 5000 + 25 + (9 + 7) + 31 + 16, y[4]);
    }

    private static void Locals(Index1D i, ArrayView<int> y)
    {
        ArrayView1D<int, Stride1D.Dense> line = LocalMemory.Allocate1D<int>(4);
        ArrayView2D<int, Stride2D.DenseX> grid = LocalMemory.Allocate2D<int, Stride2D.DenseX>((3, 2), new Stride2D.DenseX(4));
        ArrayView3D<int, Stride3D.DenseZY> box = LocalMemory.Allocate3D<int, Stride3D.DenseZY>((2, 2, 2), new Stride3D.DenseZY(4, 2));
        ArrayView1D<int, Stride1D.General> sparse = LocalMemory.Allocate1D<int, Stride1D.General>(3, new Stride1D.General(2));
        for (int k = 0; k < 4; k++)
            line[k] = i * k;
        for (int k = 0; k < 6; k++)
            grid[k % 3, k / 3] = line[k % 4] + k;
        for (int k = 0; k < 8; k++)
            box[k / 4, k / 2 % 2, k % 2] = grid[k % 3, k % 2] - k;
        for (int k = 0; k < 3; k++)
            sparse[k] = box[1, k % 2, i % 2];
        int sum = 0;
        for (int k = 0; k < 3; k++)
            sum = sum * 3 + sparse[k] + box.BaseView[k] * grid[k, i % 2];
        y[i] = sum;
    }

    [Feature]
    public static void LocalShapes(Device d) => Same.AsDebug<Index1D, int>(d, 21, 1, Locals);

    private static void Sizes(Index1D i, ArrayView<long> y)
    {
        ArrayView<long> r = y.SubView(i * 16, 16);
        Mixed mixed = default;
        mixed.Small = (short)i.X;
        r[0] = Interop.SizeOf<Mixed>() + 100 * Interop.SizeOf<byte>() + 1000 * Interop.SizeOf(mixed);
        r[1] = Interop.OffsetOf<Mixed>(nameof(Mixed.Value)) + 100 * Interop.OffsetOf<Mixed>(nameof(Mixed.Small));
        r[2] = Interop.FloatAsInt(1.5f + i);
        r[3] = (long)Interop.FloatAsInt(-2.5 * i);
        r[4] = (long)Interop.IntAsFloat(0x4000_0000u + (uint)(i << 20));
        r[5] = (long)Interop.IntAsFloat(0x4024_0000_0000_0000ul);
        r[6] = Interop.ComputeAlignmentOffset(i * 5, 16);
        r[7] = Interop.Align(i * 5, 3, 16);
        r[8] = Interop.ComputeRelativeSizeOf<Mixed, byte>(i * 10 + 1);
        r[9] = Interop.FloatAsInt((Half)(1 + 0.5f * i));
        r[10] = (long)(float)IntrinsicMath.Abs(Interop.IntAsFloat((ushort)(0xC200 + (i << 8))));
    }

    [Feature]
    public static void SizesOffsetsAndBits(Device d)
    {
        long[] y = Same.AsDebug<Index1D, long>(d, 7, 16, Sizes);
        Assert.Equal([24 + 100 + 24000, 8 + 1600, 0x40600000, 0, 0, 10, 6, 13, 1], [.. y.AsSpan(32, 3), 0, 0, .. y.AsSpan(37, 4)]);
        Assert.Equal(-5.0, BitConverter.Int64BitsToDouble(y[35]));
        Assert.Equal([BitConverter.HalfToUInt16Bits((Half)2), 4], y.AsSpan(41, 2));
    }
}
