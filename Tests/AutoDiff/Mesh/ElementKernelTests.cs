using Cotangent.AutoDiff.Mesh;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff.Mesh;

/// <summary>Local energies with gradients and Hessians by kernels, on every device and oracle, in both precisions.</summary>
public class ElementKernelTests
{
    private const int N = 6;

    public static TheoryData<string> All => [.. Devices.Hardware.Append("debug").Append("interpreter").Where(d => d == "interpreter" || Devices.Runs(d))];

    [Theory, MemberData(nameof(All))]
    public void SymmetricDirichlet_OnEveryDevice_IsGolden(string device)
    {
        Check<SymmetricDirichlet, Real64>(device, "symmetricDirichlet", [1, 0, 0, 1, 0.5], x => x, x => x, 1e-9);
        Check<SymmetricDirichlet, Real32>(device, "symmetricDirichlet", [1, 0, 0, 1, 0.5], x => (float)x, x => (float)x, 1e-5);
    }

    [Theory, MemberData(nameof(All))]
    public void Spring_OnEveryDevice_IsGolden(string device)
    {
        Check<Spring, Real64>(device, "spring", [1, 1], x => x, x => x, 1e-9);
        Check<Spring, Real32>(device, "spring", [1, 1], x => (float)x, x => (float)x, 1e-5);
    }

    [Theory, MemberData(nameof(All))]
    public void Energy_TurnedOver_IsInfinite(string device)
    {
        (double[] energy, _, double[] hessian) = Evaluate<SymmetricDirichlet, Real64>(device, [[0, 0, 0, 1, 1, 0], [0, 0, 1, 0, 0, 1]], [1, 0, 0, 1, 0.5], x => x, x => x);
        Assert.Equal([double.PositiveInfinity, 2], energy);
        Assert.Equal(6, hessian[1]);
    }

