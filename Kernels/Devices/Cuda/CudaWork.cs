namespace Cotangent.Kernels.Cuda;

/// <summary>A launch or a copy but for its values: addresses and numbers of a launch; of a copy the destination, the source and the
/// bytes.</summary>
/// <param name="Kernel">What is launched; null for a copy.</param>
/// <param name="Shape">What the caller asked for.</param>
/// <param name="Launch">The same in CUDA's terms.</param>
internal readonly record struct CudaWork(CudaKernel? Kernel, LaunchShape Shape, CudaLaunch Launch)
{
    /// <summary>Issues it on a context's stream. The context is current.</summary>
    public unsafe void Issue(CudaContext context, ReadOnlySpan<ulong> values)
    {
        if (Kernel is null)
        {
            int copied = context.Api.MemcpyDtoDAsync((nint)values[0], (nint)values[1], (nuint)values[2], context.Stream);
            context.Check(copied, "cuMemcpyDtoDAsync");
            return;
        }

        // The driver allocates the local memory of large launches when they come.
        int status = CudaArguments.Launch(context.Api, Kernel.Code.Handle, Launch, values, context.Stream);
        if (context.MakesRoomAfter(status))
            status = CudaArguments.Launch(context.Api, Kernel.Code.Handle, Launch, values, context.Stream);
        if (status is CudaError.LaunchOutOfResources or CudaError.OutOfMemory)
            throw OutOfResources(context, status);
        context.Issued(Kernel.Source.Name, Shape, Launch);
        if (status != CudaError.Success)
            context.Check(status, $"cuLaunchKernel of '{Kernel.Source.Name}' over {Launch.Text(Shape)}");
    }

    private DeviceException OutOfResources(CudaContext context, int status) => new("CTG3006",
        $"{context.Device.Id} ({context.Device.Name}) has no resources to launch kernel '{Kernel!.Source.Name}' over {Launch.Text(Shape)}: " +
        $"{CudaError.Text(status)}. It takes {Kernel.Code.Use.Registers} registers and {Kernel.Code.Use.LocalBytes} bytes of local memory an " +
        $"item, and {Kernel.Code.StaticShared:N0} bytes of shared memory. See docs/diagnostics.md#CTG3006");
}
