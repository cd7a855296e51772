using Cotangent.Kernels.Cpu;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Targets;

namespace Cotangent.Kernels;

// Matrix products.
internal sealed partial class CpuDevice
{
    private readonly MapEpilogue _map = new();

    internal override void Gemm(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c)
    {
        lock (_queue)
            CpuGemm.Run(problem, Address(a), Address(b), Address(c), _pool);
    }

    /// <inheritdoc/>
    internal override bool MapsProducts => !Options.Checked;

    internal override unsafe void Gemm(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c, CompiledKernel map,
        in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments, ulong beside)
    {
        if (!DeviceChecks.Launch(this, map, shape, arguments))
            return;

        CpuKernel kernel = (CpuKernel)map;
        long* slots = stackalloc long[SimdEmitter.SlotCount(kernel.Lowered)];
        lock (_queue)
        {
            nint result = Address(c);
            _map.Set(_launch.Bind(kernel, shape, arguments, slots), slots, shape.Extent.X, result, problem.Type.Size());
            for (int i = 0; i < Math.Min(arguments.Length, 64); i++)
            {
                if ((beside >> i & 1) != 0 && kernel.Lowered.Parameters[i].Type.Scalar.Size() == problem.Type.Size())
                    _map.AddBeside((nint)slots[i] - result);
            }

            try
            {
                CpuGemm.Run(problem, Address(a), Address(b), result, _pool, _map);
            }
            finally
            {
                _map.Set(null, null, 0, 0, 0);
            }
        }
    }

    private static nint Address(KernelArgument argument)
    {
        if (argument.Memory is not { } memory)
            throw new ArgumentException("The operands of a matrix product must be memory.", nameof(argument));
        ObjectDisposedException.ThrowIf(memory.HostPointer == 0, memory);
        return memory.HostPointer + (nint)argument.Bits;
    }
}
