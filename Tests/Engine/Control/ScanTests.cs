using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Control;

public class ScanTests
{
    private static readonly Tensor s_xs = Tensor.From([1f, 2f, 3f, 4f]);

    public static TheoryData<string> Everywhere => Devices.AllWithDebug;

    public static TheoryData<string> Names => [.. ControlCases.All.Select(c => c.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Case_OnTheCpu_IsTheLoopInCSharp(string name) => ControlCases.Get(name).CheckValues(Device.Cpu);

    [Theory, MemberData(nameof(Names))]
    public void Case_InFloat64_IsTheLoopInCSharp(string name) => ControlCases.Get(name).CheckReference();

    [Theory, MemberData(nameof(Everywhere))]
    public void Gru_OnEveryDevice_IsTheLoopInCSharp(string device) => ControlCases.Get("gru").CheckValues(Devices.Get(device));

    [Theory, MemberData(nameof(Everywhere))]
    public void Newton_OnEveryDevice_IsTheLoopInCSharp(string device) => ControlCases.Get("newton").CheckValues(Devices.Get(device));

    [Theory, MemberData(nameof(Everywhere))]
    public void Branches_OnEveryDevice_AreTheBranchesInCSharp(string device) =>
        ControlCases.Get("scan of branches").CheckValues(Devices.Get(device));

    [Fact]
    public void Scan_OfSums_GivesTheLastAndAll()
    {
        (Tensor sum, Tensor ys) = Flow.Scan((Tensor s, Tensor x) => (s + x, s + x), Tensor.Scalar(0), s_xs);

        Assert.Equal(10f, sum.Item<float>());
        Assert.Equal([1f, 3f, 6f, 10f], ys.ToArray<float>());
    }

    [Fact]
    public void Scan_Reversed_BeginsAtTheEndAndKeepsPlaces()
    {
        (Tensor product, Tensor ys) = Flow.Scan((Tensor p, Tensor x) => (p * x, p), Tensor.Scalar(1), s_xs, reverse: true);

        Assert.Equal(24f, product.Item<float>());
        Assert.Equal([24f, 12f, 4f, 1f], ys.ToArray<float>());
    }

    [Fact]
    public void Scan_WithoutSequences_RunsItsLength()
    {
        (Tensor last, Tensor all) = Flow.Scan((Tensor x) => (x * 2, x), Tensor.Scalar(1), 5);

        Assert.Equal(32f, last.Item<float>());
        Assert.Equal([1f, 2f, 4f, 8f, 16f], all.ToArray<float>());
    }

    [Fact]
    public void Scan_OfNoRounds_ReturnsInitAndEmptyStacks()
    {
        (Tensor carry, Tensor ys) = Flow.Scan((Tensor c, Tensor x) => (c + x.Sum(), x * 2), Tensor.Scalar(3), Tensor.Zeros([0, 2]));

        Assert.Equal(3f, carry.Item<float>());
        Assert.Equal([0, 2], ys.Shape);
        Assert.Equal(7f, Flow.ForLoop(0, (_, c) => c + 1, Tensor.Scalar(7)).Item<float>());
    }

    [Fact]
    public void Scan_OfTensorsWithoutElements_KeepsThem()
    {
        Tensor empty = Tensor.Zeros([0, 3]);
        ((Tensor count, Tensor nothing), Tensor ys) =
            Flow.Scan(((Tensor Count, Tensor Nothing) c, Tensor x) => ((c.Count + 1, c.Nothing * 2), x + c.Nothing), (Tensor.Scalar(0), empty), Tensor.Zeros([4, 0, 3]));

        Assert.Equal(4f, count.Item<float>());
        Assert.Equal([0, 3], nothing.Shape);
        Assert.Equal([4, 0, 3], ys.Shape);
    }

    [Fact]
    public void Scan_OtherNumbersInTheBody_FindTheSamePlan()
    {
        Tensor Run(float a, float b) =>
            Flow.Fold((c, x) => Flow.Fold((d, y) => d * a + y, c, s_xs) + x * b, Tensor.Scalar(0), s_xs);

        Tensor first = Run(0.5f, 3).Realize();
        Tensor second = Run(0.25f, 2);

        Assert.True(Executor.Programs.Contains(Capture.Of([second.Node]).Key));
        Assert.Equal(Unrolled(0.5f, 3), first.Item<float>());
        Assert.Equal(Unrolled(0.25f, 2), second.Item<float>());

        static float Unrolled(float a, float b)
        {
            float c = 0;
            for (int x = 1; x <= 4; x++)
            {
                for (int y = 1; y <= 4; y++) c = c * a + y;
                c += x * b;
            }

            return c;
        }
    }

    [Fact]
    public void Scan_EqualBodies_AreEqual()
    {
        Node One(double factor) => Flow.Fold((c, x) => c * factor + x, Tensor.Scalar(0), s_xs).Node;

        Assert.Equal(One(2).Get<ScanAttributes>(), One(2).Get<ScanAttributes>());
        Assert.NotEqual(One(2).Get<ScanAttributes>(), One(3).Get<ScanAttributes>());
        Assert.Contains("mul", One(2).Get<ScanAttributes>().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Scan_CapturedNumberRealisedLater_StillRuns()
    {
        Tensor three = Tensor.Full([2], 3.0);
        Tensor sum = Flow.Fold((c, x) => c + x * three, Tensor.Zeros([2]), s_xs);

        Assert.Equal([3f, 3f], three.ToArray<float>());
        Assert.Equal([30f, 30f], sum.ToArray<float>());
    }

    [Fact]
    public void Scan_WhatTheBodyComputesFromCaptured_IsComputedOnce()
    {
        Tensor w = Tensor.From([0.5f, 1f]);
        Node scan = Flow.Fold((c, x) => c + w.Exp() * x, Tensor.Zeros([2]), s_xs).Node;

        Assert.DoesNotContain(Walk.Topological(scan.Get<ScanAttributes>().Body.Outputs), n => n.Op == Ops.Exp);
    }

    [Fact]
    public void Jit_OfAScan_RunsWithNewArguments()
    {
        CompiledFunction<Tensor, Tensor, Tensor> f = Jit.Compile((Tensor x, Tensor rate) =>
            Flow.Fold((c, slice) => c * rate + slice, Tensor.Scalar(0), x * 2));

        Assert.Equal(2 * (((1 * 0.5f) + 2) * 0.5f + 3) * 0.5f + 8, f.Invoke(s_xs, 0.5f).Item<float>());
        Assert.Equal(20f, f.Invoke(s_xs, 1f).Item<float>());
        Assert.Equal(1, f.TraceCount);
    }

    [Fact]
    public void Scan_CalledFromManyThreads_GivesEachItsOwn() => Parallel.For(0, 16, i =>
        Assert.Equal(10f + i, Flow.Fold((c, x) => c + x, Tensor.Scalar(i), s_xs).Item<float>()));

    [Fact]
    public void Scan_Cancelled_Stops()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Tensor sum = Flow.ForLoop(1000, (_, c) => c + 1, Tensor.Zeros([3]));

        Assert.Throws<OperationCanceledException>(() => Tensor.Realize([sum], source.Token));
        Assert.Equal([1000f, 1000f, 1000f], sum.ToArray<float>());
    }

    [Fact]
    public void Scan_AfterItsFirstRun_AllocatesNothingARound()
    {
        // A step that is verified is read back and computed again.
        if (CompiledProgram.StepsAreVerified) return;
        Tensor Run(int rounds) => Flow.ForLoop(rounds, (_, c) => c * 0.5f + 1, Tensor.Zeros([16])).Realize();
        long Bytes(int rounds)
        {
            Run(rounds);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Run(rounds);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.InRange(Bytes(2000) - Bytes(1000), -4096, 4096);
    }

    [Fact]
    public void While_ConditionFalseAtOnce_ReturnsInit()
    {
        Tensor x = Flow.While(x => x < 0, x => x + 1, Tensor.Scalar(5));
        Assert.Equal(5f, x.Item<float>());
    }

    [Fact]
    public void Cond_RunsOneBranchOnly()
    {
        Tensor x = Tensor.From([1f, 2f]);
        long Launches(bool predicate)
        {
            Tensor y = Flow.Cond(Tensor.Scalar(predicate ? 1 : -1) > 0, () => x * 2, () => Flow.ForLoop(100, (_, c) => c + x, x));
            long before = CompiledProgram.LaunchCount;
            y.Realize();
            return CompiledProgram.LaunchCount - before;
        }

        Assert.True(Launches(true) < 10);
        Assert.True(Launches(false) >= 100);
    }
}
