using System.Numerics;
using Cotangent.Kernels;
using Cotangent.Kernels.Cpu;
using Cotangent.Kernels.Ir;
using Cotangent.Tests.Kernels.Gemm;

namespace Cotangent.Tests.Kernels.Clipping;

public sealed unsafe class ClippedSumTests
{
    /// <summary>Ragged tiles both ways, both longer sides, several slices, one position, no position, no example.</summary>
    private static readonly ClippedSumProblem[] s_problems =
    [
        new(3, 5, 1, 1, ClipRule.AtMost, 0), new(4, 7, 9, 50, ClipRule.AtMost, 0), new(4, 7, 50, 9, ClipRule.Softened, 0.3), new(3, 130, 17, 20, ClipRule.Exactly, 0),
        new(2, 1, 200, 3, ClipRule.AtMost, 0), new(2, 0, 4, 5, ClipRule.AtMost, 0), new(0, 3, 4, 5, ClipRule.AtMost, 0), new(2, 3, 5, 1700, ClipRule.AtMost, 0),
        new(5, 16, 96, 48, ClipRule.Softened, 0.01),
    ];

    public static TheoryData<int> Widths => CpuGemmTests.Widths;

    [Theory, MemberData(nameof(Widths))]
    public void Sum_OfEveryShape_IsThatOfTheDefinition(int bits)
    {
        foreach (ClippedSumProblem problem in s_problems)
        {
            Check<float>(problem, bits, 1e-5);
            Check<double>(problem, bits, 1e-13);
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Sum_OnAnyNumberOfThreads_IsTheSameBits(int bits)
    {
        ClippedSumProblem problem = new(4, 33, 40, 500, ClipRule.AtMost, 0);
        (float[] sum, double[] squares) = Run<float>(problem, Draw<float>(problem, problem.Left, 1), Draw<float>(problem, problem.Right, 2), bits, SerialParallel.Instance);
        (float[] again, double[] squaresAgain) = Run<float>(problem, Draw<float>(problem, problem.Left, 1), Draw<float>(problem, problem.Right, 2), bits, new WorkerPool(3));
        Assert.Equal(sum, again);
        Assert.Equal(squares, squaresAgain);
    }

    [Fact]
    public void Sum_WithAnExampleThatIsNotFinite_IsThatOfTheOthers()
    {
        ClippedSumProblem problem = new(4, 5, 12, 20, ClipRule.AtMost, 0);
        float[] a = Draw<float>(problem, problem.Left, 1), g = Draw<float>(problem, problem.Right, 2);
        (a[2 * 5 * 12 + 7], a[3 * 5 * 12 + 1]) = (float.NaN, float.PositiveInfinity);
        (float[] sum, double[] squares) = Run<float>(problem, a, g, CpuGemm.VectorBits, SerialParallel.Instance);
        Assert.False(double.IsFinite(squares[2]) || double.IsFinite(squares[3]));
        float[] alone = Run<float>(problem with { Examples = 2 }, a, g, CpuGemm.VectorBits, SerialParallel.Instance).Sum;
        Assert.All(sum, x => Assert.True(float.IsFinite(x)));

        // The second of four is masked: with four examples it does not count, nor do those that are not finite.
        Assert.NotEqual(alone, new float[alone.Length]);
        Assert.Equal(alone, sum);
    }

    private static void Check<T>(ClippedSumProblem p, int bits, double tolerance)
        where T : unmanaged, INumber<T>
    {
        T[] a = Draw<T>(p, p.Left, 1), g = Draw<T>(p, p.Right, 2);
        (T[] sum, double[] squares) = Run(p, a, g, bits, SerialParallel.Instance);
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

    private static (T[] Sum, double[] Squares) Run<T>(ClippedSumProblem p, T[] a, T[] g, int bits, IParallel pool)
        where T : unmanaged
    {
        CpuClippedSum clipped = CpuClippedSum.Create(typeof(T) == typeof(double) ? ScalarType.Float64 : ScalarType.Float32, p, bits);
        T[] sum = new T[p.Left * p.Right];
        double[] squares = new double[p.Examples], scratch = new double[clipped.ScratchBytes / sizeof(double) + 1];
        scratch.AsSpan().Fill(double.NaN);
        byte[] mask = [.. Enumerable.Range(0, p.Examples).Select(b => (byte)(Counts(b) ? 1 : 0))];
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
