namespace Cotangent.Kernels;

/// <summary>What kind of hardware and programming interface a device is.</summary>
public enum DeviceKind
{
    /// <summary>The processor's SIMD units.</summary>
    Cpu,

    /// <summary>A device behind an OpenCL 1.2+ driver.</summary>
    OpenCl,

    /// <summary>An NVIDIA GPU behind its CUDA driver.</summary>
    Cuda,

    /// <summary>Runs the C# method itself, one work item at a time, with checks: for debugging.</summary>
    Debug,
}

/// <summary>A place where kernels run and tensors live. Devices are created once a process and never disposed.</summary>
/// <remarks>A device is a queue in order: launches and copies take effect in the order they were issued. All members may be called from
/// any thread; calls on one device are serialised.</remarks>
public abstract partial class Device
{
    private protected Device(DeviceKind kind, string id, string name)
    {
        Kind = kind;
        Id = id;
        Name = name;
    }

    /// <summary>The kind of device.</summary>
    public DeviceKind Kind { get; }

    /// <summary>The short name by which COTANGENT_DEVICE and command lines choose it: <c>cpu</c>, <c>opencl</c>, <c>opencl:1</c>,
    /// <c>cuda</c>, <c>cuda:1</c>, <c>debug</c>.</summary>
    public string Id { get; }

    /// <summary>How this device runs kernels.</summary>
    public DeviceOptions Options { get; init; } = DeviceOptions.Default;

    /// <summary>The hardware's own name, for people.</summary>
    public string Name { get; }

    /// <summary>The most bytes of shared memory that a group may have: what the kernel allocates and what the launch adds.</summary>
    public virtual long MaxSharedMemoryPerGroup => 1 << 20;

    /// <summary>Waits until everything issued so far has finished. Errors of earlier launches are thrown here at the latest.</summary>
    /// <exception cref="DeviceException">A launch failed on the device.</exception>
    public abstract void Synchronize();

    /// <inheritdoc/>
    public override string ToString() => $"{Id} ({Name})";

    /// <summary>Another device on the same hardware.</summary>
    private protected abstract Device With(DeviceOptions options);

    /// <summary>Memory from the caching allocator, at least 64-byte aligned, contents undefined. Zero bytes are allowed.</summary>
    internal abstract DeviceMemory AllocateMemory(long bytes);

    /// <summary>Compiles for this device: the target's passes run on a copy. Throws <see cref="KernelCompilationException"/>.</summary>
    internal abstract CompiledKernel Compile(Ir.Kernel kernel);

    /// <summary>Compiles several kernels at once: one program on OpenCL, where a build costs the same whatever its size.</summary>
    internal virtual IReadOnlyList<CompiledKernel> CompileBatch(IReadOnlyList<Ir.Kernel> kernels) => [.. kernels.Select(Compile)];

    /// <summary>Issues a launch. One argument an IR parameter, in order. An empty range or grid launches nothing.</summary>
    internal abstract void Launch(CompiledKernel kernel, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments);

    /// <summary>True if launches over ranges that do not need each other are to be issued together.</summary>
    internal virtual bool BatchesLaunches => false;

    /// <summary>Issues launches over ranges as one. None reads or overwrites what another writes: they run in any order, and at the same
    /// time. Only for devices that say <see cref="BatchesLaunches"/>.</summary>
    internal virtual void Launch(ReadOnlySpan<BatchedLaunch> launches) => throw new NotSupportedException($"{Id} issues launches one by one.");

    /// <summary>Host to device; the source may be reused when the call returns.</summary>
    internal abstract void Write(ReadOnlySpan<byte> source, DeviceMemory destination, long byteOffset);

    /// <summary>Device to host; waits for what was issued before.</summary>
    internal abstract void Read(DeviceMemory source, long byteOffset, Span<byte> destination);

    /// <summary>Device to device on this device. Ranges do not overlap.</summary>
    internal abstract void Copy(DeviceMemory source, long sourceOffset, DeviceMemory destination, long destinationOffset, long bytes);

    /// <summary>Copies between any memories, of one device or of two: directly where the devices can, else through the host. Ranges do
    /// not overlap.</summary>
    internal static void CopyAcross(DeviceMemory source, long sourceOffset, DeviceMemory destination, long destinationOffset, long bytes)
    {
        const int most = 16 << 20;
        DeviceChecks.Range(source.Device, source, sourceOffset, bytes);
        DeviceChecks.Range(destination.Device, destination, destinationOffset, bytes);
        if (bytes == 0)
            return;
        if (source.Device == destination.Device)
        {
            source.Device.Copy(source, sourceOffset, destination, destinationOffset, bytes);
            return;
        }

        if (destination.Device.TryCopyFrom(source, sourceOffset, destination, destinationOffset, bytes))
            return;
        byte[] part = new byte[Math.Min(bytes, most)];
        for (long done = 0; done < bytes; done += part.Length)
        {
            Span<byte> host = part.AsSpan(0, (int)Math.Min(part.Length, bytes - done));
            source.Device.Read(source, sourceOffset + done, host);
            destination.Device.Write(host, destination, destinationOffset + done);
        }
    }

    /// <summary>Copies from another device's memory to this one's without the host, in order with both queues; false if that is not
    /// possible.</summary>
    private protected virtual bool TryCopyFrom(
        DeviceMemory source, long sourceOffset, DeviceMemory destination, long destinationOffset, long bytes) => false;

    /// <summary>A place to keep what a program issues, see <see cref="DeviceReplay"/>; null if this device gains nothing by
    /// it.</summary>
    internal virtual DeviceReplay? CreateReplay() => null;

    /// <summary>True if products of another precision than float32 are faster: see <see cref="MatMulPrecision"/>.</summary>
    internal virtual bool HasMatrixUnits => false;

    /// <summary>Rows and columns, 128 or 64, of the largest tiles of products that kernels of the library go on with on this device; 0
    /// where what it has for products is better than a tile by a group.</summary>
    internal virtual int LargestProductTile => 0;

    /// <summary>True if elementwise kernels behind products are to be part of the products' kernels.</summary>
    internal virtual bool FusesEpilogues => false;

    /// <summary>Issues C = A·B over strided batches, see <see cref="GemmProblem"/>.</summary>
    internal abstract void Gemm(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c);

    /// <summary>True if an elementwise kernel over a product's result is to be issued together with the product: the device runs it
    /// on pieces of C that have just been computed.</summary>
    internal virtual bool MapsProducts => false;

    /// <summary>Issues C = A·B and then an elementwise kernel with a work item for each element of C's memory.</summary>
    /// <param name="problem">The product; C has contiguous rows or columns.</param>
    /// <param name="a">A.</param>
    /// <param name="b">B.</param>
    /// <param name="c">C.</param>
    /// <param name="map">The kernel. It reads of C only the element of the item's number.</param>
    /// <param name="shape">Its launch.</param>
    /// <param name="arguments">Its arguments, C among them.</param>
    /// <param name="beside">A bit for each argument, from the lowest up: set for other memory of which an item reads or writes only the
    /// element of its own number. A hint.</param>
    internal virtual void Gemm(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c, CompiledKernel map,
        in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments, ulong beside = 0)
    {
        Gemm(problem, a, b, c);
        Launch(map, shape, arguments);
    }
}
