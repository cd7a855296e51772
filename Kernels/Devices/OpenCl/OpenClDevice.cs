using System.Collections.Immutable;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.OpenCl;

/// <summary>A device behind an OpenCL 1.2+ driver: one context, one in-order queue.</summary>
internal sealed unsafe class OpenClDevice : Device
{
    private const uint Blocking = 1;
    private const int LaunchesPerFlush = 16;

    private readonly OpenClApi _api;
    private readonly OpenClInfo _info;
    private readonly FirstUse<Session> _session;
    private readonly Lock _lock = new();
    private int _unflushed;

    /// <summary>A device; for tests, with other passes before the translation than the standard ones.</summary>
    public OpenClDevice(OpenClApi api, OpenClInfo info, string id, Func<Kernel, Kernel>? lower = null,
        DiskCache? cache = null)
        : base(DeviceKind.OpenCl, id, info.Name)
    {
        _api = api;
        _info = info;
        _session = new FirstUse<Session>(() => new Session(this, api, info, lower ?? (kernel => Pipeline.Run(kernel)), cache));
    }

    /// <inheritdoc/>
    public override long MaxSharedMemoryPerGroup => _info.LocalMemory;

    internal override bool IsGpu => _info.IsGpu;

    /// <remarks>As <see cref="OpenClGemm"/> chooses: none in small groups, the smaller ones on processors.</remarks>
    internal override int LargestProductTile => _info.MaxGroupSize < Library.RegisterGemm.Items ? 0 : _info.Traits.SerialGroups ? 64 : 128;

    internal OpenClInfo Info => _info;

    /// <summary>Programs built from source, and taken from the disk.</summary>
    internal (int Built, int Loaded) Programs => _session.Value.Compiler.Programs;

    internal OpenClAllocator Allocator => _session.Value.Allocator;

    private nint Queue => _session.Value.Queue;

    /// <summary>Every OpenCL device here; none where OpenCL is not installed.</summary>
    public static ImmutableArray<Device> FindAll()
    {
        if (OpenClApi.TryLoad() is not { } api)
            return [];

        return [.. OpenClInfo.FindAll(api).Select((info, i) =>
            new OpenClDevice(api, info, i == 0 ? "opencl" : $"opencl:{i}", cache: DiskCache.Default))];
    }

    public override void Synchronize()
    {
        lock (_lock)
        {
            OpenClError.Check(_api.Finish(Queue), "clFinish");
            _unflushed = 0;
        }
    }

    private protected override Device With(DeviceOptions options) =>
        new OpenClDevice(_api, _info, Id, cache: DiskCache.Default) { Options = options };

    internal override DeviceMemory AllocateMemory(long bytes) => Allocator.Allocate(bytes);

    internal override CompiledKernel Compile(Kernel kernel) => _session.Value.Compiler.Compile([kernel])[0];

    internal override IReadOnlyList<CompiledKernel> CompileBatch(IReadOnlyList<Kernel> kernels) =>
        _session.Value.Compiler.Compile(kernels);

    internal override void Launch(CompiledKernel kernel, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments)
    {
        if (!DeviceChecks.Launch(this, kernel, shape, arguments))
            return;

        OpenClCode code = ((OpenClKernel)kernel).Code;
        bool grouped = kernel.Source.Kind == LaunchKind.Grouped;
        Index3D group = grouped
            ? CheckedGroup(kernel, code, shape.Group)
            : RangeGroup(code, kernel.Source.Kind, shape.Extent);
        Index3D groups = grouped ? shape.Grid : GroupsOf(shape.Extent, group);
        nuint* local = stackalloc nuint[] { (nuint)group.X, (nuint)group.Y, (nuint)group.Z };
        nuint* global = stackalloc nuint[]
        {
            (nuint)groups.X * local[0], (nuint)groups.Y * local[1], (nuint)groups.Z * local[2],
        };

        lock (_lock)
        {
            SetArguments(kernel, code, shape, arguments, items: group.Size);
            int status = _api.EnqueueNDRangeKernel(Queue, code.Handle, 3, null, global, local, 0, null, null);
            if (OpenClError.IsOutOfMemory(status))
                throw OutOfResources(kernel, group, status);

            if (status != OpenClError.Success)     // or each launch would make the text
                OpenClError.Check(status, $"clEnqueueNDRangeKernel of '{kernel.Source.Name}'");
            if (++_unflushed >= LaunchesPerFlush)
            {
                OpenClError.Check(_api.Flush(Queue), "clFlush");
                _unflushed = 0;
            }
        }

        GC.KeepAlive(code);         // its finaliser releases the kernel object
    }

