namespace Cotangent.Kernels;

/// <summary>One grouped launch of a C# kernel on Device.Debug. Each item of a group has a thread, which takes that item of every
/// group in turn.</summary>
internal sealed class DebugGroups(KernelConfig config, DebugMethod method, Action item)
{
    private const int StackBytes = 512 * 1024;

    /// <summary>Runs all groups and throws the first item's exception.</summary>
    public void Run()
    {
        Index3D group = config.GroupDim;
        KernelContext[] items = new KernelContext[group.Size];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = new KernelContext
            {
                Method = method,
                GridDimension = config.GridDim,
                GroupDimension = group,
                GroupIndex = new Index3D(i % group.X, i / group.X % group.Y, i / group.X / group.Y),
            };
        }

        using Barrier between = new(items.Length + 1);
        GroupState? state = null;
        Index3D gridIndex = default;
        Thread[] threads = [.. items.Select(context => new Thread(() =>
        {
            for (; ; )
            {
                between.SignalAndWait();
                if (state is not { } current)
                    return;
                RunItem(context, gridIndex, current);
                between.SignalAndWait();
            }
        }, StackBytes) { IsBackground = true })];
        foreach (Thread thread in threads)
            thread.Start();

        System.Runtime.ExceptionServices.ExceptionDispatchInfo? failure = null;
        for (int g = 0; g < config.GridDim.Size && failure is null; g++)
        {
            gridIndex = new Index3D(g % config.GridDim.X, g / config.GridDim.X % config.GridDim.Y,
                g / config.GridDim.X / config.GridDim.Y);
            using GroupState current = new(items.Length, checked((int)config.SharedMemoryConfig.ArraySize));
            state = current;
            between.SignalAndWait();
            between.SignalAndWait();
            if (current.Failure is { } exception)
                failure = System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(exception);
        }

        state = null;
        between.SignalAndWait();
        foreach (Thread thread in threads)
            thread.Join();
        failure?.Throw();
    }

    private void RunItem(KernelContext context, Index3D gridIndex, GroupState group)
    {
        Exception? failure = null;
        try
        {
            context.Run(item, gridIndex, group);
        }
        catch (Exception e)
        {
            // Kept for the launching thread, which throws it; the item's thread must live on to meet the others.
            failure = e;
        }

        group.Leave(context.LinearIndex, failure);
    }
}
