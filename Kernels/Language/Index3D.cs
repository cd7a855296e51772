namespace Cotangent.Kernels;

/// <summary>A three-dimensional index or extent; X varies fastest over a launch (ILGPU's <c>Index3D</c>).</summary>
/// <param name="X">The fastest coordinate.</param>
/// <param name="Y">The middle coordinate.</param>
/// <param name="Z">The slowest coordinate.</param>
public readonly record struct Index3D(int X, int Y, int Z)
{
    /// <summary>The number of elements of an extent.</summary>
    public int Size => X * Y * Z;
}
