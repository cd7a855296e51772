namespace Cotangent.Kernels;

/// <summary>A one-dimensional index or extent (ILGPU's <c>Index1D</c>).</summary>
/// <param name="X">The coordinate.</param>
public readonly record struct Index1D(int X)
{
    /// <summary>The number of elements of an extent.</summary>
    public int Size => X;

    /// <summary>Wraps an integer.</summary>
    public static implicit operator Index1D(int x) => new(x);

    /// <summary>Unwraps to an integer.</summary>
    public static implicit operator int(Index1D index) => index.X;
}
