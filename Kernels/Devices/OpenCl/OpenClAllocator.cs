namespace Cotangent.Kernels.OpenCl;

/// <summary>Buffer objects by size class. The driver keeps an object alive until the commands that use it have
/// finished.</summary>
internal sealed unsafe class OpenClAllocator(
    OpenClDevice device, OpenClApi api, nint context, long budget, long maxAllocation)
    : CachingAllocator(device, budget, maxAllocation)
{
    private const ulong ReadWrite = 1;

    private protected override nint Create(long size)
    {
        int status;
        nint handle = api.CreateBuffer(context, ReadWrite, (nuint)size, null, &status);
        if (OpenClError.IsOutOfMemory(status))
            return 0;

        OpenClError.Check(status, "clCreateBuffer");
        return handle;
    }

    private protected override void Destroy(nint handle) =>
        OpenClError.Check(api.ReleaseMemObject(handle), "clReleaseMemObject");
}
