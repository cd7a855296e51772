using System.Runtime.Intrinsics.X86;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;
using Cotangent.Kernels.Targets;

namespace Cotangent.Kernels;

/// <summary>The processor's SIMD units. A launch has finished when it returns.</summary>
internal sealed partial class CpuDevice : Device
{
    /// <summary>Work items a group, as on GPUs.</summary>
    private const int LargestGroup = 1024;

    private readonly Lock _queue = new();
    private readonly WorkerPool _pool;
    private readonly CpuAllocator _allocator;
    private readonly CpuLaunch _launch;
    private readonly CpuBatch _batch;
    private readonly Func<Kernel, Kernel> _lower;

    /// <summary>The device that <see cref="Device.Cpu"/> is.</summary>
    public CpuDevice()
        : this(EngineEnvironment.Threads ?? Environment.ProcessorCount)
    {
    }

    /// <summary>A device with its own threads; for tests, with narrower vectors, another number of vectors a group, other passes, quick
    /// or full code for all kernels (null: as <see cref="KernelHeat"/> decides, or full where one of the others is given); for measurements, with
    /// the memory of another device, which has been touched.</summary>
    public CpuDevice(
        int threads, VectorIsa? isa = null, int? unroll = null, Func<Kernel, Kernel>? lower = null, bool? quick = null, CpuDevice? memory = null)
        : base(DeviceKind.Cpu, "cpu", ProcessorName())
    {
        _pool = new WorkerPool(threads);
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        _allocator = memory?._allocator ?? new CpuAllocator(budget: available / 10 * 9, cacheLimit: available / 4);
        _lower = lower ?? (kernel => Pipeline.Run(kernel));
        _launch = new CpuLaunch(_pool, isa ?? VectorIsa.Best, unroll, quick ?? (isa is null && unroll is null && lower is null ? null : false));
        _batch = new CpuBatch(_launch, _pool);
    }

    /// <summary>Threads that share a launch.</summary>
    public int Threads => _pool.Threads;

    /// <summary>Bytes of memory given out.</summary>
    public long BytesInUse => _allocator.BytesInUse;

    /// <inheritdoc/>
    public override void Synchronize()
    {
        // Launches and copies are done when they return; this only waits for one that another thread is in.
        lock (_queue)
        {
        }
    }

    private protected override Device With(DeviceOptions options) =>
        new CpuDevice(options.Threads ?? EngineEnvironment.Threads ?? Environment.ProcessorCount) { Options = options };

    internal override DeviceMemory AllocateMemory(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        return new CpuMemory(this, _allocator, _allocator.Allocate(bytes), bytes);
    }

    internal override CompiledKernel Compile(Kernel kernel) => new CpuKernel(this, kernel, _lower(TargetTraits.Resolve(kernel, serialGroups: false)));

    internal override void Launch(CompiledKernel kernel, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments)
    {
        if (!DeviceChecks.Launch(this, kernel, shape, arguments))
            return;

        Index3D group = shape.Group;
        CheckCount(kernel.Source, shape);
        if (kernel.Source.Kind == LaunchKind.Grouped && (long)group.X * group.Y * group.Z > LargestGroup)
        {
            throw new DeviceException("CTG3006", $"Kernel '{kernel.Source.Name}' was launched in groups of {DeviceChecks.Text(group)} " +
                $"items; {Id} runs groups of at most {LargestGroup}. See docs/diagnostics.md#CTG3006");
        }

        lock (_queue)
            _launch.Run((CpuKernel)kernel, shape, arguments);
    }

    /// <summary>Groups, and rows of items, are counted in 32 bits.</summary>
    private void CheckCount(Kernel kernel, in LaunchShape shape)
    {
        bool isGrouped = kernel.Kind == LaunchKind.Grouped;
        Int128 count = isGrouped ? (Int128)shape.Grid.X * shape.Grid.Y * shape.Grid.Z : (Int128)shape.Extent.Y * shape.Extent.Z;
        if (count > int.MaxValue)
        {
            throw new DeviceException("CTG3006", $"Kernel '{kernel.Name}' was launched over " +
                $"{DeviceChecks.Text(isGrouped ? shape.Grid : shape.Extent)} {(isGrouped ? "groups" : "items")}; {Id} runs at most {int.MaxValue:N0} " +
                $"{(isGrouped ? "groups" : "rows of items along X")}. Launch parts of it. See docs/diagnostics.md#CTG3006");
        }
    }

    /// <inheritdoc/>
    internal override bool BatchesLaunches => true;

    internal override void Launch(ReadOnlySpan<BatchedLaunch> launches)
    {
        foreach (ref readonly BatchedLaunch launch in launches)
        {
            if (launch.Kernel.Source.Kind == LaunchKind.Grouped || !DeviceChecks.Launch(this, launch))
                throw new InvalidOperationException($"A batch has '{launch.Kernel.Source.Name}', which is not over a range or has no work.");
        }

        if (launches.IsEmpty)
            return;
        lock (_queue)
            _batch.Run(launches);
    }

    internal override unsafe void Write(ReadOnlySpan<byte> source, DeviceMemory destination, long byteOffset)
    {
        DeviceChecks.Range(this, destination, byteOffset, source.Length);
        lock (_queue)
            source.CopyTo(new Span<byte>((byte*)destination.HostPointer + byteOffset, source.Length));
    }

    internal override unsafe void Read(DeviceMemory source, long byteOffset, Span<byte> destination)
    {
        DeviceChecks.Range(this, source, byteOffset, destination.Length);
        lock (_queue)
            new ReadOnlySpan<byte>((byte*)source.HostPointer + byteOffset, destination.Length).CopyTo(destination);
    }

    internal override unsafe void Copy(DeviceMemory source, long sourceOffset, DeviceMemory destination, long destinationOffset, long bytes)
    {
        DeviceChecks.Range(this, source, sourceOffset, bytes);
        DeviceChecks.Range(this, destination, destinationOffset, bytes);
        lock (_queue)
        {
            Buffer.MemoryCopy((byte*)source.HostPointer + sourceOffset, (byte*)destination.HostPointer + destinationOffset,
                bytes, bytes);
        }
    }

    private static unsafe string ProcessorName()
    {
        if (!X86Base.IsSupported || (uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax < 0x80000004)
            return System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString();
        Span<int> text = stackalloc int[12];
        for (int i = 0; i < 3; i++)
            (text[4 * i], text[4 * i + 1], text[4 * i + 2], text[4 * i + 3]) = X86Base.CpuId(unchecked((int)0x80000002) + i, 0);
        return System.Text.Encoding.ASCII.GetString(System.Runtime.InteropServices.MemoryMarshal.AsBytes(text)).Trim('\0', ' ');
    }
}
