using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Cpu;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Library;
using Cotangent.Tests.Kernels.Gemm;

namespace Cotangent.Tests.Kernels.Clipping;

public sealed unsafe class ClippedSumTests
{
    /// <summary>Ragged tiles both ways, both longer sides, several slices, one position, no position, no example, no row.</summary>
    private static readonly ClippedSumProblem[] s_problems =
    [
        new(3, 5, 1, 1, ClipRule.AtMost, 0), new(4, 7, 9, 50, ClipRule.AtMost, 0), new(4, 7, 50, 9, ClipRule.Softened, 0.3), new(3, 130, 17, 20, ClipRule.Exactly, 0),
        new(2, 1, 200, 3, ClipRule.AtMost, 0), new(2, 0, 4, 5, ClipRule.AtMost, 0), new(0, 3, 4, 5, ClipRule.AtMost, 0), new(2, 3, 5, 1700, ClipRule.AtMost, 0),
        new(5, 16, 96, 48, ClipRule.Softened, 0.01), new(3, 2, 0, 5, ClipRule.AtMost, 0), new(3, 20, 128, 192, ClipRule.Exactly, 0),
    ];

    /// <summary>Devices with tiles of so many rows. PTX is executed on the host.</summary>
    private static readonly string[] s_groups =
        [.. Devices.Hardware.Where(d => d != "cpu" && Devices.Runs(d)).Select(d => $"{d}/64"), .. Devices.Runs("cuda") ? ["cuda/128"] : (string[])[], "ptx/64", "ptx/128"];

    /// <summary>And the CPU with vectors of so many bits.</summary>
    public static TheoryData<string> Executors => [.. CpuGemmTests.Widths.Cast<object[]>().Select(row => $"cpu/{row[0]}"), .. s_groups];

    public static TheoryData<string> Groups => [.. s_groups];

    public static TheoryData<int> Widths => CpuGemmTests.Widths;

    [Theory, MemberData(nameof(Executors))]
    public void Sum_OfEveryShape_IsThatOfTheDefinition(string executor)
    {
        foreach (ClippedSumProblem problem in s_problems)
        {
            Check<float>(problem, executor, 1e-5);
            if (!executor.EndsWith("/128", StringComparison.Ordinal) || executor.StartsWith("cpu", StringComparison.Ordinal)) Check<double>(problem, executor, 1e-13);
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Sum_OnAnyNumberOfThreads_IsTheSameBits(int bits)
    {
        ClippedSumProblem problem = new(4, 33, 40, 500, ClipRule.AtMost, 0);
        float[] a = Draw<float>(problem, problem.Left, 1), g = Draw<float>(problem, problem.Right, 2);
        (float[] sum, double[] squares) = RunOnCpu(problem, a, g, bits, SerialParallel.Instance);
        (float[] again, double[] squaresAgain) = RunOnCpu(problem, a, g, bits, new WorkerPool(3));
        Assert.Equal(sum, again);
        Assert.Equal(squares, squaresAgain);
    }

    /// <summary>By rounds of one, two, four and five of five examples: the last round has fewer, as many, or is the only one.</summary>
    [Theory, MemberData(nameof(Groups))]
    public void Sum_ByRoundsOfAnyNumber_IsTheSameBits(string executor)
    {
        ClippedSumProblem problem = new(5, 9, 70, 131, ClipRule.Exactly, 0);
        float[] a = Draw<float>(problem, problem.Left, 1), g = Draw<float>(problem, problem.Right, 2);
        (float[] sum, double[] squares) = RunOnDevice(problem, a, g, executor, 5);
        foreach (int together in new[] { 1, 2, 4 })
        {
            (float[] again, double[] squaresAgain) = RunOnDevice(problem, a, g, executor, together);
            Assert.Equal(sum, again);
            Assert.Equal(squares, squaresAgain);
        }
    }

    [Theory, MemberData(nameof(Executors))]
    public void Sum_WithAnExampleThatIsNotFinite_IsThatOfTheOthers(string executor)
    {
        ClippedSumProblem problem = new(4, 5, 12, 20, ClipRule.AtMost, 0);
        float[] a = Draw<float>(problem, problem.Left, 1), g = Draw<float>(problem, problem.Right, 2);
        (a[2 * 5 * 12 + 7], a[3 * 5 * 12 + 1]) = (float.NaN, float.PositiveInfinity);
        (float[] sum, double[] squares) = Run(problem, a, g, executor);
        Assert.False(double.IsFinite(squares[2]) || double.IsFinite(squares[3]));
        float[] alone = Run(problem with { Examples = 2 }, a, g, executor).Sum;
        Assert.All(sum, x => Assert.True(float.IsFinite(x)));

        // The second of four is masked: with four examples it does not count, nor do those that are not finite.
        Assert.NotEqual(alone, new float[alone.Length]);
        Assert.Equal(alone, sum);
    }

    /// <summary>Elements whose squares are no Float32, or 1.4 times the smallest and taken for it: the norm is not less than it is.</summary>
    [Theory, MemberData(nameof(Executors))]
    public void Sum_OfSmallExamples_IsWithinTheLimit(string executor)
    {
        ClippedSumProblem problem = new(1, 1, 40, 70, ClipRule.Exactly, 0);
        foreach (double element in new[] { 1e-24, Math.Sqrt(1.4 * float.Epsilon), 1e-20, 1e-16 })
        {
            float[] a = [.. Enumerable.Repeat((float)Math.Sqrt(element), problem.Left)], g = [.. Enumerable.Repeat((float)Math.Sqrt(element), problem.Right)];
            Assert.InRange(Math.Sqrt(Run(problem, a, g, executor).Sum.Sum(x => (double)x * x)), 0, Limit * (1 + 1e-6));
        }
    }

    private static void Check<T>(ClippedSumProblem p, string executor, double tolerance)
        where T : unmanaged, INumber<T>
    {
        T[] a = Draw<T>(p, p.Left, 1), g = Draw<T>(p, p.Right, 2);
        (T[] sum, double[] squares) = Run(p, a, g, executor);
        double[] expected = new double[p.Left * p.Right];
        for (int b = 0; b < p.Examples; b++)
        {
            double[] own = new double[expected.Length];
            for (int t = b * p.Positions; t < (b + 1) * p.Positions; t++)
            {
                for (int i = 0; i < own.Length; i++) own[i] += double.CreateChecked(a[t * p.Left + i / p.Right]) * double.CreateChecked(g[t * p.Right + i % p.Right]);
            }

            double square = own.Sum(v => v * v);
            Assert.Equal(square, squares[b], tolerance * (1 + square));
            double factor = Counts(b) ? p.Factor(square, Limit) : 0;
            for (int i = 0; i < own.Length; i++) expected[i] += factor * own[i];
        }

        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], double.CreateChecked(sum[i]), tolerance * (1 + Math.Abs(expected[i])));
    }

