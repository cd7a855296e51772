using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Execution;

public class ProgramCacheTests
{
    [Fact]
    public void Get_MoreProgramsThanCapacity_DropsTheLeastRecentlyUsed()
    {
        ProgramCache cache = new(2);
        GraphKey a = Key(3), b = Key(4), c = Key(5);
        CompiledProgram first = cache.Get(a);
        cache.Get(b);
        Assert.Same(first, cache.Get(a));
        cache.Get(c);
        Assert.Equal(2, cache.Count);
        Assert.Same(first, cache.Get(a));
        Assert.Equal(3, cache.Misses);
        cache.Get(b);
        Assert.Equal(4, cache.Misses);
    }

    [Fact]
    public void Get_FromManyThreads_GivesEachItsOwnProgram()
    {
        ProgramCache cache = new(4);
        GraphKey[] keys = [.. Enumerable.Range(3, 4).Select(Key)];
        Parallel.For(0, 20_000, i =>
        {
            ExecutionPlan plan = cache.Get(keys[i % 4]).Plan;
            Assert.Equal((3 + i % 4) * sizeof(float), plan.Buffers[plan.Outputs[0]].Bytes);
        });
        Assert.Equal(4, cache.Misses);
    }

    [Fact]
    public void Key_HoldsNoData()
    {
        // A cached program must not keep the tensors alive that it was first compiled for.
        WeakReference storage = KeyOfDroppedTensor(out GraphKey key);
        for (int i = 0; i < 5 && storage.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(storage.IsAlive);
        GC.KeepAlive(key);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference KeyOfDroppedTensor(out GraphKey key)
    {
        Tensor x = Tensor.From(new float[100], Device.Cpu);
        key = Capture.Of([(x + 1).Node]).Key;
        return new WeakReference(x.Node.Storage);
    }

    private static GraphKey Key(int n) => Capture.Of([(Tensor.From(new float[n], Device.Cpu) + 1).Node]).Key;
}
