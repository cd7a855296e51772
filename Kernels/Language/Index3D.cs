namespace Cotangent.Kernels;

/// <summary>A three-dimensional index or extent of 32-bit coordinates; X varies fastest over a launch (ILGPU's
/// <c>Index3D</c>). Arithmetic is by coordinate.</summary>
/// <param name="X">The fastest coordinate.</param>
/// <param name="Y">The middle coordinate.</param>
/// <param name="Z">The slowest coordinate.</param>
public readonly record struct Index3D(int X, int Y, int Z) : IIndex
{
    /// <summary>All coordinates 0.</summary>
    public static Index3D Zero => new(0, 0, 0);

    /// <summary>All coordinates 1.</summary>
    public static Index3D One => new(1, 1, 1);

    /// <summary>All coordinates −1: no index.</summary>
    public static Index3D Invalid => new(-1, -1, -1);

    /// <inheritdoc/>
    public IndexType IndexType => IndexType.Index3D;

    /// <summary>The number of elements of an extent. Wraps beyond 2³¹ − 1: see <see cref="LongSize"/>.</summary>
    public int Size => X * Y * Z;

    /// <inheritdoc/>
    public long LongSize => (long)X * Y * Z;

    /// <summary>True for the index whose coordinates are all 0.</summary>
    public bool IsFirst => X == 0 && Y == 0 && Z == 0;

    /// <summary>The first two coordinates.</summary>
    public Index2D XY => new(X, Y);

    /// <summary>The last two coordinates.</summary>
    public Index2D YZ => new(Y, Z);

    /// <summary>From a tuple.</summary>
    public static implicit operator Index3D((int X, int Y, int Z) index) => new(index.X, index.Y, index.Z);

    /// <summary>Sum by coordinate.</summary>
    public static Index3D operator +(Index3D left, Index3D right) =>
        new(left.X + right.X, left.Y + right.Y, left.Z + right.Z);

    /// <summary>Difference by coordinate.</summary>
    public static Index3D operator -(Index3D left, Index3D right) =>
        new(left.X - right.X, left.Y - right.Y, left.Z - right.Z);

    /// <summary>Product by coordinate.</summary>
    public static Index3D operator *(Index3D left, Index3D right) =>
        new(left.X * right.X, left.Y * right.Y, left.Z * right.Z);

    /// <summary>Quotient by coordinate.</summary>
    public static Index3D operator /(Index3D left, Index3D right) =>
        new(left.X / right.X, left.Y / right.Y, left.Z / right.Z);

    /// <summary>Sum by coordinate.</summary>
    public static Index3D Add(Index3D first, Index3D second) => first + second;

    /// <summary>Difference by coordinate.</summary>
    public static Index3D Subtract(Index3D first, Index3D second) => first - second;

    /// <summary>Product by coordinate.</summary>
    public static Index3D Multiply(Index3D first, Index3D second) => first * second;

    /// <summary>Quotient by coordinate.</summary>
    public static Index3D Divide(Index3D first, Index3D second) => first / second;

    /// <summary>The smaller coordinates.</summary>
    public static Index3D Min(Index3D first, Index3D second) =>
        new(Math.Min(first.X, second.X), Math.Min(first.Y, second.Y), Math.Min(first.Z, second.Z));

    /// <summary>The larger coordinates.</summary>
    public static Index3D Max(Index3D first, Index3D second) =>
        new(Math.Max(first.X, second.X), Math.Max(first.Y, second.Y), Math.Max(first.Z, second.Z));

    /// <summary>Each coordinate, brought between those of <paramref name="min"/> and <paramref name="max"/>.</summary>
    public static Index3D Clamp(Index3D value, Index3D min, Index3D max) => Max(Min(value, max), min);

    /// <summary>Sum with <paramref name="rhs"/>.</summary>
    public Index3D Add(Index3D rhs) => this + rhs;

    /// <summary>This less <paramref name="rhs"/>.</summary>
    public Index3D Subtract(Index3D rhs) => this - rhs;

    /// <summary>True if every coordinate is at least 0 and below that of <paramref name="dimension"/>.</summary>
    public bool InBounds(Index3D dimension) =>
        (uint)X < (uint)dimension.X && (uint)Y < (uint)dimension.Y && (uint)Z < (uint)dimension.Z;

    /// <summary>True if every coordinate is at least 0 and at most that of <paramref name="dimension"/>.</summary>
    public bool InBoundsInclusive(Index3D dimension) =>
        X >= 0 && X <= dimension.X && Y >= 0 && Y <= dimension.Y && Z >= 0 && Z <= dimension.Z;

    /// <summary>With 64-bit coordinates.</summary>
    public LongIndex3D ToLongIndex() => new(X, Y, Z);

    /// <summary>As a tuple.</summary>
    public (int X, int Y, int Z) ToValueTuple() => (X, Y, Z);

    /// <summary>The coordinates.</summary>
    public override string ToString() => $"({X}, {Y}, {Z})";
}
