namespace Cotangent.Kernels;

/// <summary>A three-dimensional index or extent of 64-bit coordinates; X varies fastest over a launch (ILGPU's
/// <c>LongIndex3D</c>). Arithmetic is by coordinate.</summary>
/// <remarks>It may lead a kernel's parameters; each extent of one launch is still at most 2³¹ − 1.</remarks>
/// <param name="X">The fastest coordinate.</param>
/// <param name="Y">The middle coordinate.</param>
/// <param name="Z">The slowest coordinate.</param>
public readonly record struct LongIndex3D(long X, long Y, long Z) : IIndex
{
    /// <summary>All coordinates 0.</summary>
    public static LongIndex3D Zero => new(0, 0, 0);

    /// <summary>All coordinates 1.</summary>
    public static LongIndex3D One => new(1, 1, 1);

    /// <summary>All coordinates −1: no index.</summary>
    public static LongIndex3D Invalid => new(-1, -1, -1);

    /// <inheritdoc/>
    public IndexType IndexType => IndexType.LongIndex3D;

    /// <summary>The number of elements of an extent.</summary>
    public long Size => X * Y * Z;

    /// <inheritdoc/>
    public long LongSize => X * Y * Z;

    /// <summary>True for the index whose coordinates are all 0.</summary>
    public bool IsFirst => X == 0 && Y == 0 && Z == 0;

    /// <summary>The first two coordinates.</summary>
    public LongIndex2D XY => new(X, Y);

    /// <summary>The last two coordinates.</summary>
    public LongIndex2D YZ => new(Y, Z);

    /// <summary>From a tuple.</summary>
    public static implicit operator LongIndex3D((long X, long Y, long Z) index) => new(index.X, index.Y, index.Z);

    /// <summary>Widens.</summary>
    public static implicit operator LongIndex3D(Index3D index) => new(index.X, index.Y, index.Z);

    /// <summary>Narrows: as <see cref="ToIntIndex"/>.</summary>
    public static explicit operator Index3D(LongIndex3D index) => index.ToIntIndex();

    /// <summary>Sum by coordinate.</summary>
    public static LongIndex3D operator +(LongIndex3D left, LongIndex3D right) =>
        new(left.X + right.X, left.Y + right.Y, left.Z + right.Z);

    /// <summary>Difference by coordinate.</summary>
    public static LongIndex3D operator -(LongIndex3D left, LongIndex3D right) =>
        new(left.X - right.X, left.Y - right.Y, left.Z - right.Z);

    /// <summary>Product by coordinate.</summary>
    public static LongIndex3D operator *(LongIndex3D left, LongIndex3D right) =>
        new(left.X * right.X, left.Y * right.Y, left.Z * right.Z);

    /// <summary>Quotient by coordinate.</summary>
    public static LongIndex3D operator /(LongIndex3D left, LongIndex3D right) =>
        new(left.X / right.X, left.Y / right.Y, left.Z / right.Z);

    /// <summary>Sum by coordinate.</summary>
    public static LongIndex3D Add(LongIndex3D first, LongIndex3D second) => first + second;

    /// <summary>Difference by coordinate.</summary>
    public static LongIndex3D Subtract(LongIndex3D first, LongIndex3D second) => first - second;

    /// <summary>Product by coordinate.</summary>
    public static LongIndex3D Multiply(LongIndex3D first, LongIndex3D second) => first * second;

    /// <summary>Quotient by coordinate.</summary>
    public static LongIndex3D Divide(LongIndex3D first, LongIndex3D second) => first / second;

    /// <summary>The smaller coordinates.</summary>
    public static LongIndex3D Min(LongIndex3D first, LongIndex3D second) =>
        new(Math.Min(first.X, second.X), Math.Min(first.Y, second.Y), Math.Min(first.Z, second.Z));

    /// <summary>The larger coordinates.</summary>
    public static LongIndex3D Max(LongIndex3D first, LongIndex3D second) =>
        new(Math.Max(first.X, second.X), Math.Max(first.Y, second.Y), Math.Max(first.Z, second.Z));

    /// <summary>Each coordinate, brought between those of <paramref name="min"/> and <paramref name="max"/>.</summary>
    public static LongIndex3D Clamp(LongIndex3D value, LongIndex3D min, LongIndex3D max) => Max(Min(value, max), min);

    /// <summary>Sum with <paramref name="rhs"/>.</summary>
    public LongIndex3D Add(LongIndex3D rhs) => this + rhs;

    /// <summary>This less <paramref name="rhs"/>.</summary>
    public LongIndex3D Subtract(LongIndex3D rhs) => this - rhs;

    /// <summary>True if every coordinate is at least 0 and below that of <paramref name="dimension"/>.</summary>
    public bool InBounds(LongIndex3D dimension) =>
        (ulong)X < (ulong)dimension.X && (ulong)Y < (ulong)dimension.Y && (ulong)Z < (ulong)dimension.Z;

    /// <summary>True if every coordinate is at least 0 and at most that of <paramref name="dimension"/>.</summary>
    public bool InBoundsInclusive(LongIndex3D dimension) =>
        X >= 0 && X <= dimension.X && Y >= 0 && Y <= dimension.Y && Z >= 0 && Z <= dimension.Z;

    /// <summary>With 32-bit coordinates.</summary>
    /// <exception cref="OverflowException">On the host and Device.Debug: a coordinate needs more.</exception>
    public Index3D ToIntIndex()
    {
        ViewCheck.Int32(X);
        ViewCheck.Int32(Y);
        ViewCheck.Int32(Z);
        return new((int)X, (int)Y, (int)Z);
    }

    /// <summary>The coordinates.</summary>
    public override string ToString() => $"({X}, {Y}, {Z})";
}
