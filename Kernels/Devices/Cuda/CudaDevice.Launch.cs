using System.Runtime.CompilerServices;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Cuda;

// Launches.
internal sealed unsafe partial class CudaDevice
{
    private const int FunctionMaxDynamicShared = 8;

    /// <summary>Argument lists up to this length are on the stack.</summary>
    private const int FewSlots = 96;

    internal override void Launch(CompiledKernel kernel, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments)
    {
        if (!DeviceChecks.Launch(this, kernel, shape, arguments))
            return;

        int count = arguments.Length + kernel.Source.Kind.Rank();
        Span<ulong> slots = count <= FewSlots ? stackalloc ulong[count] : new ulong[count];
        Pack(arguments, shape, slots);
        long items = (long)shape.Group.X * shape.Group.Y * shape.Group.Z;
        CudaKernel cuda = ((CudaKernel)kernel).For(slots, items <= _info.MaxGroupSize ? items : 0);
        CudaWork work = new(cuda, shape, InTermsOfCuda(cuda, cuda.Code, shape));
        lock (_lock)
        {
            using CudaContext.Scope scope = Context.Enter();
            AllowShared(cuda.Code, work.Launch.SharedBytes);
            Issue(work, slots);
        }

        GC.KeepAlive(cuda);         // its code's finaliser gives the module back
    }

    private CudaLaunch InTermsOfCuda(CompiledKernel kernel, CudaCode code, in LaunchShape shape)
    {
        bool isGrouped = kernel.Source.Kind == LaunchKind.Grouped;
        Index3D group = isGrouped ? shape.Group : CudaGroups.Of(code, _info, shape.Extent);
        if (isGrouped)
            CheckGroups(kernel, code, shape);
        Index3D grid = isGrouped ? shape.Grid : CudaGroups.Count(kernel.Source, _info, shape.Extent, group);
        long scratch = ((long)code.Function.ScratchBytes * group.X * group.Y * group.Z + 15) / 16 * 16;
        DeviceChecks.Shared(this, $"Kernel '{kernel.Source.Name}'", code.StaticShared + scratch, shape.SharedBytes);
        return new CudaLaunch(grid, group, (int)scratch + shape.SharedBytes);
    }

    // 8 bytes a parameter; of a scalar its low ones count.
    private static void Pack(ReadOnlySpan<KernelArgument> arguments, in LaunchShape shape, Span<ulong> slots)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            ulong start = arguments[i].Memory is { } memory ? (ulong)Unsafe.As<PooledMemory>(memory).Handle : 0;
            slots[i] = start + (ulong)arguments[i].Bits;
        }

        ReadOnlySpan<int> extents = [shape.Extent.X, shape.Extent.Y, shape.Extent.Z];
        for (int i = arguments.Length; i < slots.Length; i++)
            slots[i] = (uint)extents[i - arguments.Length];
    }

    /// <summary>Kernels get 48 KB of shared memory, and more if they ask.</summary>
    private void AllowShared(CudaCode code, int dynamicBytes)
    {
        if (dynamicBytes <= code.AllowedDynamicShared)
            return;
        int allowed = _info.SharedMemoryOptIn - code.StaticShared;
        Context.Check(_api.FuncSetAttribute(code.Handle, FunctionMaxDynamicShared, allowed), "cuFuncSetAttribute");
        code.AllowedDynamicShared = allowed;
    }

    private void CheckGroups(CompiledKernel kernel, CudaCode code, in LaunchShape shape)
    {
        (Index3D group, Index3D limit) = (shape.Group, _info.MaxGroup);
        if ((long)group.X * group.Y * group.Z > code.MaxGroupSize || group.X > limit.X || group.Y > limit.Y || group.Z > limit.Z)
        {
            throw new DeviceException("CTG3006",
                $"Kernel '{kernel.Source.Name}' was launched in groups of {DeviceChecks.Text(group)} items; {Id} runs it " +
                $"in groups of at most {code.MaxGroupSize} items, {DeviceChecks.Text(limit)} along the axes. " +
                "See docs/diagnostics.md#CTG3006");
        }

        (Index3D grid, limit) = (shape.Grid, _info.MaxGrid);
        if (grid.X > limit.X || grid.Y > limit.Y || grid.Z > limit.Z)
        {
            throw new DeviceException("CTG3006",
                $"Kernel '{kernel.Source.Name}' was launched over {DeviceChecks.Text(grid)} groups; {Id} launches at most " +
                $"{DeviceChecks.Text(limit)} along the axes. Count them along X. See docs/diagnostics.md#CTG3006");
        }
    }
}