    internal override void Write(ReadOnlySpan<byte> source, DeviceMemory destination, long byteOffset)
    {
        DeviceChecks.Range(this, destination, byteOffset, source.Length);
        if (source.IsEmpty)
            return;

        nint handle = ((PooledMemory)destination).Handle;
        lock (_lock)
        {
            fixed (byte* p = source)
            {
                int status = _api.EnqueueWriteBuffer(Queue, handle, Blocking, (nuint)byteOffset,
                    (nuint)source.Length, p, 0, null, null);
                OpenClError.Check(status, "clEnqueueWriteBuffer");
            }

            _unflushed = 0;
        }
    }

    internal override void Read(DeviceMemory source, long byteOffset, Span<byte> destination)
    {
        DeviceChecks.Range(this, source, byteOffset, destination.Length);
        if (destination.IsEmpty)
            return;

        nint handle = ((PooledMemory)source).Handle;
        lock (_lock)
        {
            fixed (byte* p = destination)
            {
                int status = _api.EnqueueReadBuffer(Queue, handle, Blocking, (nuint)byteOffset,
                    (nuint)destination.Length, p, 0, null, null);
                OpenClError.Check(status, "clEnqueueReadBuffer");
            }

            _unflushed = 0;
        }
    }

    internal override void Copy(
        DeviceMemory source, long sourceOffset, DeviceMemory destination, long destinationOffset, long bytes)
    {
        DeviceChecks.Range(this, source, sourceOffset, bytes);
        DeviceChecks.Range(this, destination, destinationOffset, bytes);
        if (bytes == 0)
            return;

        nint from = ((PooledMemory)source).Handle;
        nint to = ((PooledMemory)destination).Handle;
        lock (_lock)
        {
            int status = _api.EnqueueCopyBuffer(Queue, from, to, (nuint)sourceOffset, (nuint)destinationOffset,
                (nuint)bytes, 0, null, null);
            OpenClError.Check(status, "clEnqueueCopyBuffer");
        }
    }

    internal override void Gemm(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c) =>
        _session.Value.Gemm.Multiply(problem, a, b, c);

