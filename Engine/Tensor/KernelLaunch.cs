using Cotangent.Kernels;

namespace Cotangent;

/// <summary>The size of a kernel's launch: the extent of its index (<see cref="Index1D"/> or an int,
/// <see cref="Index2D"/>, <see cref="Index3D"/>), or groups (<see cref="KernelConfig"/>). Converts from each of them.</summary>
public readonly struct KernelLaunch
{
    private KernelLaunch(LaunchShape shape, int rank)
    {
        Shape = shape;
        Rank = rank;
    }

    /// <summary>The launch as devices take it.</summary>
    internal LaunchShape Shape { get; }

    /// <summary>The dimensions of the index; 0 for groups.</summary>
    internal int Rank { get; }

    /// <summary>A range of one dimension.</summary>
    public static implicit operator KernelLaunch(int extent) => (Index1D)extent;

    /// <summary>A range of one dimension.</summary>
    public static implicit operator KernelLaunch(Index1D extent) => new(LaunchShape.Range(extent.X), 1);

    /// <summary>A range of two dimensions.</summary>
    public static implicit operator KernelLaunch(Index2D extent) => new(LaunchShape.Range(extent.X, extent.Y), 2);

    /// <summary>A range of three dimensions.</summary>
    public static implicit operator KernelLaunch(Index3D extent) =>
        new(LaunchShape.Range(extent.X, extent.Y, extent.Z), 3);

    /// <summary>Groups of work items.</summary>
    public static implicit operator KernelLaunch(KernelConfig config) =>
        new(LaunchShape.Groups(config.GridDim, config.GroupDim, TypedKernel.SharedBytes(config)), 0);

    /// <inheritdoc/>
    public override string ToString() => Rank == 0
        ? $"{DeviceChecks.Text(Shape.Grid)} groups of {DeviceChecks.Text(Shape.Group)}"
        : $"a range of {Rank} dimension{(Rank == 1 ? "" : "s")}";
}