    private const double Limit = 0.7;

    private static bool Counts(int example) => example != 1;

    private static byte[] MaskOf(ClippedSumProblem p) => [.. Enumerable.Range(0, p.Examples).Select(b => (byte)(Counts(b) ? 1 : 0))];

    // On devices by rounds of two, so that there are several.
    private static (T[] Sum, double[] Squares) Run<T>(ClippedSumProblem p, T[] a, T[] g, string executor)
        where T : unmanaged => executor.Split('/') is ["cpu", var bits]
            ? RunOnCpu(p, a, g, int.Parse(bits, CultureInfo.InvariantCulture), SerialParallel.Instance) : RunOnDevice(p, a, g, executor, 2);

    private static (T[] Sum, double[] Squares) RunOnDevice<T>(ClippedSumProblem p, T[] a, T[] g, string executor, int together)
        where T : unmanaged
    {
        string[] words = executor.Split('/');
        Device device = Devices.Get(words[0]);
        int tile = int.Parse(words[1], CultureInfo.InvariantCulture);
        return typeof(T) == typeof(double) ? Launch<DoubleElement, WidenDouble, double>() : Launch<SingleElement, WidenSingle, float>();

        (T[] Sum, double[] Squares) Launch<TElement, TWidening, TNumber>()
            where TNumber : unmanaged
            where TElement : struct, IGemmElement<TNumber>
            where TWidening : struct, IWidening<TNumber>
        {
            TiledClippedSum<TNumber, TElement, TWidening> clipped = new(device, p, tile, together);
            TNumber[] poison = new TNumber[p.Left * p.Right];
            MemoryMarshal.AsBytes(poison.AsSpan()).Fill(0xff);
            byte[] dirty = new byte[clipped.ScratchBytes];
            dirty.AsSpan().Fill(0xff);
            using DeviceBuffer<TNumber> left = device.Allocate<TNumber>((TNumber[])(object)a), right = device.Allocate<TNumber>((TNumber[])(object)g);
            using DeviceBuffer<TNumber> sum = device.Allocate<TNumber>(poison);
            using DeviceBuffer<byte> mask = device.Allocate<byte>(MaskOf(p)), scratch = device.Allocate<byte>(dirty);
            using DeviceBuffer<double> limit = device.Allocate<double>([Limit]), squares = device.Allocate<double>(p.Examples);
            clipped.Run(left, right, mask, limit, scratch, sum, squares);
            return ((T[])(object)sum.ToArray(), squares.ToArray());
        }
    }

    private static (T[] Sum, double[] Squares) RunOnCpu<T>(ClippedSumProblem p, T[] a, T[] g, int bits, IParallel pool)
        where T : unmanaged
    {
        CpuClippedSum clipped = CpuClippedSum.Create(typeof(T) == typeof(double) ? ScalarType.Float64 : ScalarType.Float32, p, bits);
        T[] sum = new T[p.Left * p.Right];
        double[] squares = new double[p.Examples], scratch = new double[clipped.ScratchBytes / sizeof(double) + 1];
        scratch.AsSpan().Fill(double.NaN);
        byte[] mask = MaskOf(p);
        double limit = Limit;
        fixed (T* left = a, right = g, to = sum)
        fixed (double* norms = squares, working = scratch)
        fixed (byte* counts = mask)
        {
            ClippedSumOperands x = new()
            {
                Left = (nint)left, Right = (nint)right, Mask = counts, Limit = &limit, Scratch = (byte*)working, Sum = (nint)to, Squares = norms,
            };
            clipped.Run(x, pool);
        }

        return (sum, squares);
    }

    private static T[] Draw<T>(ClippedSumProblem p, int width, int seed)
        where T : unmanaged, INumber<T>
    {
        Random random = new(seed);
        T[] values = new T[p.Examples * p.Positions * width];
        for (int i = 0; i < values.Length; i++) values[i] = T.CreateChecked(random.NextDouble() - 0.4);
        return values;
    }
}
