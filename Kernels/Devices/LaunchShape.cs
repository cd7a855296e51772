namespace Cotangent.Kernels;

/// <summary>The size of one launch. Range kernels use Extent (work items); grouped ones Grid (groups) and Group (items a group).</summary>
internal readonly record struct LaunchShape(Index3D Extent, Index3D Grid, Index3D Group)
{
    /// <summary>A Range launch; unused axes are 1.</summary>
    public static LaunchShape Range(int x, int y = 1, int z = 1) => new(new(x, y, z), default, default);

    /// <summary>A grouped launch.</summary>
    public static LaunchShape Groups(Index3D grid, Index3D group) => new(default, grid, group);

    /// <summary>A one-dimensional grouped launch.</summary>
    public static LaunchShape Groups(int grid, int group) => new(default, new(grid, 1, 1), new(group, 1, 1));
}
