using System.Numerics;
using System.Runtime.Intrinsics.X86;
using Cotangent.Kernels;
using Cotangent.Kernels.Cpu;
using Xunit;

namespace Cotangent.Tests.Kernels.Gemm;

public sealed unsafe class CpuGemmTests
{
    private static readonly Layout[] s_inputs = [Layout.Rows, Layout.Columns, Layout.Padded, Layout.Strided, Layout.Broadcast];
    private static readonly Layout[] s_outputs = [Layout.Rows, Layout.Columns, Layout.Padded, Layout.Strided];
    private static readonly int[] s_edges = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 47, 48, 49, 53, 64, 95, 97, 127, 128, 130];

    /// <summary>The vector widths that this processor has.</summary>
    public static TheoryData<int> Widths
    {
        get
        {
            TheoryData<int> widths = [128];
            if (Fma.IsSupported)
                widths.Add(256);
            if (Avx512F.IsSupported)
                widths.Add(512);
            return widths;
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Product_EveryLayout_HasTheBitsOfTheFmaChain(int bits)
    {
        Random random = new(1);
        foreach (Layout a in s_inputs)
        {
            foreach (Layout b in s_inputs)
            {
                foreach (Layout c in s_outputs)
                {
                    Check(GemmCase<float>.Create(random, 2, 3, 19, 21, 18, a, b, c, random.Next(2) == 0), bits);
                    Check(GemmCase<double>.Create(random, 2, 3, 9, 26, 19, a, b, c, random.Next(2) == 0), bits);
                }
            }
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Product_RandomShapes_HasTheBitsOfTheFmaChain(int bits)
    {
        Random random = new(2);
        for (int i = 0; i < 40; i++)
        {
            Check(RandomCase<float>(random), bits);
            Check(RandomCase<double>(random), bits);
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Product_FewRowsOrColumns_HasTheBitsOfTheFmaChain(int bits)
    {
        Random random = new(3);
        for (int few = 1; few <= 17; few++)
        {
            foreach (Layout layout in new[] { Layout.Rows, Layout.Columns, Layout.Padded })
            {
                Check(GemmCase<float>.Create(random, 1, 1, few, 101, 67, Layout.Rows, layout, layout), bits);
                Check(GemmCase<float>.Create(random, 1, 1, 101, few, 67, layout, Layout.Rows, Layout.Rows, true), bits);
                Check(GemmCase<double>.Create(random, 1, 2, few, 59, 31, Layout.Columns, layout, layout), bits);
            }
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Product_DeeperThanABlock_SumsInOrderOverBlocks(int bits)
    {
        Random random = new(4);
        foreach (int k in new[] { GemmBlocking.Depth - 1, GemmBlocking.Depth, GemmBlocking.Depth + 1, 3 * GemmBlocking.Depth + 7 })
        {
            Check(GemmCase<float>.Create(random, 1, 1, 21, 50, k, Layout.Rows, Layout.Rows, Layout.Rows), bits);
            Check(GemmCase<float>.Create(random, 1, 1, 21, 50, k, Layout.Rows, Layout.Rows, Layout.Strided, true), bits);
            Check(GemmCase<double>.Create(random, 1, 1, 5, 50, k, Layout.Rows, Layout.Rows, Layout.Strided), bits);
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Product_OperandsReadWhereTheyLieOrPacked_HasTheBitsOfTheFmaChain(int bits)
    {
        // Extents on both sides of where an operand is packed, and last panels of every number of registers.
        Random random = new(41);
        foreach ((int m, int n, int k) in new[]
            { (17, 64, 40), (24, 112, 33), (33, 208, 21), (270, 272, 9), (530, 49, 12), (19, 530, 24), (40, 97, 530), (8, 1040, 70), (3, 1100, 65) })
        {
            foreach (Layout a in new[] { Layout.Rows, Layout.Columns })
            {
                foreach (Layout b in new[] { Layout.Rows, Layout.Columns, Layout.Padded })
                    Check(GemmCase<float>.Create(random, 1, 1, m, n, k, a, b, Layout.Rows, random.Next(2) == 0), bits);
            }

            Check(GemmCase<double>.Create(random, 1, 1, m, n, k, Layout.Rows, Layout.Rows, Layout.Padded, true), bits);
        }
    }

    [Fact]
    public void Product_TallerAndWiderThanABlock_HasTheBitsOfTheFmaChain()
    {
        Random random = new(5);
        Check(GemmCase<float>.Create(random, 1, 1, 2 * GemmBlocking.Rows<float>() + 11, 7, 9, Layout.Rows, Layout.Rows, Layout.Rows), CpuGemm.VectorBits);
        Check(GemmCase<float>.Create(random, 1, 1, 17, GemmBlocking.Columns + 50, 9, Layout.Rows, Layout.Columns, Layout.Rows), CpuGemm.VectorBits);
    }

    [Fact]
    public void Product_MoreThanASlabOfB_HasTheBitsOfTheFmaChain()
    {
        const int Columns = 4096;
        int k = (int)(GemmBlocking.SlabBytes / (Columns * sizeof(float))) + 70;
        GemmCase<float> test = GemmCase<float>.Create(new(6), 1, 1, 18, Columns, k, Layout.Rows, Layout.Rows, Layout.Rows);
        float[] actual = Run(test, new ThreadedTasks(2), CpuGemm.VectorBits);
        Assert.Equal(actual, Run(test, SerialParallel.Instance, 128));
        for (int j = 0; j < Columns; j += 611)
        {
            float sum = 0;
            for (int x = 0; x < k; x++)
                sum = MathF.FusedMultiplyAdd(test.A[17 * k + x], test.B[x * Columns + j], sum);
            Assert.Equal(sum, actual[17 * Columns + j]);
        }
    }

    [Fact]
    public void Product_AnyNumberOfThreads_HasTheSameBits()
    {
        Random random = new(7);
        foreach ((int batch, int m, int n, int k) in new[]
            { (1, 210, 190, 300), (1, 17, 800, 300), (1, 3, 2000, 100), (1, 2000, 3, 100), (24, 33, 40, 32), (3, 90, 70, 60) })
        {
            GemmCase<float> test = GemmCase<float>.Create(random, batch, 1, m, n, k, Layout.Rows, Layout.Padded, Layout.Rows);
            float[] one = Run(test, SerialParallel.Instance, CpuGemm.VectorBits);
            foreach (int threads in new[] { 2, 3, 8 })
                Assert.True(one.AsSpan().SequenceEqual(Run(test, new ThreadedTasks(threads), CpuGemm.VectorBits)), $"{threads} threads: {test}");
        }
    }

    [Fact]
    public void Product_Of64Columns_HasTheBitsOfTheFmaChain()
    {
        // Tiles of 6 rows and 64 columns, and every height of the last one.
        Random random = new(70);
        foreach (int m in new[] { 1, 2, 3, 4, 5, 6, 7, 11, 64, 130 })
        {
            foreach (Layout layout in new[] { Layout.Rows, Layout.Columns, Layout.Padded })
            {
                Check(GemmCase<float>.Create(random, 1, 2, m, 64, 37, layout, Layout.Rows, Layout.Rows, random.Next(2) == 0), CpuGemm.VectorBits);
                Check(GemmCase<float>.Create(random, 1, 1, m, 64, 64, layout, Layout.Columns, Layout.Padded), CpuGemm.VectorBits);
            }
        }

        Check(GemmCase<float>.Create(random, 1, 1, 900, 64, 530, Layout.Rows, Layout.Rows, Layout.Rows), CpuGemm.VectorBits);
    }

    [Fact]
    public void Product_OfALeftOperandThatIsPackedInColumns_AnyNumberOfThreads_HasTheBitsOfTheFmaChain()
    {
        // Packed several tiles at a time as far as there are so many in a block, the rest alone; tall, wide and deep cuts.
        Random random = new(71);
        foreach ((int m, int n, int k) in new[] { (300, 50, 70), (301, 96, 33), (287, 530, 20), (32, 560, 40), (800, 64, 600) })
        {
            GemmCase<float> test = GemmCase<float>.Create(random, 1, 1, m, n, k, Layout.Columns, Layout.Rows, Layout.Rows, random.Next(2) == 0);
            Check(test, CpuGemm.VectorBits);
            float[] one = Run(test, SerialParallel.Instance, CpuGemm.VectorBits);
            foreach (int threads in new[] { 2, 3, 5 })
                Assert.True(one.AsSpan().SequenceEqual(Run(test, new ThreadedTasks(threads), CpuGemm.VectorBits)), $"{threads} threads: {test}");
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Product_SmallAndOfWholeRegisters_HasTheBitsOfTheFmaChain(int bits)
    {
        // Read where they lie: every height of the last rows, every cut of the columns; then one that is worth several threads.
        Random random = new(74);
        for (int m = 1; m <= 17; m++)
        {
            int n = 16 * random.Next(1, 9), k = random.Next(1, 66);
            Check(GemmCase<float>.Create(random, 1, 1, m, n, k, m % 2 == 0 ? Layout.Rows : Layout.Columns, Layout.Padded, Layout.Padded, m % 3 == 0), bits);
            Check(GemmCase<double>.Create(random, 1, 1, m, n, k, Layout.Padded, Layout.Rows, Layout.Rows, m % 3 == 1), bits);
        }

        GemmCase<float> test = GemmCase<float>.Create(random, 1, 1, 101, 96, 70, Layout.Rows, Layout.Rows, Layout.Rows);
        Check(test, bits);
        foreach (int threads in new[] { 2, 3, 40 })
            Assert.Equal(test.ExpectedBits(), Run(test, new ThreadedTasks(threads), bits));
    }

    [Fact]
    public void Product_OfManyTermsAndASmallResult_AnyNumberOfThreads_HasTheBitsOfTheFmaChain()
    {
        // Deep products, and beside them one term less, one row less, and other layouts; rows read where they lie and packed; an epilogue.
        Random random = new(72);
        foreach ((int m, int n, int k) in new[] { (48, 48, 1024), (53, 270, 1025), (300, 61, 1150), (48, 530, 1024), (50, 50, 1023), (47, 64, 1030) })
        {
            foreach (Layout right in new[] { Layout.Rows, Layout.Padded, Layout.Columns })
            {
                GemmCase<float> test = GemmCase<float>.Create(random, 1, 1, m, n, k, Layout.Columns, right, Layout.Rows, random.Next(2) == 0);
                Check(test, CpuGemm.VectorBits);
                float[] one = Run(test, SerialParallel.Instance, CpuGemm.VectorBits);
                foreach (int threads in new[] { 2, 3, 5 })
                    Assert.True(one.AsSpan().SequenceEqual(Run(test, new ThreadedTasks(threads), CpuGemm.VectorBits)), $"{threads} threads: {test}");
                BiasRelu epilogue = new(random, test.Problem);
                Assert.Equal(epilogue.Expected(test.ExpectedBits()), Run(test, new ThreadedTasks(2), CpuGemm.VectorBits, epilogue));
            }

            Check(GemmCase<double>.Create(random, 1, 1, m, n, k, Layout.Columns, Layout.Rows, Layout.Padded, true), CpuGemm.VectorBits);
        }
    }

    [Fact]
    public void Product_WhosePanelsArePackedOnDemand_AnyNumberOfThreads_HasTheBitsOfTheFmaChain()
    {
        // One range of panels that all threads share, and ranges of their own; few rows and many; a last panel of few columns.
        Random random = new(73);
        foreach ((int m, int n, int k) in new[] { (600, 150, 530), (600, 610, 40), (130, 1000, 560), (1200, 70, 300), (40, 2000, 33) })
        {
            foreach (Layout right in new[] { Layout.Rows, Layout.Padded, Layout.Columns })
            {
                GemmCase<float> test = GemmCase<float>.Create(random, 1, 1, m, n, k, Layout.Rows, right, Layout.Rows);
                float[] one = Run(test, SerialParallel.Instance, 128);
                foreach (int threads in new[] { 1, 2, 3, 8 })
                    Assert.True(one.AsSpan().SequenceEqual(Run(test, new ThreadedTasks(threads), CpuGemm.VectorBits)), $"{threads} threads: {test}");
            }
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Product_RandomShapes_IsAsGoodAsAPlainSum(int bits)
    {
        Random random = new(8);
        for (int i = 0; i < 5; i++)
        {
            GemmCase<float> single = RandomCase<float>(random, 60);
            Assert.True(single.AsGoodAsPlain(Run(single, SerialParallel.Instance, bits)), single.ToString());
            GemmCase<double> twice = RandomCase<double>(random, 60);
            Assert.True(twice.AsGoodAsPlain(Run(twice, SerialParallel.Instance, bits)), twice.ToString());
        }
    }

    [Fact]
    public void Product_NoTerms_IsZeroOrC()
    {
        GemmCase<float> test = GemmCase<float>.Create(new(9), 2, 1, 10, 50, 0, Layout.Rows, Layout.Rows, Layout.Padded);
        Assert.Equal(test.ExpectedBits(), Run(test, SerialParallel.Instance, CpuGemm.VectorBits));
        GemmCase<float> sum = GemmCase<float>.Create(new(10), 2, 1, 10, 50, 0, Layout.Rows, Layout.Rows, Layout.Padded, true);
        Assert.Equal(sum.C, Run(sum, new ThreadedTasks(2), CpuGemm.VectorBits));
    }

    [Theory]
    [InlineData(0, 1, 4, 4)]
    [InlineData(1, 0, 4, 4)]
    [InlineData(1, 1, 0, 4)]
    [InlineData(1, 1, 4, 0)]
    public void Product_EmptyResult_TouchesNothing(int batch0, int batch1, int m, int n)
    {
        GemmProblem problem = new(
            Cotangent.Kernels.Ir.ScalarType.Float32, batch0, batch1, m, n, 4, new(0, 0, 4, 1), new(0, 0, 4, 1), new(0, 0, 4, 1));
        CpuGemm.Run(problem, 0, 0, 0, SerialParallel.Instance);
    }

    [Fact]
    public void Product_NotANumberInUnusedColumns_DoesNotSpread()
    {
        // The zero padding of a panel meets only zeros: a NaN or infinity of one row of A stays in that row of C.
        GemmCase<float> test = GemmCase<float>.Create(new(11), 1, 1, 11, 21, 5, Layout.Rows, Layout.Rows, Layout.Rows);
        test.A[3 * 5 + 2] = float.NaN;
        test.B[4 * 21 + 20] = float.PositiveInfinity;
        Check(test, CpuGemm.VectorBits);
    }

    [Fact]
    public void Product_OtherElementType_Throws()
    {
        GemmProblem problem = new(
            Cotangent.Kernels.Ir.ScalarType.Int32, 1, 1, 1, 1, 1, new(0, 0, 1, 1), new(0, 0, 1, 1), new(0, 0, 1, 1));
        ArgumentException error = Assert.Throws<ArgumentException>(() => CpuGemm.Run(problem, 0, 0, 0, SerialParallel.Instance));
        Assert.Contains("Int32", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Product_InSteadyState_AllocatesNothing()
    {
        GemmCase<float> test = GemmCase<float>.Create(new(12), 4, 1, 40, 50, 60, Layout.Rows, Layout.Rows, Layout.Rows);
        fixed (float* a = test.A, b = test.B, c = test.C)
        {
            CpuGemm.Run(test.Problem, (nint)a, (nint)b, (nint)c, SerialParallel.Instance);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 10; i++)
                CpuGemm.Run(test.Problem, (nint)a, (nint)b, (nint)c, SerialParallel.Instance);
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Epilogue_BiasAndRelu_SeesEachFinishedElementOnce(int bits)
    {
        Random random = new(13);
        foreach (Layout c in s_outputs)
        {
            foreach ((int m, int n, int k) in new[] { (20, 70, 30), (1, 70, 300), (70, 1, 30), (210, 97, 270), (5, 5, 0) })
            {
                foreach (int threads in new[] { 1, 3 })
                {
                    GemmCase<float> test = GemmCase<float>.Create(random, 2, 2, m, n, k, Layout.Rows, Layout.Broadcast, c);
                    BiasRelu epilogue = new(random, test.Problem);
                    float[] expected = epilogue.Expected(test.ExpectedBits());
                    Assert.Equal(expected, Run(test, new ThreadedTasks(threads), bits, epilogue));
                }
            }
        }
    }

    private static GemmCase<T> RandomCase<T>(Random random, int largest = 131)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int Size() => random.Next(2) == 0 ? s_edges[random.Next(s_edges.Length)] % largest : random.Next(largest);
        return GemmCase<T>.Create(random, random.Next(1, 3), random.Next(1, 3), Size(), Size(), Size(),
            s_inputs[random.Next(s_inputs.Length)], s_inputs[random.Next(s_inputs.Length)],
            s_outputs[random.Next(s_outputs.Length)], random.Next(3) == 0);
    }

    private static void Check<T>(GemmCase<T> test, int bits)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T[] actual = Run(test, SerialParallel.Instance, bits);
        if (Fma.IsSupported || System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported)
            Assert.True(test.ExpectedBits().AsSpan().SequenceEqual(actual), test.ToString());
        else
            Assert.True(test.AsGoodAsPlain(actual), test.ToString());
    }

    private static T[] Run<T>(GemmCase<T> test, IParallel pool, int bits, GemmEpilogue? epilogue = null)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T[] result = [.. test.C];
        fixed (T* a = test.A, b = test.B, c = result)
            CpuGemm.Run(test.Problem, (nint)a, (nint)b, (nint)c, pool, epilogue, bits);
        return result;
    }

    /// <summary>max(x + bias[column] + shift of the batch, 0).</summary>
    private sealed class BiasRelu(Random random, GemmProblem problem) : GemmEpilogue
    {
        private readonly float[] _bias = [.. Enumerable.Range(0, problem.N).Select(_ => random.NextSingle() - 0.5f)];

        public override void Apply(
            byte* tile, long row, long column, int rows, int columns, long rowStride, int batch0, int batch1)
        {
            for (int i = 0; i < rows; i++)
            {
                float* x = (float*)tile + i * rowStride;
                for (int j = 0; j < columns; j++)
                    x[j] = Value(x[j], row + i, column + j, batch0, batch1);
            }
        }

        public float[] Expected(float[] product)
        {
            MatrixLayout c = problem.C;
            for (int b0 = 0; b0 < problem.Batch0; b0++)
            for (int b1 = 0; b1 < problem.Batch1; b1++)
            for (int i = 0; i < problem.M; i++)
            for (int j = 0; j < problem.N; j++)
            {
                ref float x = ref product[b0 * c.Batch0 + b1 * c.Batch1 + i * c.Row + j * c.Column];
                x = Value(x, i, j, b0, b1);
            }

            return product;
        }

        private float Value(float x, long row, long column, int batch0, int batch1) =>
            MathF.Max(x + _bias[column] + 0.25f * batch0 - 0.125f * batch1 + 0.01f * row, 0);
    }

    /// <summary>Tasks on the runtime's threads.</summary>
    private sealed class ThreadedTasks(int threads) : IParallel
    {
        public int Threads => threads;

        public void Run(int tasks, Action<int> body) =>
            Parallel.For(0, tasks, new ParallelOptions { MaxDegreeOfParallelism = threads }, body);
    }
}
