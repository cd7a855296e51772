namespace Cotangent.Kernels;

/// <summary>The size of an explicitly grouped launch (ILGPU's <c>KernelConfig</c>).</summary>
/// <param name="GridDim">Groups along each axis.</param>
/// <param name="GroupDim">Work items a group along each axis.</param>
public readonly record struct KernelConfig(Index3D GridDim, Index3D GroupDim)
{
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
