using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Cuda;

/// <summary>What PTX allows of a kernel whatever the GPU. The assembler says no more than that the text is wrong.</summary>
internal static class CudaLimits
{
    /// <summary>Bytes of shared memory that a kernel may allocate itself; more is for launches to ask for.</summary>
    public const int StaticShared = 48 << 10;

    /// <summary>Bytes of parameters of a kernel; drivers of CUDA 12.1 and later take more, from capability 7.0 on, of text that says so.</summary>
    public const int Parameters = 4096;

    // Of every array in shared memory, see PtxPrinter.
    private const int ArrayAlignment = 16;

    /// <summary>Throws for a kernel that no launch could run.</summary>
    /// <param name="context">The device, for messages.</param>
    /// <param name="kernel">The kernel after the target's passes.</param>
    /// <exception cref="DeviceException">CTG3006.</exception>
    public static void Check(CudaContext context, Kernel kernel)
    {
        string device = $"{context.Device.Id} ({context.Device.Name})";
        long shared = kernel.Body.Descendants().OfType<Instruction>()
            .Where(x => x.Opcode == Opcode.Allocate && x.Type.Space == AddressSpace.Shared)
            .Sum(x => ((long)x.Count * x.Type.Scalar.Size() + ArrayAlignment - 1) / ArrayAlignment * ArrayAlignment);
        if (shared > StaticShared)
        {
            throw new DeviceException("CTG3006", $"Kernel '{kernel.Name}' allocates {shared:N0} bytes of shared memory; on {device} a kernel allocates " +
                $"at most {StaticShared:N0} itself. Take it from SharedMemory.GetDynamic and have the launch ask for it, of which there are up to " +
                $"{context.Info.SharedMemoryOptIn:N0}. See docs/diagnostics.md#CTG3006");
        }

        long parameters = 0;
        foreach (Parameter parameter in kernel.Parameters)
        {
            int size = parameter.Type.IsPointer ? sizeof(ulong) : parameter.Type.Scalar.Size();
            parameters = (parameters + size - 1) / size * size + size;
        }

        parameters = (parameters + sizeof(int) - 1) / sizeof(int) * sizeof(int) + kernel.Kind.Rank() * sizeof(int);
        if (parameters > Parameters)
        {
            throw new DeviceException("CTG3006", $"Kernel '{kernel.Name}' has {kernel.Parameters.Length} parameters of {parameters:N0} bytes; {device} takes at " +
                $"most {Parameters:N0}. Give it fewer views, or numbers in a buffer. See docs/diagnostics.md#CTG3006");
        }
    }
}
