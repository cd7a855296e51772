using System.Reflection;
using System.Runtime.CompilerServices;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>Memory that is being read stays, also if nothing but the read refers to it.</summary>
public class ReadLifetimeTests
{
    [Fact]
    public void ToArray_TheLastReferenceWaitsForTheQueue_KeepsTheMemory()
    {
        CpuDevice device = new(1);
        Lock queue = (Lock)typeof(CpuDevice).GetField("_queue", BindingFlags.NonPublic | BindingFlags.Instance)!
            .GetValue(device)!;
        Exception? error = null;
        float[]? read = null;
        using ManualResetEventSlim made = new();
        Thread reader = new(() =>
        {
            try
            {
                read = Read(device, made, queue);
            }
            catch (Exception e)
            {
                error = e;
            }
        });
        lock (made)
        {
            reader.Start();
            made.Wait();
            lock (queue)
            {
                Monitor.Exit(made);
                Thread.Sleep(100);
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }

            Monitor.Enter(made);
        }

        reader.Join();
        Assert.Null(error);
        Assert.Equal([3f, 3, 3], read!);
    }

    // Optimised as in a long run: the tensor is dead once the read begins.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float[] Read(CpuDevice device, ManualResetEventSlim made, Lock queue) =>
        Wait(Tensor.From(new[] { 3f, 3, 3 }, device), made).ToArray<float>();

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Tensor Wait(Tensor t, ManualResetEventSlim made)
    {
        made.Set();
        lock (made) return t;
    }
}
