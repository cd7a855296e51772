namespace Cotangent.Kernels;

/// <summary>The size of one launch. Range kernels use Extent (work items); grouped ones Grid (groups) and Group (items a group).</summary>
/// <param name="Extent">Work items of a range.</param>
/// <param name="Grid">Groups.</param>
/// <param name="Group">Work items a group.</param>
/// <param name="SharedBytes">Shared memory of a group that SharedMemory.GetDynamic gives, besides what the kernel allocates.</param>
internal readonly record struct LaunchShape(Index3D Extent, Index3D Grid, Index3D Group, int SharedBytes = 0)
{
    /// <summary>A Range launch; unused axes are 1.</summary>
    public static LaunchShape Range(int x, int y = 1, int z = 1) => new(new(x, y, z), default, default);

    /// <summary>A grouped launch.</summary>
    public static LaunchShape Groups(Index3D grid, Index3D group, int sharedBytes = 0) =>
        new(default, grid, group, sharedBytes);

    /// <summary>A one-dimensional grouped launch.</summary>
    public static LaunchShape Groups(int grid, int group) => new(default, new(grid, 1, 1), new(group, 1, 1));
}
