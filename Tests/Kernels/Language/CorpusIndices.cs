using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Index types: arithmetic, bounds, conversions, as kernel indices.</summary>
public static class CorpusIndices
{
    private const int W = 16;

    private static int Bit(bool value) => value ? 1 : 0;

    private static void OneDimension(Index1D i, ArrayView<long> y)
    {
        ArrayView<long> r = y.SubView(i * W, W);
        Index1D a = i * 3 + 1, b = 20 - i;
        r[0] = a.Add(b);
        r[1] = Index1D.Subtract(a, b) + a.Subtract(b).X;
        r[2] = Index1D.Multiply(a, b);
        r[3] = Index1D.Divide(b, a) + Index1D.Add(a, 1);
        r[4] = Index1D.Clamp(a, 5, 11);
        r[5] = Bit(a.InBounds(b)) + 2 * Bit(a.InBoundsInclusive(b)) + 4 * Bit(i.IsFirst) + 8 * Bit(a == b);
        r[6] = a.Size + a.LongSize + (int)a.IndexType;
        r[7] = a.ToLongIndex().X + ((LongIndex1D)b).X;
        r[8] = Index1D.Invalid + Index1D.Zero + Index1D.One;
        r[9] = Index1D.Min(a, b) * 100 + Index1D.Max(a, b);
        r[10] = a > b ? a - b : b - 2;
    }

    [Feature]
    public static void IndexOneDimension(Device d)
    {
        long[] y = Same.AsDebug<Index1D, long>(d, 9, W, OneDimension);
        Assert.Equal([25, 2 * (7 - 18), 7 * 18, 18 / 7 + 8, 7, 1 + 2, 7 + 7 + 1, 25, 0, 718], y.AsSpan(2 * W, 10));
    }

    private static void TwoDimensions(Index2D i, ArrayView<long> y)
    {
        ArrayView<long> r = y.SubView((i.Y * 5 + i.X) * W, W);
        Index2D a = new(i.X * 2, i.Y + 1), b = (7 - i.Y, 3 + i.X);
        Index2D sum = a.Add(b), product = Index2D.Multiply(a, b), quotient = Index2D.Divide(a, b);
        (int x, int z) = a.Subtract(b);
        r[0] = sum.X * 1000 + sum.Y;
        r[1] = product.X * 1000 + product.Y;
        r[2] = quotient.X * 1000 + quotient.Y;
        r[3] = x * 1000 + z;
        Index2D clamped = Index2D.Clamp(a, (1, 2), (6, 4));
        r[4] = clamped.X * 1000 + clamped.Y;
        r[5] = Bit(a.InBounds(b)) + 2 * Bit(a.InBoundsInclusive(b)) + 4 * Bit(i.IsFirst) + 8 * Bit(a == b);
        r[6] = a.Size + a.LongSize + (int)a.IndexType;
        r[7] = a.ToLongIndex().Y + ((LongIndex2D)b).X;
        (int first, int second) = a.ToValueTuple();
        r[8] = Index2D.Invalid.X + Index2D.Zero.Y + Index2D.One.X + first - second;
        r[9] = Index2D.Min(a, b).X + Index2D.Max(a, b).Y + Index2D.Subtract(a, b).X + Index2D.Add(a, b).Y;
    }

    [Feature]
    public static void IndexTwoDimensions(Device d)
    {
        long[] y = Same.AsDebug<Index2D, long>(d, (5, 3), W, TwoDimensions);
        Assert.Equal([4000 + 2 + 6000 + 5, 24000 + 10, 0, -2000 - 3, 4002, 3, 8 + 8 + 2, 8], y.AsSpan((5 + 2) * W, 8));
    }

    private static void ThreeDimensions(Index3D i, ArrayView<long> y)
    {
        ArrayView<long> r = y.SubView(((i.Z * 3 + i.Y) * 4 + i.X) * W, W);
        Index3D a = new(i.X * 2, i.Y + 1, i.Z), b = (7 - i.Y, 3 + i.X, i.Z + 1);
        Index3D sum = a + b, difference = Index3D.Subtract(a, b);
        (int p, int q, int s) = Index3D.Multiply(a, b);
        r[0] = sum.X * 10000 + sum.Y * 100 + sum.Z;
        r[1] = difference.X * 10000 + difference.Y * 100 + difference.Z;
        r[2] = p * 10000 + q * 100 + s;
        r[3] = Index3D.Divide(b, b).Size + a.XY.Size + a.YZ.X;
        Index3D clamped = Index3D.Clamp(a, Index3D.One, (6, 2, 2));
        r[4] = clamped.X * 10000 + clamped.Y * 100 + clamped.Z;
        r[5] = Bit(a.InBounds(b)) + 2 * Bit(a.InBoundsInclusive(b)) + 4 * Bit(i.IsFirst) + 8 * Bit(a == b);
        r[6] = a.Size + a.LongSize + (int)a.IndexType;
        r[7] = a.ToLongIndex().Z + ((LongIndex3D)b).X + a.Add(b).Z + a.Subtract(b).Y + Index3D.Add(a, b).X;
        r[8] = Index3D.Invalid.Z + Index3D.Min(a, b).Y + Index3D.Max(a, b).Z + a.ToValueTuple().Item2;
    }

