using System.Numerics;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Tests.Kernels.Library;

/// <summary>The factorisations' kernels on every device and oracle, by what must hold of their results.</summary>
public sealed class LinearAlgebraTests
{
    public static TheoryData<string> Executors => LibraryCases.Executors;

    [Theory, MemberData(nameof(Executors))]
    public void TriangularSolve_AnyTriangle_IsThatOfTheOracle(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in Orders(device))
        {
            foreach (TriangleKind kind in new TriangleKind[] { new(true, false, false), new(false, true, true), new(true, true, false), new(false, false, true) })
            {
                Solve<float>(device, n, kind, 1e-5);
                if (device.Id == "cpu") Solve<double>(device, n, kind, 1e-13);
            }
        }
    }

    [Theory, MemberData(nameof(Executors))]
    public void Cholesky_AnyOrder_IsThatOfTheOracle(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in Orders(device))
        {
            Factor<float>(device, n, 2e-6);
            if (device.Id == "cpu") Factor<double>(device, n, 1e-14);
        }
    }

    [Theory, MemberData(nameof(Executors))]
    public void Cholesky_NotPositiveDefinite_IsNaN(string id)
    {
        Device device = Devices.Get(id);
        float[] a = [4, 2, 0, 2, 1, 3, 0, 3, 9, /* */ 4, 0, 0, 0, 4, 0, 0, 0, 4];
        float[] l = Run(device, a, 9, (x, y, s) => new CholeskyFactorisation<float>(device).Factor(x, y, s, 2, 3), CholeskyFactorisation<float>.Scratch(2, 3));
        Assert.Equal([float.NaN, 0, 0, float.NaN, float.NaN, 0, float.NaN, float.NaN, float.NaN, 2, 0, 0, 0, 2, 0, 0, 0, 2], l);
    }

    [Theory, MemberData(nameof(Executors))]
    public void Lu_AnyShape_IsThatOfTheOracle(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in Orders(device))
        {
            foreach ((int rows, int columns) in new[] { (n, n), (n + 5, n), (n, n + 5) })
            {
                Lu<float, MaxFloat>(device, rows, columns, 3e-5);
                if (device.Id == "cpu") Lu<double, MaxDouble>(device, rows, columns, 1e-12);
            }
        }
    }

    [Theory, MemberData(nameof(Executors))]
    public void Lu_SingularMatrix_KeepsWhatIsLeft(string id)
    {
        Device device = Devices.Get(id);
        using DeviceBuffer<float> a = device.Allocate<float>([1, 2, 3, 2, 4, 6, 0, 0, 0]), scratch = device.Allocate<float>(9);
        using DeviceBuffer<int> pivots = device.Allocate<int>(3), permutation = device.Allocate<int>(3);
        new LuFactorisation<float, MaxFloat>(device).Factor(a, pivots, permutation, scratch, 1, 3, 3);
        Assert.Equal([2, 4, 6, 0.5f, 0, 0, 0, 0, 0], a.ToArray());
        Assert.Equal([1, 1, 2], pivots.ToArray());
        Assert.Equal([1, 0, 2], permutation.ToArray());
    }

    /// <summary>Orders below, at and above the block; small ones where groups are threads or interpreted.</summary>
    private static int[] Orders(Device device) => device.Id switch
    {
        "debug" => [1, 3],
        "interpreter" => [2, 5, 66],
        "cpu" => [1, 2, 3, 8, 17, 64, 65, 150],
        _ => [3, 70],
    };

    private static void Solve<T>(Device device, int n, TriangleKind kind, double tolerance)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        const int batch = 2;
        int columns = n % 3 + 1;
        double[] a = Matrices(n, batch), b = [.. LibraryCases.Elements(batch * n * columns, r => 2 * r.NextDouble() - 1)];
        T[] actual = Run<T>(device, [.. b.Select(T.CreateTruncating)], b.Length / batch, (from, x, scratch) =>
        {
            MatrixProducts.Copy(device, from, x);
            using DeviceBuffer<T> matrices = device.Allocate<T>([.. a.Select(T.CreateTruncating)]);
            new TriangularSolver<T>(device).Solve(matrices, x, scratch, batch, n, columns, kind);
        }, TriangularSolver<T>.Scratch(batch, n, columns));
        for (int i = 0; i < batch; i++)
        {
            double[] expected = MatrixOracle.TriangularSolve(a[(i * n * n)..((i + 1) * n * n)], b[(i * n * columns)..((i + 1) * n * columns)], n, columns,
                new TriangularAttributes(kind.Lower, kind.Transpose, kind.Unit));
            Close(expected, actual.AsSpan(i * n * columns, n * columns), tolerance);
        }
    }

    private static void Factor<T>(Device device, int n, double tolerance)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        const int batch = 2;
        double[] a = [.. Matrices(n, batch).Select((x, i) => (i / n % n) == i % n ? Math.Abs(x) + 1 : 0.5 * x)];
        for (int i = 0; i < a.Length; i++)
        {
            int start = i / (n * n) * n * n, row = i / n % n, column = i % n;
            if (column < row) a[i] = a[start + column * n + row];
        }

        T[] actual = Run<T>(device, [.. a.Select(T.CreateTruncating)], n * n,
            (from, l, scratch) => new CholeskyFactorisation<T>(device).Factor(from, l, scratch, batch, n), CholeskyFactorisation<T>.Scratch(batch, n));
        for (int i = 0; i < batch; i++)
            Close(MatrixOracle.Cholesky(a[(i * n * n)..((i + 1) * n * n)], n), actual.AsSpan(i * n * n, n * n), tolerance);
    }

    private static void Lu<T, TMax>(Device device, int rows, int columns, double tolerance)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMax : struct, IScanReduceOperation<T>
    {
        const int batch = 2;
        int size = rows * columns, count = Math.Min(rows, columns);
        T[] input = [.. LibraryCases.Elements(batch * size, r => T.CreateTruncating((float)(2 * r.NextDouble() - 1)))];
        using DeviceBuffer<int> pivots = device.Allocate<int>(batch * count), permutation = device.Allocate<int>(batch * rows);
        T[] actual = Run(device, input, size, (from, lu, scratch) =>
        {
            MatrixProducts.Copy(device, from, lu);
            new LuFactorisation<T, TMax>(device).Factor(lu, pivots, permutation, scratch, batch, rows, columns);
        }, LuFactorisation<T, TMax>.Scratch(batch, rows, columns));
        for (int i = 0; i < batch; i++)
        {
            double[] a = [.. input[(i * size)..((i + 1) * size)].Select(x => double.CreateTruncating(x))];
            double[][] expected = MatrixOracle.Lu(a, rows, columns);
            Close(expected[0], actual.AsSpan(i * size, size), tolerance);
            Assert.Equal(expected[1], pivots.ToArray()[(i * count)..((i + 1) * count)].Select(x => (double)x));
            Assert.Equal(expected[2], permutation.ToArray()[(i * rows)..((i + 1) * rows)].Select(x => (double)x));
        }
    }

    /// <summary>Matrices with a dominant diagonal: elements are at most 1/n beside it.</summary>
    private static double[] Matrices(int n, int batch) => [.. LibraryCases.Elements(batch * n * n, r => 2 * r.NextDouble() - 1)
        .Select((x, i) => (i / n % n) == i % n ? 1 + 0.5 * x : x / n)];

    /// <summary>Inputs of so many elements for each matrix to as many results.</summary>
    private static T[] Run<T>(Device device, T[] input, int length, Action<ArrayView<T>, ArrayView<T>, ArrayView<T>> run, long scratch)
        where T : unmanaged
    {
        Assert.Equal(0, input.Length % length);
        using DeviceBuffer<T> from = device.Allocate<T>(input), to = device.Allocate<T>(input.Length), memory = device.Allocate<T>(scratch + 1);
        run(from, to, memory);
        return to.ToArray();
    }

    private static void Close<T>(double[] expected, ReadOnlySpan<T> actual, double tolerance)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        double scale = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], double.CreateTruncating(actual[i]), tolerance * scale);
    }
}
