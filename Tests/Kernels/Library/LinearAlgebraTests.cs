using System.Numerics;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Tests.Kernels.Library;

/// <summary>The factorisations' kernels on every device and oracle, by what must hold of their results.</summary>
public sealed class LinearAlgebraTests
{
    /// <summary>The devices, the C# itself, the interpreter, and PTX run on the host.</summary>
    public static TheoryData<string> Executors => [.. new[] { "debug", "interpreter", "ptx", "cpu", "opencl" }
        .Where(id => id is "interpreter" or "ptx" || Devices.Runs(id))];

    [Theory, MemberData(nameof(Executors))]
    public void TriangularSolve_AnyTriangle_IsThatOfTheOracle(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in Orders(device))
        {
            foreach (TriangleKind kind in new TriangleKind[]
                { new(true, false, false), new(false, true, true), new(true, true, false), new(false, false, true) })
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
        float[] l = Run(device, a, 9, (x, y, s) => new CholeskyFactorisation<float>(device).Factor(x, y, s, 2, 3),
            CholeskyFactorisation<float>.Scratch(2, 3));
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

    [Theory, MemberData(nameof(Executors))]
    public void Qr_AnyShape_IsThatOfTheOracle(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in Orders(device))
        {
            foreach ((int rows, int columns) in new[] { (n, n), (n + 5, n), (n, n + 5) })
            {
                Qr<float, AddFloat, MaxFloat>(device, rows, columns, 2e-4);
                if (device.Id == "cpu") Qr<double, AddDouble, MaxDouble>(device, rows, columns, 1e-12);
            }
        }
    }

