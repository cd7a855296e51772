namespace Cotangent.Kernels.Cuda;

/// <summary>Device memory by size class.</summary>
internal sealed unsafe class CudaAllocator(CudaContext context) : CachingAllocator(context.Device, context.Info.Memory, long.MaxValue)
{
    private protected override nint Create(long size)
    {
        using CudaContext.Scope scope = context.Enter();
        nint address;
        int status = context.Api.MemAlloc(&address, (nuint)size);
        if (status == CudaError.OutOfMemory)
            return 0;

        context.Check(status, "cuMemAlloc");
        return address;
    }

    // The driver waits for what may still use the block.
    private protected override void Destroy(nint handle) => context.Device.Free(handle);

    // The GPU's other devices keep memory, too.
    private protected override bool MakeRoomElsewhere()
    {
        bool isMade = false;
        foreach (CudaContext other in context.Gpu.Others(context))
            isMade |= other.Device.TryFreeCache();
        return isMade;
    }

    private protected override string Detail()
    {
        using CudaContext.Scope scope = context.Enter();
        nuint free, total;
        context.Check(context.Api.MemGetInfo(&free, &total), "cuMemGetInfo");
        return $" by this process, and the driver reports {free:N0} of {total:N0} free";
    }
}