    private void SetArguments(
        CompiledKernel kernel, OpenClCode code, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments, int items)
    {
        uint index = 0;
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i].Memory is { } memory)
            {
                nint handle = ((PooledMemory)memory).Handle;
                SetArgument(code, index++, sizeof(nint), &handle);
                long offset = arguments[i].Bits;
                SetArgument(code, index++, sizeof(long), &offset);
            }
            else
            {
                long bits = arguments[i].Bits;          // little-endian: the value is in the low bytes
                SetArgument(code, index++, kernel.Source.Parameters[i].Type.Scalar.Size(), &bits);
            }
        }

        ReadOnlySpan<int> extents = [shape.Extent.X, shape.Extent.Y, shape.Extent.Z];
        for (int axis = 0; axis < kernel.Source.Kind.Rank(); axis++)
        {
            int extent = extents[axis];
            SetArgument(code, index++, sizeof(int), &extent);
        }

        if (code.Function.ScratchBytes > 0)
            SetArgument(code, index++, code.Function.ScratchBytes * items, null);

        if (code.Function.UsesDynamicShared)
        {
            int bytes = shape.SharedBytes;
            SetArgument(code, index++, Math.Max(sizeof(ulong), bytes), null);
            SetArgument(code, index, sizeof(int), &bytes);
        }
    }

    private void SetArgument(OpenClCode code, uint index, int size, void* value) =>
        OpenClError.Check(_api.SetKernelArg(code.Handle, index, (nuint)size, value), "clSetKernelArg");

    // A GPU gets a power of two along each axis, as many as a group takes along X first: the axis of consecutive
    // memory. A driver for processors (PoCL) compiles a kernel anew for every group size, 100 ms each: it gets the same
    // size whatever the extent.
    private Index3D RangeGroup(OpenClCode code, LaunchKind kind, Index3D extent)
    {
        const int preferred = 256;
        const int narrow = 16;
        int left = Math.Min(preferred, code.MaxGroupSize);
        if (!_info.IsGpu && left == preferred)
        {
            return kind == LaunchKind.Range1D ? new Index3D(preferred, 1, 1)
                : extent.X > narrow ? new Index3D(64, 1, 1)
                : new Index3D(narrow, 4, 1);
        }

        int x = Along(extent.X, _info.MaxGroup.X, ref left);
        int y = Along(extent.Y, _info.MaxGroup.Y, ref left);
        int z = Along(extent.Z, _info.MaxGroup.Z, ref left);
        return new Index3D(x, y, z);

        static int Along(int extent, int limit, ref int left)
        {
            int size = 1;
            while (size < extent && 2 * size <= Math.Min(left, limit))
                size *= 2;

            left /= size;
            return size;
        }
    }

    private static Index3D GroupsOf(Index3D extent, Index3D group) => new(
        (int)(((long)extent.X + group.X - 1) / group.X),
        (int)(((long)extent.Y + group.Y - 1) / group.Y),
        (int)(((long)extent.Z + group.Z - 1) / group.Z));

    private Index3D CheckedGroup(CompiledKernel kernel, OpenClCode code, Index3D group)
    {
        Index3D limit = _info.MaxGroup;
        long items = (long)group.X * group.Y * group.Z;
        if (items > code.MaxGroupSize || group.X > limit.X || group.Y > limit.Y || group.Z > limit.Z)
        {
            throw new DeviceException("CTG3006",
                $"Kernel '{kernel.Source.Name}' was launched in groups of {DeviceChecks.Text(group)} items; {Id} runs it " +
                $"in groups of at most {code.MaxGroupSize} items, {DeviceChecks.Text(limit)} along the axes. " +
                "See docs/diagnostics.md#CTG3006");
        }

        return group;
    }

    private DeviceException OutOfResources(CompiledKernel kernel, Index3D group, int status) => new("CTG3006",
        $"{Id} ({Name}) has no resources to launch kernel '{kernel.Source.Name}' in groups of " +
        $"{DeviceChecks.Text(group)} items: {OpenClError.Name(status)} ({status}). It has {_info.LocalMemory:N0} bytes of " +
        "local memory. See docs/diagnostics.md#CTG3006");

    /// <summary>What is created at first use, not when devices are listed.</summary>
    private sealed class Session
    {
        public Session(
            OpenClDevice device, OpenClApi api, OpenClInfo info, Func<Kernel, Kernel> lower, DiskCache? cache)
        {
            nint handle = info.Device;
            int status;
            nint context = api.CreateContext(null, 1, &handle, 0, 0, &status);
            OpenClError.Check(status, "clCreateContext");
            Queue = api.CreateCommandQueue(context, handle, 0, &status);
            OpenClError.Check(status, "clCreateCommandQueue");
            Allocator = new OpenClAllocator(device, api, context, info.GlobalMemory, info.MaxAllocation);
            Compiler = new OpenClCompiler(device, api, context, info, lower, cache);
            Gemm = new OpenClGemm(device, info.MaxGroupSize, info.Traits.SerialGroups);
        }

        public nint Queue { get; }

        public OpenClAllocator Allocator { get; }

        public OpenClCompiler Compiler { get; }

        public OpenClGemm Gemm { get; }
    }
}