    [Theory, MemberData(nameof(Executors))]
    public void Eigh_AnyOrder_DiagonalisesTheMatrix(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in Orders(device).Where(n => device.Id is "cpu" or "opencl" || n < 60))
        {
            Eigh<float, AddFloat, MaxFloat>(device, n, 1e-6);
            if (device.Id == "cpu") Eigh<double, AddDouble, MaxDouble>(device, n, 1e-15);
        }
    }

    [Theory, MemberData(nameof(Executors))]
    public void Svd_AnyShape_GivesTheMatrixBack(string id)
    {
        Device device = Devices.Get(id);
        foreach (int n in Orders(device).Where(n => device.Id is "cpu" or "opencl" || n < 60))
        {
            foreach ((int rows, int columns) in new[] { (n, n), (n + 5, n), (n, n + 5) })
            {
                Svd<float, AddFloat, MaxFloat>(device, rows, columns, 1e-6);
                if (device.Id == "cpu") Svd<double, AddDouble, MaxDouble>(device, rows, columns, 1e-15);
            }
        }
    }

    [Fact]
    public void Factorisations_AnyNumberOfThreads_HaveTheSameBits()
    {
        float[] a = [.. Symmetric(150, 1).Select(x => (float)x)];
        float[][] results = [.. new[] { 1, 2 }.Select(threads =>
        {
            CpuDevice device = new(threads);
            using DeviceBuffer<float> scratch = device.Allocate<float>(SingularValueSolver<float, AddFloat, MaxFloat>.Scratch(1, 150, 150));
            using DeviceBuffer<float> from = device.Allocate<float>(a), u = device.Allocate<float>(a.Length), v = device.Allocate<float>(a.Length);
            using DeviceBuffer<float> values = device.Allocate<float>(150), l = device.Allocate<float>(a.Length);
            new SingularValueSolver<float, AddFloat, MaxFloat>(device).Solve(from, u, values, v, scratch, 1, 150, 150);
            new CholeskyFactorisation<float>(device).Factor(from, l, scratch, 1, 150);
            return (float[])[.. u.ToArray(), .. values.ToArray(), .. l.ToArray()];
        })];
        Assert.Equal(results[0].Select(BitConverter.SingleToInt32Bits), results[1].Select(BitConverter.SingleToInt32Bits));
    }

    /// <summary>Orders below, at and above the block; small ones where groups are threads or interpreted.</summary>
    private static int[] Orders(Device device) => device.Id switch
    {
        "debug" => [1, 3],
        "ptx" => [1, 5],
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

    private static void Qr<T, TAdd, TMax>(Device device, int rows, int columns, double tolerance)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TAdd : struct, IScanReduceOperation<T>
        where TMax : struct, IScanReduceOperation<T>
    {
        const int batch = 2;
        int size = rows * columns, k = Math.Min(rows, columns);
        T[] input = Elements<T>(batch * size);
        using DeviceBuffer<T> r = device.Allocate<T>(batch * k * columns), q = device.Allocate<T>(batch * rows * k);
        Run(device, input, size, (from, _, scratch) =>
            new QrFactorisation<T, TAdd, TMax>(device).Factor(from, q, r, scratch, batch, rows, columns),
            QrFactorisation<T, TAdd, TMax>.Scratch(batch, rows, columns));
        for (int i = 0; i < batch; i++)
        {
            double[][] expected = MatrixOracle.Qr(Slice(input, i, size), rows, columns);
            Close(expected[0], q.ToArray().AsSpan(i * rows * k, rows * k), tolerance);
            Close(expected[1], r.ToArray().AsSpan(i * k * columns, k * columns), tolerance);
        }
    }

    private static void Eigh<T, TAdd, TMax>(Device device, int n, double tolerance)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TAdd : struct, IScanReduceOperation<T>
        where TMax : struct, IScanReduceOperation<T>
    {
        const int batch = 2;
        T[] input = [.. Symmetric(n, batch).Select(T.CreateTruncating)];
        using DeviceBuffer<T> values = device.Allocate<T>(batch * n);
        T[] vectors = Run(device, input, n * n, (from, to, scratch) =>
            new SymmetricEigensolver<T, TAdd, TMax>(device).Solve(from, values, to, scratch, batch, n),
            SymmetricEigensolver<T, TAdd, TMax>.Scratch(batch, n));
        for (int i = 0; i < batch; i++)
        {
            double[] a = Slice(input, i, n * n), v = Slice(vectors, i, n * n), w = Slice(values.ToArray(), i, n);
            Assert.Equal(w.Order(), w);
            double bound = tolerance * n * a.Max(Math.Abs);
            double[] scaled = [.. v.Select((x, k) => x * w[k % n])];
            Near(Product(a, v, n, n, n), scaled, bound * 4);
            Orthonormal(v, n, n, tolerance * 8 * Math.Sqrt(n));
        }
    }

    private static void Svd<T, TAdd, TMax>(Device device, int rows, int columns, double tolerance)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TAdd : struct, IScanReduceOperation<T>
        where TMax : struct, IScanReduceOperation<T>
    {
        const int batch = 2;
        int size = rows * columns, k = Math.Min(rows, columns);
        T[] input = Elements<T>(batch * size);
        using DeviceBuffer<T> u = device.Allocate<T>(batch * rows * k), s = device.Allocate<T>(batch * k), vt = device.Allocate<T>(batch * k * columns);
        Run(device, input, size, (from, _, scratch) =>
            new SingularValueSolver<T, TAdd, TMax>(device).Solve(from, u, s, vt, scratch, batch, rows, columns),
            SingularValueSolver<T, TAdd, TMax>.Scratch(batch, rows, columns));
        for (int i = 0; i < batch; i++)
        {
            double[] a = Slice(input, i, size), left = Slice(u.ToArray(), i, rows * k), right = Slice(vt.ToArray(), i, k * columns);
            double[] values = Slice(s.ToArray(), i, k);
            Assert.Equal(values.OrderDescending(), values);
            double[] scaled = [.. left.Select((x, j) => x * values[j % k])];
            Near(a, Product(scaled, right, rows, k, columns), tolerance * 8 * values[0]);
            Orthonormal(left, rows, k, tolerance * 8 * Math.Sqrt(k));
            Orthonormal([.. Enumerable.Range(0, columns * k).Select(j => right[j % k * columns + j / k])], columns, k, tolerance * 8 * Math.Sqrt(k));
        }
    }

    private static T[] Elements<T>(int length)
        where T : unmanaged, IFloatingPointIeee754<T> => LibraryCases.Elements(length, r => T.CreateTruncating((float)(2 * r.NextDouble() - 1)));

    private static double[] Slice<T>(T[] all, int i, int size)
        where T : unmanaged, IFloatingPointIeee754<T> => [.. all[(i * size)..((i + 1) * size)].Select(x => double.CreateTruncating(x))];

    private static double[] Symmetric(int n, int batch)
    {
        double[] a = Matrices(n, batch);
        return [.. a.Select((x, i) => i / (n * n) * n * n is var start ? (x + a[start + i % n * n + i / n % n]) / 2 : x)];
    }

    private static double[] Product(double[] a, double[] b, int m, int k, int n) =>
        NDIndex.Fill([m, n], at => Enumerable.Range(0, k).Sum(p => a[at[0] * k + p] * b[p * n + at[1]]));

    private static void Orthonormal(double[] columns, int rows, int count, double tolerance) => Near(
        NDIndex.Fill([count, count], at => at[0] == at[1] ? 1 : 0),
        NDIndex.Fill([count, count], at => Enumerable.Range(0, rows).Sum(r => columns[r * count + at[0]] * columns[r * count + at[1]])),
        tolerance);

    private static void Near(double[] expected, double[] actual, double tolerance) =>
        Assert.InRange(expected.Zip(actual, (x, y) => Math.Abs(x - y)).Append(0).Max(), 0, tolerance);

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
