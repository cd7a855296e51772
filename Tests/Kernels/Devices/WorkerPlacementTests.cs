using System.Runtime.InteropServices;
using Cotangent.Kernels;

namespace Cotangent.Tests;

/// <summary>Where the CPU device's threads may run.</summary>
public sealed unsafe partial class WorkerPlacementTests
{
    [Fact]
    public void Avoid_AWorker_LeavesItEveryProcessorButTheCallers()
    {
        if (WorkerPlacement.Create(1) is not { } placement)
            return; // Another system, or a single processor.

        ulong[] before = Affinity(), after = [];
        using ManualResetEventSlim entered = new(), avoided = new();
        Thread worker = new(() =>
        {
            placement.Enter(0);
            entered.Set();
            avoided.Wait();
            after = Affinity();
        });
        worker.Start();
        entered.Wait();
        placement.Avoid();
        avoided.Set();
        worker.Join();

        Assert.Equal(Count(before) - 1, Count(after));
        Assert.All(before.Zip(after), x => Assert.Equal(x.Second, x.First & x.Second));
        Assert.Equal(before, Affinity());
    }

    [Fact]
    public void Create_AsManyThreadsAsProcessorsAndOneMore_IsNothing() =>
        Assert.Null(WorkerPlacement.Create(Environment.ProcessorCount + 1));

    private static int Count(ulong[] mask) => mask.Sum(word => (int)ulong.PopCount(word));

    private static ulong[] Affinity()
    {
        ulong[] mask = new ulong[16];
        fixed (ulong* words = mask)
            Assert.True(GetAffinity(0, sizeof(ulong) * 16, words) >= 0);
        return mask;
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int thread, nint bytes, ulong* mask);
}
