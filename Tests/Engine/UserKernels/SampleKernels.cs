using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.UserKernels;

/// <summary>Kernels as users write them, one for each thing that a call can have.</summary>
internal static class SampleKernels
{
    public const int GroupSize = 32;

    public static void Scale(Index1D i, ArrayView<float> x, ArrayView<float> y, float a, float b) => y[i] = a * x[i] + b;

    /// <summary>The mean of a pixel and its four neighbours; pixels beyond the edge are those at the edge.</summary>
    public static void Blur(Index2D i, ArrayView<float> x, ArrayView<float> y, int width)
    {
        int height = x.IntLength / width;
        int left = Math.Max(i.X - 1, 0), right = Math.Min(i.X + 1, width - 1);
        int up = Math.Max(i.Y - 1, 0), down = Math.Min(i.Y + 1, height - 1);
        y[i.Y * width + i.X] = (x[i.Y * width + i.X] + x[i.Y * width + left] + x[i.Y * width + right]
            + x[up * width + i.X] + x[down * width + i.X]) / 5;
    }

    /// <summary>y[i] = x[0] + … + x[i] within each group.</summary>
    public static void GroupScan(ArrayView<float> y, ArrayView<float> x)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(GroupSize);
        int item = Group.IdxX, at = Grid.GlobalIndex.X;
        sums[item] = at < x.IntLength ? x[at] : 0;
        Group.Barrier();
        for (int step = 1; step < GroupSize; step *= 2)
        {
            float before = item >= step ? sums[item - step] : 0;
            Group.Barrier();
            sums[item] += before;
            Group.Barrier();
        }

        if (at < x.IntLength) y[at] = sums[item];
    }

    public static void SumAndProduct(Index1D i, ArrayView<float> x, ArrayView<float> y, ArrayView<float> sum, ArrayView<float> product)
    {
        sum[i] = x[i] + y[i];
        product[i] = x[i] * y[i];
    }

    public static void Histogram(Index1D i, ArrayView<byte> x, ArrayView<int> counts) => Atomic.Add(ref counts[(int)x[i]], 1);

    public static void EveryOther(Index1D i, ArrayView<int> y)
    {
        if (i.X % 2 == 0) y[i] = i.X;
    }

    public static void Transpose(Index3D i, ArrayView<long> x, ArrayView<long> y, int n, int m) =>
        y[(i.Z * m + i.X) * n + i.Y] = x[(i.Z * n + i.Y) * m + i.X];

    /// <summary>A point in the plane, for views of structs.</summary>
    public struct Point
    {
        public float X;
        public float Y;
    }

    /// <summary>Numbers in a struct.</summary>
    public readonly record struct Turn(float Cosine, float Sine);

    public static void Rotate(Index1D i, ArrayView<Point> x, ArrayView<Point> y, Turn turn)
    {
        Point p = x[i];
        y[i] = new Point { X = turn.Cosine * p.X - turn.Sine * p.Y, Y = turn.Sine * p.X + turn.Cosine * p.Y };
    }

    /// <summary>y[row, column] = x[column, row], where a view indexed [x, y] with X dense is the same as one indexed [row,
    /// column] with Y dense, seen the other way round.</summary>
    public static void Turned(Index2D i, ArrayView2D<float, Stride2D.DenseX> x, ArrayView2D<float, Stride2D.DenseY> y,
        ArrayView1D<float, Stride1D.Dense> rowOf)
    {
        y[i] = x[i] + 100 * (float)x.Extent.X;
        rowOf[i.X * (int)y.Extent.Y + i.Y] = i.X;
    }

    public static void Boxes(Index3D i, ArrayView3D<Point, Stride3D.DenseZY> x, ArrayView3D<Point, Stride3D.DenseXY> y)
    {
        Point p = x[i];
        y[new Index3D(i.Z, i.Y, i.X)] = new Point { X = p.Y, Y = p.X };
    }

    public static void Halves(LongIndex1D i, ArrayView<Half> x, ArrayView<BFloat16> y, ArrayView<System.Numerics.Vector2> z)
    {
        y[i] = (BFloat16)((float)x[i] * 2);
        z[i] = new System.Numerics.Vector2((float)x[i], -(float)x[i]);
    }

    public static void Sized(Index1D i, ArrayView<float> y, SpecializedValue<int> n) => y[i] = n.Value;

    /// <summary>Reverses each group's elements through memory whose size the launch gives.</summary>
    public static void Reverse(ArrayView<float> x, ArrayView<float> y)
    {
        ArrayView<float> shared = SharedMemory.GetDynamic<float>();
        shared[Group.IdxX] = x[Grid.GlobalIndex.X];
        Group.Barrier();
        y[Grid.GlobalIndex.X] = shared[Group.DimX - 1 - Group.IdxX] + 100 * shared.IntLength;
    }

    public static void AnyStride(Index2D i, ArrayView2D<float, Stride2D.General> x, ArrayView<float> y) => y[i.X] = x[i];

    public static void InPlace(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        ArrayView<float> alias = x.SubView(0, 1);
        y[i] = 1;
        alias[0] = 2;
    }

    public static void Labels(Index1D i, ArrayView<ulong> x, ArrayView<float> y) => y[i] = x[i];

    public static void Square(Index1D i, ArrayView<double> x, ArrayView<double> y) => y[i] = x[i] * x[i];

    /// <summary>y[i] = weight[i]·(x[i] − x[i − 1]): linear in x.</summary>
    public static void Difference(Index1D i, ArrayView<double> x, ArrayView<double> weight, ArrayView<double> y) =>
        y[i] = weight[i] * (i.X > 0 ? x[i] - x[i - 1] : x[i]);

    public static void DifferenceTransposed(Index1D i, ArrayView<double> ct, ArrayView<double> weight, ArrayView<double> dx) =>
        dx[i] = weight[i] * ct[i] - (i.X + 1 < ct.IntLength ? weight[i + 1] * ct[i + 1] : 0);

    public static void Polar(Index1D i, ArrayView<double> r, ArrayView<double> angle, ArrayView<double> x, ArrayView<double> y, double scale)
    {
        x[i] = scale * r[i] * Math.Cos(angle[i]);
        y[i] = scale * r[i] * Math.Sin(angle[i]);
    }
}
