using System.Numerics;
using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Matrix products by a warp, and copies that go on meanwhile.</summary>
public static class CorpusMatrices
{
    private const int Warps = 2;

    /// <summary>Small integers: every sum is exact, whatever its order.</summary>
    private static float[] Integers(int seed, int count)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.Next(-9, 10))];
    }

    /// <summary>C + A·B for each warp: A is 16 × depth, B depth × 8, C 16 × 8, as rows.</summary>
    private static float[] Plain(float[] a, float[] b, float[] c, int depth)
    {
        float[] sums = [.. c];
        for (int i = 0; i < sums.Length; i++)
        {
            (int warp, int row, int column) = (i / 128, i / 8 % 16, i % 8);
            for (int k = 0; k < depth; k++)
                sums[i] += a[(warp * 16 + row) * depth + k] * b[(warp * depth + k) * 8 + column];
        }

        return sums;
    }

    private static void Check(Device d, int depth, Action<ArrayView<float>, ArrayView<float>, ArrayView<float>> kernel)
    {
        float[] a = Integers(1, Warps * 16 * depth), b = Integers(2, Warps * depth * 8), c = Integers(3, Warps * 16 * 8);
        DeviceBuffer<float> sums = d.Allocate<float>(c);
        d.LoadGrouped(kernel)((1, 32 * Warps), d.Allocate<float>(a), d.Allocate<float>(b), sums);
        Assert.Equal(Plain(a, b, c, depth), sums.ToArray());
    }

    private static MmaSums Read(ArrayView<float> c, int row, int column)
    {
        MmaSums sums;
        (sums.X, sums.Y) = (c[row * 8 + column], c[row * 8 + column + 1]);
        (sums.Z, sums.W) = (c[row * 8 + 64 + column], c[row * 8 + 65 + column]);
        return sums;
    }

    private static void Write(ArrayView<float> c, int row, int column, MmaSums sums)
    {
        (c[row * 8 + column], c[row * 8 + column + 1]) = (sums.X, sums.Y);
        (c[row * 8 + 64 + column], c[row * 8 + 65 + column]) = (sums.Z, sums.W);
    }

    private static void Tf32(ArrayView<float> allA, ArrayView<float> allB, ArrayView<float> allC)
    {
        ArrayView<float> a = allA.SubView(Warp.WarpIdx * 128), b = allB.SubView(Warp.WarpIdx * 64), c = allC.SubView(Warp.WarpIdx * 128);
        int g = Warp.LaneIdx / 4, t = Warp.LaneIdx % 4;
        MmaTf32A left;
        (left.X, left.Y, left.Z, left.W) = (a[g * 8 + t], a[g * 8 + 64 + t], a[g * 8 + t + 4], a[g * 8 + 64 + t + 4]);
        MmaTf32B right;
        (right.X, right.Y) = (b[t * 8 + g], b[(t + 4) * 8 + g]);
        Write(c, g, 2 * t, Mma.MultiplyAdd(left, right, Read(c, g, 2 * t)));
    }

    [Feature]
    public static void MatrixProductTf32(Device d) => Check(d, 8, Tf32);

    private static uint Halves(ArrayView<float> x, int at, int step) => Mma.Pack((Half)x[at], (Half)x[at + step]);

    private static uint BFloats(ArrayView<float> x, int at, int step) => Mma.Pack((BFloat16)x[at], (BFloat16)x[at + step]);

    private static void HalfProduct(ArrayView<float> allA, ArrayView<float> allB, ArrayView<float> allC)
    {
        ArrayView<float> a = allA.SubView(Warp.WarpIdx * 256), b = allB.SubView(Warp.WarpIdx * 128), c = allC.SubView(Warp.WarpIdx * 128);
        int g = Warp.LaneIdx / 4, t = Warp.LaneIdx % 4 * 2;
        MmaPairsA left;
        (left.X, left.Y) = (Halves(a, g * 16 + t, 1), Halves(a, g * 16 + 128 + t, 1));
        (left.Z, left.W) = (Halves(a, g * 16 + t + 8, 1), Halves(a, g * 16 + 128 + t + 8, 1));
        MmaPairsB right;
        (right.X, right.Y) = (Halves(b, t * 8 + g, 8), Halves(b, (t + 8) * 8 + g, 8));
        Write(c, g, t, Mma.MultiplyAddHalf(left, right, Read(c, g, t)));
    }

    [Feature]
    public static void MatrixProductHalf(Device d) => Check(d, 16, HalfProduct);

    private static void BFloat16Product(ArrayView<float> allA, ArrayView<float> allB, ArrayView<float> allC)
    {
        ArrayView<float> a = allA.SubView(Warp.WarpIdx * 256), b = allB.SubView(Warp.WarpIdx * 128), c = allC.SubView(Warp.WarpIdx * 128);
        int g = Warp.LaneIdx / 4, t = Warp.LaneIdx % 4 * 2;
        MmaPairsA left;
        (left.X, left.Y) = (BFloats(a, g * 16 + t, 1), BFloats(a, g * 16 + 128 + t, 1));
        (left.Z, left.W) = (BFloats(a, g * 16 + t + 8, 1), BFloats(a, g * 16 + 128 + t + 8, 1));
        MmaPairsB right;
        (right.X, right.Y) = (BFloats(b, t * 8 + g, 8), BFloats(b, (t + 8) * 8 + g, 8));
        Write(c, g, t, Mma.MultiplyAddBFloat16(left, right, Read(c, g, t)));
    }

    [Feature]
    public static void MatrixProductBFloat16(Device d) => Check(d, 16, BFloat16Product);

    private static void Round(ArrayView<float> x)
    {
        if (Grid.GlobalIndex.X < x.Length)
            x[Grid.GlobalIndex.X] = Mma.RoundToTf32(x[Grid.GlobalIndex.X]);
    }

    [Feature]
    public static void RoundingToTf32(Device d)
    {
        // Below, at and above a half, a carry into the exponent, no finite number near, and what has no 13 bits to lose.
        uint[] bits = [0x3F800FFF, 0x3F801000, 0xBF801001, 0x3FFFF000, 0x7F7FFFFF, 0x7F800000, 0xFF800000, 0x80000000, 0, 0x00001000, 0x40490FDB];
        uint[] rounded = [0x3F800000, 0x3F802000, 0xBF802000, 0x40000000, 0x7F800000, 0x7F800000, 0xFF800000, 0x80000000, 0, 0x00002000, 0x40490000];
        DeviceBuffer<float> x = d.Allocate<float>([.. bits.Select(BitConverter.UInt32BitsToSingle), float.NaN]);
        d.LoadGrouped<ArrayView<float>>(Round)((1, 32), x);
        Assert.Equal(rounded, x.ToArray().SkipLast(1).Select(BitConverter.SingleToUInt32Bits));
        Assert.Equal(float.NaN, x.ToArray()[^1]);
    }

    /// <summary>Each round computes with the elements whose copy was begun a round earlier.</summary>
    private static void Pipeline(ArrayView<float> x, ArrayView<float> y, int rounds)
    {
        ArrayView<Vector4> quads = SharedMemory.Allocate<Vector4>(2 * 16);
        ArrayView<Vector2> pairs = SharedMemory.Allocate<Vector2>(2 * 16);
        ArrayView<float> singles = SharedMemory.Allocate<float>(2 * 16);
        int item = Group.IdxX;
        float sum = 0;
        for (int round = 0; round <= rounds; round++)
        {
            if (round < rounds)
            {
                int at = round % 2 * 16 + item;
                AsyncCopy.Start(ref quads[at], ref x.Cast<Vector4>()[round * 16 + item]);
                AsyncCopy.Start(ref pairs[at], ref x.Cast<Vector2>()[round * 16 + item]);
                AsyncCopy.Start(ref singles[at], ref x[round * 16 + item]);
            }

            AsyncCopy.Commit();
            if (round > 0)
            {
                AsyncCopy.Wait(1);
                Group.Barrier();
                int other = (round - 1) % 2 * 16 + 15 - item;
                sum += quads[other].Y + 100 * pairs[other].X + 10000 * singles[other];
                Group.Barrier();
            }
        }

        y[item] = sum;
    }

    [Feature]
    public static void AsynchronousCopies(Device d)
    {
        const int rounds = 3;
        float[] x = [.. Enumerable.Range(0, rounds * 64).Select(i => (float)(i % 13))];
        DeviceBuffer<float> y = d.Allocate<float>(16);
        d.LoadGrouped<ArrayView<float>, ArrayView<float>, int>(Pipeline)((1, 16), d.Allocate<float>(x), y, rounds);
        float[] expected = [.. Enumerable.Range(0, 16).Select(i => Enumerable.Range(0, rounds)
            .Sum(r => x[4 * (r * 16 + 15 - i) + 1] + 100 * x[2 * (r * 16 + 15 - i)] + 10000 * x[r * 16 + 15 - i]))];
        Assert.Equal(expected, y.ToArray());
    }
}
