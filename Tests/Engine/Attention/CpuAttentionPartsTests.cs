using Cotangent.Kernels;
using Cotangent.Kernels.Cpu;

namespace Cotangent.Tests.Engine.Attention;

/// <summary>What attention on the CPU is made of.</summary>
public class CpuAttentionPartsTests
{
    [Fact]
    public void Exp2_FromSmallestToLargest_IsWithinTwoUlp()
    {
        for (float x = -126; x < 127.9f; x += 0.0173f)
        {
            double expected = Math.Pow(2, x), ulp = MathF.BitIncrement((float)expected) - (double)(float)expected;
            Assert.True(Math.Abs(ScoreRows.Exp2(x) - expected) <= 2 * ulp, $"2^{x:r} is {ScoreRows.Exp2(x):r}, expected {expected:r}");
        }
    }

    [Fact]
    public void Exp2_OfIntegers_IsExact()
    {
        for (int x = -126; x < 128; x++) Assert.Equal(Math.ScaleB(1.0, x), ScoreRows.Exp2(x));
    }

    [Theory]
    [InlineData(float.NegativeInfinity, 0)]
    [InlineData(-1000, 0)]
    [InlineData(-127.5f, 0)]
    [InlineData(float.NaN, float.NaN)]
    public void Exp2_OutsideItsRange_IsZeroOrNaN(float x, float expected) => Assert.Equal(expected, ScoreRows.Exp2(x));

    [Theory]
    [InlineData(1, 1, 4)]
    [InlineData(7, 3, 2)]
    [InlineData(16, 1, 3)]
    [InlineData(3, 22, 8)]
    public void HeadLanes_InAnyNumber_HandOutEachPartOnce(int heads, int parts, int threads)
    {
        int[] taken = new int[heads * parts];
        HeadLanes lanes = new(heads, parts, threads);
        new WorkerPool(2).Run(lanes.Count, lane =>
        {
            for (int i = 0; i < heads; i++)
            {
                int head = lanes.Head(lane, i);
                for (int part = lanes.Take(head); part >= 0; part = lanes.Take(head)) Interlocked.Increment(ref taken[(head * parts) + part]);
            }
        });

        Assert.All(taken, n => Assert.Equal(1, n));
    }
}