    [Fact]
    public void Hessian_OfRandomTriangles_AgreesWithDifferences()
    {
        Random random = new(7);
        double[] rest = [0.9, 0.2, -0.1, 1.1, 0.7];
        double[][] at = [.. Enumerable.Range(0, 37).Select(_ => new double[] { 0, 0, 1, 0, 0.2, 1 }.Select(x => x + 0.3 * random.NextDouble()).ToArray())];
        (_, double[] gradient, double[] hessian) = Evaluate<SymmetricDirichlet, Real64>("cpu", at, rest, x => x, x => x);
        const double Step = 1e-6;
        for (int v = 0; v < N; v++)
        {
            double[][] Moved(double h) => [.. at.Select(x => x.Select((c, i) => i == v ? c + h : c).ToArray())];
            (double[] e1, double[] g1, _) = Evaluate<SymmetricDirichlet, Real64>("cpu", Moved(Step), rest, x => x, x => x);
            (double[] e0, double[] g0, _) = Evaluate<SymmetricDirichlet, Real64>("cpu", Moved(-Step), rest, x => x, x => x);
            for (int e = 0; e < at.Length; e++)
            {
                Assert.Equal((e1[e] - e0[e]) / (2 * Step), gradient[v * at.Length + e], 1e-7);
                for (int w = 0; w < N; w++)
                {
                    Assert.Equal((g1[w * at.Length + e] - g0[w * at.Length + e]) / (2 * Step), hessian[Entry(v, w) * at.Length + e], 1e-5);
                }
            }
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Modes_OfOneEnergy_GiveTheSameBits(string device)
    {
        double[][] at = [[0, 0, 2, 0, 0.5, 1], [0, 0, 3, 0.1, 0, 0.5], [0.1, 0.2, 1, 0, 0, 1]];
        Device d = Device.Find(device);
        Mesh<Real64> mesh = new(d, 3, at, [1, 0, 0, 1, 0.5], x => x);
        (double[] energy, double[] gradient, _) = Evaluate<SymmetricDirichlet, Real64>(device, at, [1, 0, 0, 1, 0.5], x => x, x => x);
        d.Load(LocalDual.Energy<SymmetricDirichlet, Real64>())(at.Length, mesh.Vertices, mesh.Coordinates, mesh.Parameters, mesh.Energy);
        Assert.Equal(energy, mesh.Energy.ToArray().Select(x => (double)x));
        d.Load(LocalDual.Gradient<SymmetricDirichlet, Real64>())(at.Length, mesh.Vertices, mesh.Coordinates, mesh.Parameters, mesh.Energy, mesh.Gradient);
        Assert.Equal(energy, mesh.Energy.ToArray().Select(x => (double)x));
        Assert.Equal(gradient, mesh.Gradient.ToArray().Select(x => (double)x));
    }

    [Theory, MemberData(nameof(All))]
    public void Product_OfHessianAndVector_IsTheSumOfItsEntries(string device)
    {
        double[][] at = [[0, 0, 2, 0, 0.5, 1], [0, 0, 3, 0.1, 0, 0.5], [0.1, 0.2, 1, 0, 0, 1]];
        double[] vector = [.. Enumerable.Range(0, N * at.Length).Select(i => Math.Cos(3 * i))];
        Device d = Device.Find(device);
        Mesh<Real64> mesh = new(d, 3, at, [1, 0, 0, 1, 0.5], x => x);
        (_, _, double[] hessian) = Evaluate<SymmetricDirichlet, Real64>(device, at, [1, 0, 0, 1, 0.5], x => x, x => x);
        d.Load(LocalDual.Product<SymmetricDirichlet, Real64>())(at.Length, mesh.Vertices, mesh.Coordinates, mesh.Parameters,
            d.Allocate<Real64>([.. vector.Select(x => (Real64)x)]), mesh.Gradient);
        double[] product = [.. mesh.Gradient.ToArray().Select(x => (double)x)];
        for (int i = 0; i < N * at.Length; i++)
        {
            (int row, int e) = (i / at.Length, i % at.Length);
            double sum = Enumerable.Range(0, N).Sum(j => hessian[Entry(row, j) * at.Length + e] * vector[j * at.Length + e]);
            Assert.Equal(sum, product[i], 1e-11 * (1 + Math.Abs(sum)));
        }
    }

    private static void Check<TEnergy, T>(string device, string name, double[] parameters, Func<double, T> to, Func<T, double> from, double tolerance)
        where TEnergy : struct, ILocalEnergy
        where T : unmanaged, IReal<T, T>
    {
        IReadOnlyList<EnergyGolden> cases = EnergyGolden.Of(name);
        int count = cases.Count;
        (double[] energy, double[] gradient, double[] hessian) = Evaluate<TEnergy, T>(device, [.. cases.Select(c => c.At)], parameters, to, from);
        for (int e = 0; e < count; e++)
        {
            EnergyGolden c = cases[e];
            double[,] h = new double[N, N];
            for (int i = 0; i < N; i++) for (int j = 0; j < N; j++) h[i, j] = hessian[Entry(i, j) * count + e];
            double scale = 1 + c.Eigenvalues.Max(Math.Abs);
            Assert.Equal(c.Energy, energy[e], tolerance * scale);
            for (int i = 0; i < N; i++) Assert.Equal(c.Gradient[i], gradient[i * count + e], tolerance * scale);
            foreach ((int row, int column, double value) in c.Entries) Assert.Equal(value, h[row, column], tolerance * scale);
            foreach ((double expected, double actual) in c.Eigenvalues.Zip(Jacobi.Eigenvalues(h))) Assert.Equal(expected, actual, tolerance * scale);
        }
    }

    /// <summary>Where an entry of the symmetric matrix is among the rows of its upper triangle.</summary>
    private static int Entry(int i, int j) => i <= j ? i * N - i * (i - 1) / 2 + j - i : Entry(j, i);

    private static (double[] Energy, double[] Gradient, double[] Hessian) Evaluate<TEnergy, T>(
        string device, double[][] at, double[] parameters, Func<double, T> to, Func<T, double> from)
        where TEnergy : struct, ILocalEnergy
        where T : unmanaged, IReal<T, T>
    {
        Device d = Device.Find(device);
        Mesh<T> mesh = new(d, TEnergy.Valence, at, parameters, to);
        d.Load(LocalDual.Hessian<TEnergy, T>())(at.Length, mesh.Vertices, mesh.Coordinates, mesh.Parameters, mesh.Energy, mesh.Gradient, mesh.Hessian);
        return ([.. mesh.Energy.ToArray().Select(from)], [.. mesh.Gradient.ToArray().Select(from)], [.. mesh.Hessian.ToArray().Select(from)]);
    }

    /// <summary>Elements that share no vertex, in a device's memory.</summary>
    private sealed class Mesh<T>(Device d, int valence, double[][] at, double[] parameters, Func<double, T> to)
        where T : unmanaged
    {
        public DeviceBuffer<int> Vertices { get; } = d.Allocate<int>([.. Enumerable.Range(0, at.Length * valence)]);

        public DeviceBuffer<T> Coordinates { get; } = d.Allocate<T>([.. at.SelectMany(x => x).Select(to)]);

        public DeviceBuffer<T> Parameters { get; } = d.Allocate<T>([.. parameters.SelectMany(p => Enumerable.Repeat(to(p), at.Length))]);

        public DeviceBuffer<T> Energy { get; } = d.Allocate<T>(at.Length);

        public DeviceBuffer<T> Gradient { get; } = d.Allocate<T>(N * at.Length);

        public DeviceBuffer<T> Hessian { get; } = d.Allocate<T>(N * (N + 1) / 2 * at.Length);
    }
}
