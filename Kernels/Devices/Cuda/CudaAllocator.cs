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
    private protected override void Destroy(nint handle)
    {
        using CudaContext.Scope scope = context.Enter();
        context.Check(context.Api.MemFree(handle), "cuMemFree");
    }

    private protected override string Detail()
    {
        using CudaContext.Scope scope = context.Enter();
        nuint free, total;
        context.Check(context.Api.MemGetInfo(&free, &total), "cuMemGetInfo");
        return $" by this process, and the driver reports {free:N0} of {total:N0} free";
    }
}