    [Feature]
    public static void IndexThreeDimensions(Device d) => Same.AsDebug<Index3D, long>(d, (4, 3, 2), W, ThreeDimensions);

    private static void LongOneDimension(LongIndex1D i, ArrayView<long> y)
    {
        ArrayView<long> r = y.SubView(i * W, W);
        LongIndex1D a = i * 3_000_000_000 + 1, b = 20 - i;
        r[0] = a.Add(b);
        r[1] = LongIndex1D.Subtract(a, b) + a.Subtract(b).X;
        r[2] = LongIndex1D.Multiply(a, b);
        r[3] = LongIndex1D.Divide(a, b) + LongIndex1D.Add(a, 1);
        r[4] = LongIndex1D.Clamp(a, 5, 4_000_000_000);
        r[5] = Bit(a.InBounds(b)) + 2 * Bit(b.InBoundsInclusive(a)) + 4 * Bit(i.IsFirst) + 8 * Bit(a == b);
        r[6] = a.Size + (int)a.IndexType;
        r[7] = b.ToIntIndex().X + ((Index1D)b).X;
        r[8] = LongIndex1D.Invalid + LongIndex1D.Zero + LongIndex1D.One;
        r[9] = LongIndex1D.Min(a, b) + 2 * LongIndex1D.Max(a, b);
        y[i * W + (W - 1)] = a - b;
    }

    [Feature]
    public static void LongIndexOneDimension(Device d)
    {
        long[] y = Same.AsDebug<LongIndex1D, long>(d, 9, W, LongOneDimension);
        Assert.Equal([6_000_000_019, 2 * (6_000_000_001 - 18), 6_000_000_001 * 18], y.AsSpan(2 * W, 3));
    }

    private static void LongTwoDimensions(LongIndex2D i, ArrayView<long> y)
    {
        ArrayView<long> r = y.SubView((i.Y * 5 + i.X) * W, W);
        LongIndex2D a = new(i.X * 2, i.Y + 1), b = (7 - i.Y, 3 + i.X);
        LongIndex2D mixed = LongIndex2D.Max(LongIndex2D.Min(a, b), LongIndex2D.One) * a.Add(b) - b / LongIndex2D.Max(a, LongIndex2D.One);
        r[0] = mixed.X * 1000 + mixed.Y;
        r[1] = LongIndex2D.Clamp(a, (1, 2), (6, 4)).LongSize;
        r[2] = Bit(a.InBounds(b)) + 2 * Bit(a.InBoundsInclusive(b)) + 4 * Bit(i.IsFirst) + 8 * Bit(a == b);
        r[3] = a.Size + (int)a.IndexType + a.ToIntIndex().Y;
    }

    [Feature]
    public static void LongIndexTwoDimensions(Device d) => Same.AsDebug<LongIndex2D, long>(d, (5, 3), W, LongTwoDimensions);

    private static void LongThreeDimensions(LongIndex3D i, ArrayView<long> y)
    {
        ArrayView<long> r = y.SubView(((i.Z * 3 + i.Y) * 4 + i.X) * W, W);
        LongIndex3D a = new(i.X * 2, i.Y + 1, i.Z), b = (7 - i.Y, 3 + i.X, i.Z + 1);
        LongIndex3D mixed = LongIndex3D.Min(a, b) * a.Add(b) - LongIndex3D.Divide(a, b);
        r[0] = mixed.X * 10000 + mixed.Y * 100 + mixed.Z;
        r[1] = Bit(a.InBounds(b)) + 2 * Bit(a.InBoundsInclusive(b)) + 4 * Bit(i.IsFirst);
        r[2] = a.Size + (int)a.IndexType + a.ToIntIndex().YZ.X + b.XY.Y;
    }

    [Feature]
    public static void LongIndexThreeDimensions(Device d) => Same.AsDebug<LongIndex3D, long>(d, (4, 3, 2), W, LongThreeDimensions);

    private static void LongGlobal(ArrayView<long> y)
    {
        int at = Grid.LinearIndex * Group.Dimension.Size + Group.LinearIndex;
        LongIndex3D i = Grid.LongGlobalIndex;
        LongIndex2D j = Grid.ComputeLongGlobalIndex(Grid.Index.XY, Group.Index.XY);
        y[at] = i.X + 100 * i.Y + 10000 * j.X + 1000000 * j.Y + 100000000 * Grid.ComputeLongGlobalIndex(3_000_000, 1).X;
    }

    [Feature]
    public static void LongGlobalIndices(Device d)
    {
        long[] y = Same.AsDebugGroups<long>(d, new KernelConfig(new Index2D(2, 2), new Index2D(4, 2)), 32, LongGlobal);
        Assert.Equal(5 + 200 + 50000 + 2000000 + 100000000 * 12_000_001L, y[3 * 8 + 1]);
    }
}
