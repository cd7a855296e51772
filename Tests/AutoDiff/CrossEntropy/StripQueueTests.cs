using Cotangent.Kernels.Cpu;

namespace Cotangent.Tests.AutoDiff.CrossEntropyTests;

/// <summary>How chunks of classes are handed to threads.</summary>
public class StripQueueTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Chunks_TakenByThreadsOfUnequalSpeed_AreEachTakenOnceInTheirOrder(int threads)
    {
        int[] lengths = [7, 1, 0, 30];
        StripQueue queue = new();
        queue.Begin(lengths.Length, s => lengths[s]);
        List<int>[] taken = [.. lengths.Select(_ => new List<int>())];
        int[] strips = [.. Enumerable.Repeat(-1, threads)];

        // The first thread takes three chunks while each of the others takes one.
        for (int round = 0, active = 1; active > 0; round++)
        {
            active = 0;
            for (int thread = 0; thread < threads; thread++)
            {
                for (int i = 0; i < (thread == 0 ? 3 : 1); i++)
                {
                    if (!queue.TryTake(ref strips[thread], out int chunk)) break;
                    taken[strips[thread]].Add(chunk);
                    active++;
                }
            }
        }

        Assert.All(lengths.Zip(taken), x => Assert.Equal(Enumerable.Range(0, x.First), x.Second));
    }

    [Fact]
    public void Strip_ThatAnotherThreadHas_IsNotHandedOut()
    {
        StripQueue queue = new();
        queue.Begin(1, _ => 2);
        int first = -1, second = -1;

        Assert.True(queue.TryTake(ref first, out _));
        Assert.False(queue.TryTake(ref second, out _));
        Assert.True(queue.TryTake(ref first, out int chunk));
        Assert.Equal((0, 1), (first, chunk));
    }

    [Fact]
    public void Strip_WithClearlyMoreLeft_IsTakenInTurn()
    {
        StripQueue queue = new();
        queue.Begin(2, _ => 40);
        int strip = -1, changes = 0;
        int[] left = [40, 40];
        for (int before = -1; queue.TryTake(ref strip, out _); before = strip)
        {
            if (before >= 0 && before != strip) changes++;
            left[strip]--;
            Assert.InRange(Math.Abs(left[0] - left[1]), 0, 11);
        }

        Assert.InRange(changes, 2, 20);
    }
}
