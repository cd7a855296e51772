using Cotangent.Kernels;
using Cotangent.Kernels.Cpu;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Library;
using Cotangent.Tests.Kernels.Gemm;

namespace Cotangent.Tests.Kernels.Gram;

public sealed unsafe class GramNormsTests
{
    /// <summary>Examples, positions, left, right: one position, ragged tiles, several blocks of positions, several packed pieces, nothing.</summary>
    private static readonly GramProblem[] s_problems =
    [
        new(1, 1, 1, 1), new(3, 5, 2, 7), new(2, 16, 16, 48), new(2, 17, 130, 3), new(1, 127, 9, 70), new(2, 128, 129, 5), new(1, 256, 33, 3),
        new(2, 257, 5, 4), new(1, 530, 3, 41), new(2, 3, 0, 4), new(2, 0, 3, 4), new(2, 4, 600, 1100),
    ];

    public static TheoryData<int> Widths => CpuGemmTests.Widths;

    public static TheoryData<string> Names => [.. Devices.Hardware.Where(Devices.Runs)];

    [Theory, MemberData(nameof(Widths))]
    public void Norms_OnTiles_AreThoseOfTheSums(int bits)
    {
        foreach (GramProblem problem in s_problems)
        {
            OnTiles<float>(problem, bits, 2e-6);
            OnTiles<double>(problem, bits, 1e-14);
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Norms_OnAnyNumberOfThreads_AreTheSameBits(int bits)
    {
        GramProblem problem = new(3, 300, 40, 21);
        float[] a = Draw<float>(problem.Left, problem, 1), g = Draw<float>(problem.Right, problem, 2);
        (double[] norms, double[] lengths) = Run(problem, a, g, bits, SerialParallel.Instance);
        WorkerPool pool = new(3);
        (double[] again, double[] lengthsAgain) = Run(problem, a, g, bits, pool);
        Assert.Equal(norms, again);
        Assert.Equal(lengths, lengthsAgain);
    }

    [Theory, MemberData(nameof(Names))]
    public void Norms_OnADevice_AreThoseOfTheSums(string name)
    {
        Device device = Devices.Get(name);
        foreach (GramProblem problem in s_problems.Where(p => p is { Positions: > 0, Left: > 0 }))
        {
            float[] a = Draw<float>(problem.Left, problem, 1), g = Draw<float>(problem.Right, problem, 2);
            GramNorms<float, WidenSingle> norms = new(device, problem);
            using DeviceBuffer<float> left = device.Allocate<float>(a), right = device.Allocate<float>(g);
            using DeviceBuffer<byte> scratch = device.Allocate<byte>(norms.ScratchBytes);
            using DeviceBuffer<double> sums = device.Allocate<double>(problem.Examples), lengths = device.Allocate<double>(problem.Examples);
            norms.Run(left, right, scratch, sums, lengths);
            Check(problem, a, g, sums.ToArray(), lengths.ToArray(), 2e-6);
        }
    }

    /// <summary>Tiles that are full and ragged, several depths of terms.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Norms_ByTilesOnADevice_AreThoseOfTheSums(string name)
    {
        Device device = Devices.Get(name);
        foreach (GramProblem problem in (GramProblem[])[new(3, 5, 2, 7), new(2, 37, 64, 64), new(2, 33, 70, 130), new(1, 1, 1, 1), new(2, 0, 3, 4)])
        {
            Check<float, SingleElement, WidenSingle>(2e-6);
            Check<double, DoubleElement, WidenDouble>(1e-14);

            void Check<T, TElement, TWidening>(double tolerance)
                where T : unmanaged, System.Numerics.INumber<T>
                where TElement : struct, IGemmElement<T>
                where TWidening : struct, IWidening<T>
            {
                T[] a = Draw<T>(problem.Left, problem, 1), g = Draw<T>(problem.Right, problem, 2);
                OuterNorms<T, TElement, TWidening> norms = new(device, problem);
                using DeviceBuffer<T> left = device.Allocate<T>(a), right = device.Allocate<T>(g);
                using DeviceBuffer<byte> scratch = device.Allocate<byte>(norms.ScratchBytes);
                using DeviceBuffer<double> sums = device.Allocate<double>(problem.Examples), lengths = device.Allocate<double>(problem.Examples);
                norms.Run(left, right, scratch, sums, lengths);
                GramNormsTests.Check(problem, a, g, sums.ToArray(), lengths.ToArray(), tolerance);
            }
        }
    }

    private static void OnTiles<T>(GramProblem problem, int bits, double tolerance)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        T[] a = Draw<T>(problem.Left, problem, 1), g = Draw<T>(problem.Right, problem, 2);
        (double[] norms, double[] lengths) = Run(problem, a, g, bits, SerialParallel.Instance);
        Check(problem, a, g, norms, lengths, tolerance);
    }

    private static (double[] Norms, double[] Lengths) Run<T>(GramProblem problem, T[] a, T[] g, int bits, IParallel pool)
        where T : unmanaged
    {
        CpuGramNorms norms = CpuGramNorms.Create(typeof(T) == typeof(double) ? ScalarType.Float64 : ScalarType.Float32, problem, bits);
        double[] values = new double[problem.Examples], lengths = new double[problem.Examples], scratch = new double[norms.ScratchBytes / sizeof(double)];
        scratch.AsSpan().Fill(double.NaN);
        fixed (T* left = a, right = g)
        fixed (double* partial = scratch, sums = values, bounds = lengths)
            norms.Run((nint)left, (nint)right, partial, sums, bounds, pool);
        return (values, lengths);
    }

    // Against the definition: the sum of the outer products itself, in double precision.
    private static void Check<T>(GramProblem p, T[] a, T[] g, double[] norms, double[] lengths, double tolerance)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        for (int b = 0; b < p.Examples; b++)
        {
            (double norm, double length) = (0, 0);
            for (int i = 0; i < p.Left; i++)
            {
                for (int j = 0; j < p.Right; j++)
                {
                    double sum = 0;
                    for (int t = 0; t < p.Positions; t++) sum += At(a, p.Left, t, i) * At(g, p.Right, t, j);
                    norm += sum * sum;
                }
            }

            for (int t = 0; t < p.Positions; t++)
            {
                double left = Enumerable.Range(0, p.Left).Sum(i => Math.Pow(At(a, p.Left, t, i), 2));
                length += Math.Sqrt(left * Enumerable.Range(0, p.Right).Sum(j => Math.Pow(At(g, p.Right, t, j), 2)));
            }

            Assert.Equal(length, lengths[b], tolerance * length);
            Assert.Equal(norm, norms[b], tolerance * length * length);

            double At(T[] x, int width, int t, int i) => double.CreateChecked(x[(b * p.Positions + t) * width + i]);
        }
    }

    private static T[] Draw<T>(int width, GramProblem problem, int seed)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        Random random = new(seed);
        T[] values = new T[problem.Examples * problem.Positions * width];
        for (int i = 0; i < values.Length; i++) values[i] = T.CreateChecked(random.NextDouble() - 0.4);
        return values;
    }
}
