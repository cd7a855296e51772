namespace Cotangent.Kernels;

/// <summary>A two-dimensional index or extent of 64-bit coordinates; X varies fastest over a launch (ILGPU's
/// <c>LongIndex2D</c>). Arithmetic is by coordinate.</summary>
/// <remarks>It may lead a kernel's parameters; each extent of one launch is still at most 2³¹ − 1.</remarks>
/// <param name="X">The fast coordinate.</param>
/// <param name="Y">The slow coordinate.</param>
public readonly record struct LongIndex2D(long X, long Y) : IIndex
{
    /// <summary>All coordinates 0.</summary>
    public static LongIndex2D Zero => new(0, 0);

    /// <summary>All coordinates 1.</summary>
    public static LongIndex2D One => new(1, 1);

    /// <summary>All coordinates −1: no index.</summary>
    public static LongIndex2D Invalid => new(-1, -1);

    /// <inheritdoc/>
    public IndexType IndexType => IndexType.LongIndex2D;

    /// <summary>The number of elements of an extent.</summary>
    public long Size => X * Y;

    /// <inheritdoc/>
    public long LongSize => X * Y;

    /// <summary>True for the index whose coordinates are all 0.</summary>
    public bool IsFirst => X == 0 && Y == 0;

    /// <summary>From a tuple.</summary>
    public static implicit operator LongIndex2D((long X, long Y) index) => new(index.X, index.Y);

    /// <summary>Widens.</summary>
    public static implicit operator LongIndex2D(Index2D index) => new(index.X, index.Y);

    /// <summary>Narrows: as <see cref="ToIntIndex"/>.</summary>
    public static explicit operator Index2D(LongIndex2D index) => index.ToIntIndex();

    /// <summary>Sum by coordinate.</summary>
    public static LongIndex2D operator +(LongIndex2D left, LongIndex2D right) =>
        new(left.X + right.X, left.Y + right.Y);

    /// <summary>Difference by coordinate.</summary>
    public static LongIndex2D operator -(LongIndex2D left, LongIndex2D right) =>
        new(left.X - right.X, left.Y - right.Y);

    /// <summary>Product by coordinate.</summary>
    public static LongIndex2D operator *(LongIndex2D left, LongIndex2D right) =>
        new(left.X * right.X, left.Y * right.Y);

    /// <summary>Quotient by coordinate.</summary>
    public static LongIndex2D operator /(LongIndex2D left, LongIndex2D right) =>
        new(left.X / right.X, left.Y / right.Y);

    /// <summary>Sum by coordinate.</summary>
    public static LongIndex2D Add(LongIndex2D first, LongIndex2D second) => first + second;

    /// <summary>Difference by coordinate.</summary>
    public static LongIndex2D Subtract(LongIndex2D first, LongIndex2D second) => first - second;

    /// <summary>Product by coordinate.</summary>
    public static LongIndex2D Multiply(LongIndex2D first, LongIndex2D second) => first * second;

    /// <summary>Quotient by coordinate.</summary>
    public static LongIndex2D Divide(LongIndex2D first, LongIndex2D second) => first / second;

    /// <summary>The smaller coordinates.</summary>
    public static LongIndex2D Min(LongIndex2D first, LongIndex2D second) =>
        new(Math.Min(first.X, second.X), Math.Min(first.Y, second.Y));

    /// <summary>The larger coordinates.</summary>
    public static LongIndex2D Max(LongIndex2D first, LongIndex2D second) =>
        new(Math.Max(first.X, second.X), Math.Max(first.Y, second.Y));

    /// <summary>Each coordinate, brought between those of <paramref name="min"/> and <paramref name="max"/>.</summary>
    public static LongIndex2D Clamp(LongIndex2D value, LongIndex2D min, LongIndex2D max) => Max(Min(value, max), min);

    /// <summary>Sum with <paramref name="rhs"/>.</summary>
    public LongIndex2D Add(LongIndex2D rhs) => this + rhs;

    /// <summary>This less <paramref name="rhs"/>.</summary>
    public LongIndex2D Subtract(LongIndex2D rhs) => this - rhs;

    /// <summary>True if every coordinate is at least 0 and below that of <paramref name="dimension"/>.</summary>
    public bool InBounds(LongIndex2D dimension) =>
        (ulong)X < (ulong)dimension.X && (ulong)Y < (ulong)dimension.Y;

    /// <summary>True if every coordinate is at least 0 and at most that of <paramref name="dimension"/>.</summary>
    public bool InBoundsInclusive(LongIndex2D dimension) =>
        X >= 0 && X <= dimension.X && Y >= 0 && Y <= dimension.Y;

    /// <summary>With 32-bit coordinates.</summary>
    /// <exception cref="OverflowException">On the host and Device.Debug: a coordinate needs more.</exception>
    public Index2D ToIntIndex()
    {
        ViewCheck.Int32(X);
        ViewCheck.Int32(Y);
        return new((int)X, (int)Y);
    }

    /// <summary>The coordinates.</summary>
    public override string ToString() => $"({X}, {Y})";
}
