using Cotangent.Kernels;
using Cotangent.Tests.Kernels.Simd;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>Elementwise kernels that read an operand across its rows: on the CPU, by tiles of sixteen rows.</summary>
public class TurnedOperandTests
{
    public static TheoryData<int, int, int> Sizes
    {
        get
        {
            TheoryData<int, int, int> sizes = [];
            foreach (int bits in (int[])[128, 256, 512])
            {
                foreach ((int rows, int columns) in ((int, int)[])[(16, 64), (33, 100), (15, 200), (64, 63), (100, 129), (300, 17), (1000, 700)])
                    sizes.Add(bits, rows, columns);
            }

            return sizes;
        }
    }

    [Theory, MemberData(nameof(Sizes))]
    public void Sum_WithTransposedOperands_IsRightEverywhere(int bits, int rows, int columns)
    {
        foreach (int threads in (int[])[1, 2])
        {
            CpuDevice device = new(threads, SimdRandomTests.Isa(bits));
            float[] x = Numbers(rows * columns, 1), y = Numbers(columns * rows, 2), z = Numbers((columns + 3) * (rows + 2), 3);
            int[] k = [.. y.Select(e => (int)e)];
            Tensor result = Tensor.From(x, [rows, columns], device) * 2 + Tensor.From(y, [columns, rows], device).T
                + Tensor.From(z, [columns + 3, rows + 2], device).T[2.., 3..] * Tensor.From(k, [columns, rows], device).T;
            float[] found = result.ToArray<float>();
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < columns; j++)
                {
                    float wanted = x[i * columns + j] * 2 + y[j * rows + i] + z[(j + 3) * (rows + 2) + i + 2] * k[j * rows + i];
                    if (found[i * columns + j] != wanted) Assert.Fail($"[{i}, {j}]: {found[i * columns + j]}, not {wanted}");
                }
            }
        }
    }

    [Fact]
    public void Sum_WithItsOwnTransposeInPlace_ReadsBeforeItWrites()
    {
        const int Size = 200;
        float[] x = Numbers(Size * Size, 4);
        State cell = new(Tensor.From(x, [Size, Size], Device.Cpu));
        Jit.Compile(() =>
        {
            cell.Value = cell.Value + cell.Value.T;
            return 0;
        }).Invoke();
        float[] found = cell.Value.ToArray<float>();
        Assert.DoesNotContain(Enumerable.Range(0, x.Length), i => found[i] != x[i] + x[i % Size * Size + i / Size]);
    }

    // Small whole numbers: sums and products are exact.
    private static float[] Numbers(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.Next(-100, 100))];
    }
}
