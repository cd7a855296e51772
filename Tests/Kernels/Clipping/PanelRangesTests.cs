using Cotangent.Kernels.Cpu;

namespace Cotangent.Tests.Kernels.Clipping;

public sealed class PanelRangesTests
{
    [Theory]
    [InlineData(43, 2)]
    [InlineData(5, 5)]
    [InlineData(7, 3)]
    [InlineData(1, 1)]
    public void Next_OfAllRanges_GivesEveryPanelOnceInEveryRound(int panels, int count)
    {
        PanelRanges ranges = new(panels, count);
        for (int round = 0; round < 3; round++)
        {
            ranges.Start();
            List<int> seen = [];
            for (int range = 0; range < count; range++)
            {
                // The last one takes what the others have left.
                int taken = ranges.Take();
                for (int i = 0; i < (range == count - 1 ? panels : 1) && ranges.Next(taken) is >= 0 and var panel; i++)
                    seen.Add(panel);
            }

            Assert.Equal(-1, ranges.Next(0));
            Assert.Equal(Enumerable.Range(0, panels), seen.Order());
        }
    }

    [Fact]
    public void Next_OnThreeThreads_GivesEveryPanelOnce()
    {
        const int panels = 10_000;
        PanelRanges ranges = new(panels, 3);
        int[] claims = new int[panels];
        using ThreadsAtOnce threads = new(3);
        for (int round = 0; round < 4; round++)
        {
            ranges.Start();
            threads.Run(() =>
            {
                int range = ranges.Take();
                for (int panel; (panel = ranges.Next(range)) >= 0;)
                    Interlocked.Increment(ref claims[panel]);
            });
        }

        Assert.All(claims, n => Assert.Equal(4, n));
    }

    [Fact]
    public void Next_OfTheSameThreadInTheNextRound_GoesBackThroughItsRange()
    {
        PanelRanges ranges = new(6, 2);
        ranges.Start();
        int first = ranges.Take();
        int[] forwards = [ranges.Next(first), ranges.Next(first), ranges.Next(first)];
        ranges.Start();
        Assert.Equal(first, ranges.Take());
        Assert.Equal(forwards.Reverse(), [ranges.Next(first), ranges.Next(first), ranges.Next(first)]);
    }

    /// <summary>Threads that begin together.</summary>
    private sealed class ThreadsAtOnce(int threads) : IDisposable
    {
        private readonly Barrier _barrier = new(threads);

        public void Run(Action body)
        {
            Thread[] all = [.. Enumerable.Range(0, threads).Select(_ => new Thread(() =>
            {
                _barrier.SignalAndWait();
                body();
            }))];
            foreach (Thread thread in all)
                thread.Start();
            foreach (Thread thread in all)
                thread.Join();
        }

        public void Dispose() => _barrier.Dispose();
    }
}
