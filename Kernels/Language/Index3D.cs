namespace Cotangent.Kernels;

/// <summary>A three-dimensional index or extent; X varies fastest over a launch (ILGPU's <c>Index3D</c>).</summary>
/// <param name="X">The fastest coordinate.</param>
/// <param name="Y">The middle coordinate.</param>
/// <param name="Z">The slowest coordinate.</param>
public readonly record struct Index3D(int X, int Y, int Z) : IIndex
{
    /// <summary>All coordinates 0.</summary>
    public static Index3D Zero => new(0, 0, 0);

    /// <summary>All coordinates 1.</summary>
    public static Index3D One => new(1, 1, 1);

    /// <summary>The number of elements of an extent.</summary>
    public int Size => X * Y * Z;

    /// <summary>True for the index whose coordinates are all 0.</summary>
    public bool IsFirst => X == 0 && Y == 0 && Z == 0;

    /// <summary>From a tuple.</summary>
    public static implicit operator Index3D((int X, int Y, int Z) index) => new(index.X, index.Y, index.Z);

    /// <summary>Sum by coordinate.</summary>
    public static Index3D operator +(Index3D left, Index3D right) => new(left.X + right.X, left.Y + right.Y, left.Z + right.Z);

    /// <summary>Difference by coordinate.</summary>
    public static Index3D operator -(Index3D left, Index3D right) => new(left.X - right.X, left.Y - right.Y, left.Z - right.Z);

    /// <summary>Product by coordinate.</summary>
    public static Index3D operator *(Index3D left, Index3D right) => new(left.X * right.X, left.Y * right.Y, left.Z * right.Z);

    /// <summary>Quotient by coordinate.</summary>
    public static Index3D operator /(Index3D left, Index3D right) => new(left.X / right.X, left.Y / right.Y, left.Z / right.Z);

    /// <summary>The smaller coordinates.</summary>
    public static Index3D Min(Index3D first, Index3D second) => new(Math.Min(first.X, second.X), Math.Min(first.Y, second.Y), Math.Min(first.Z, second.Z));

    /// <summary>The larger coordinates.</summary>
    public static Index3D Max(Index3D first, Index3D second) => new(Math.Max(first.X, second.X), Math.Max(first.Y, second.Y), Math.Max(first.Z, second.Z));

    /// <summary>True if every coordinate is at least 0 and below that of <paramref name="dimension"/>.</summary>
    public bool InBounds(Index3D dimension) =>
        (uint)X < (uint)dimension.X && (uint)Y < (uint)dimension.Y && (uint)Z < (uint)dimension.Z;
}
