namespace Cotangent.Kernels;

/// <summary>A two-dimensional index or extent; X varies fastest over a launch (ILGPU's <c>Index2D</c>).</summary>
/// <param name="X">The fastest coordinate.</param>
/// <param name="Y">The slower coordinate.</param>
public readonly record struct Index2D(int X, int Y)
{
    /// <summary>The number of elements of an extent.</summary>
    public int Size => X * Y;
}
