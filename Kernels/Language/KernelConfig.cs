namespace Cotangent.Kernels;

/// <summary>The size of an explicitly grouped launch (ILGPU's <c>KernelConfig</c>).</summary>
/// <param name="GridDim">Groups along each axis.</param>
/// <param name="GroupDim">Work items a group along each axis.</param>
public readonly record struct KernelConfig(Index3D GridDim, Index3D GroupDim)
{
    /// <summary>Shared memory that the launch gives each group, for <see cref="SharedMemory.GetDynamic{T}"/>.</summary>
    public SharedMemoryConfig SharedMemoryConfig { get; init; }

    /// <summary>True if the launch gives groups shared memory.</summary>
    public bool UsesDynamicSharedMemory => SharedMemoryConfig.UsesDynamicSharedMemory;

    /// <summary>The number of work items.</summary>
    public long Size => (long)GridDim.X * GridDim.Y * GridDim.Z * GroupDim.X * GroupDim.Y * GroupDim.Z;

    /// <summary>Three-dimensional, with shared memory.</summary>
    public KernelConfig(Index3D gridDim, Index3D groupDim, SharedMemoryConfig sharedMemoryConfig)
        : this(gridDim, groupDim) => SharedMemoryConfig = sharedMemoryConfig;

    /// <summary>One-dimensional: groups, items a group, shared memory of a group.</summary>
    public KernelConfig(int gridDim, int groupDim, SharedMemoryConfig sharedMemoryConfig)
        : this(gridDim, groupDim) => SharedMemoryConfig = sharedMemoryConfig;

    /// <summary>Two-dimensional: groups, items a group, shared memory of a group.</summary>
    public KernelConfig(Index2D gridDim, Index2D groupDim, SharedMemoryConfig sharedMemoryConfig)
        : this(gridDim, groupDim) => SharedMemoryConfig = sharedMemoryConfig;

    /// <summary>One-dimensional: groups, and items a group.</summary>
    public KernelConfig(int gridDim, int groupDim)
        : this(new Index3D(gridDim, 1, 1), new Index3D(groupDim, 1, 1))
    {
    }

    /// <summary>Two-dimensional: groups, and items a group.</summary>
    public KernelConfig(Index2D gridDim, Index2D groupDim)
        : this(new Index3D(gridDim.X, gridDim.Y, 1), new Index3D(groupDim.X, groupDim.Y, 1))
    {
    }

    /// <summary>One-dimensional, from (groups, items a group).</summary>
    public static implicit operator KernelConfig((int GridDim, int GroupDim) size) => new(size.GridDim, size.GroupDim);

    /// <summary>Two-dimensional, from (groups, items a group).</summary>
    public static implicit operator KernelConfig((Index2D GridDim, Index2D GroupDim) size) => new(size.GridDim, size.GroupDim);

    /// <summary>Three-dimensional, from (groups, items a group).</summary>
    public static implicit operator KernelConfig((Index3D GridDim, Index3D GroupDim) size) => new(size.GridDim, size.GroupDim);
}
