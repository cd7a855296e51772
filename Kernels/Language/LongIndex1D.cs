namespace Cotangent.Kernels;

/// <summary>A one-dimensional index or extent of 64-bit coordinates (ILGPU's
/// <c>LongIndex1D</c>). Arithmetic is by coordinate.</summary>
/// <remarks>It may lead a kernel's parameters; each extent of one launch is still at most 2³¹ − 1.</remarks>
/// <param name="X">The coordinate.</param>
public readonly record struct LongIndex1D(long X) : IIndex
{
    /// <summary>All coordinates 0.</summary>
    public static LongIndex1D Zero => new(0);

    /// <summary>All coordinates 1.</summary>
    public static LongIndex1D One => new(1);

    /// <summary>All coordinates −1: no index.</summary>
    public static LongIndex1D Invalid => new(-1);

    /// <inheritdoc/>
    public IndexType IndexType => IndexType.LongIndex1D;

    /// <summary>The number of elements of an extent.</summary>
    public long Size => X;

    /// <inheritdoc/>
    public long LongSize => X;

    /// <summary>True for the index whose coordinates are all 0.</summary>
    public bool IsFirst => X == 0;

    /// <summary>Wraps an integer.</summary>
    public static implicit operator LongIndex1D(long x) => new(x);

    /// <summary>Unwraps to an integer.</summary>
    public static implicit operator long(LongIndex1D index) => index.X;

    /// <summary>Wraps a 32-bit index.</summary>
    public static implicit operator LongIndex1D(Index1D index) => new(index.X);

    /// <summary>Narrows: as <see cref="ToIntIndex"/>.</summary>
    public static explicit operator Index1D(LongIndex1D index) => index.ToIntIndex();

    /// <summary>Sum.</summary>
    public static LongIndex1D operator +(LongIndex1D left, LongIndex1D right) =>
        new(left.X + right.X);

    /// <summary>Difference.</summary>
    public static LongIndex1D operator -(LongIndex1D left, LongIndex1D right) =>
        new(left.X - right.X);

    /// <summary>Product.</summary>
    public static LongIndex1D operator *(LongIndex1D left, LongIndex1D right) =>
        new(left.X * right.X);

    /// <summary>Quotient.</summary>
    public static LongIndex1D operator /(LongIndex1D left, LongIndex1D right) =>
        new(left.X / right.X);

    /// <summary>Sum.</summary>
    public static LongIndex1D Add(LongIndex1D first, LongIndex1D second) => first + second;

    /// <summary>Difference.</summary>
    public static LongIndex1D Subtract(LongIndex1D first, LongIndex1D second) => first - second;

    /// <summary>Product.</summary>
    public static LongIndex1D Multiply(LongIndex1D first, LongIndex1D second) => first * second;

    /// <summary>Quotient.</summary>
    public static LongIndex1D Divide(LongIndex1D first, LongIndex1D second) => first / second;

    /// <summary>The smaller coordinates.</summary>
    public static LongIndex1D Min(LongIndex1D first, LongIndex1D second) =>
        new(Math.Min(first.X, second.X));

    /// <summary>The larger coordinates.</summary>
    public static LongIndex1D Max(LongIndex1D first, LongIndex1D second) =>
        new(Math.Max(first.X, second.X));

    /// <summary>Each coordinate, brought between those of <paramref name="min"/> and <paramref name="max"/>.</summary>
    public static LongIndex1D Clamp(LongIndex1D value, LongIndex1D min, LongIndex1D max) => Max(Min(value, max), min);

    /// <summary>Sum with <paramref name="rhs"/>.</summary>
    public LongIndex1D Add(LongIndex1D rhs) => this + rhs;

    /// <summary>This less <paramref name="rhs"/>.</summary>
    public LongIndex1D Subtract(LongIndex1D rhs) => this - rhs;

    /// <summary>True if every coordinate is at least 0 and below that of <paramref name="dimension"/>.</summary>
    public bool InBounds(LongIndex1D dimension) =>
        (ulong)X < (ulong)dimension.X;

    /// <summary>True if every coordinate is at least 0 and at most that of <paramref name="dimension"/>.</summary>
    public bool InBoundsInclusive(LongIndex1D dimension) =>
        X >= 0 && X <= dimension.X;

    /// <summary>With 32-bit coordinates.</summary>
    /// <exception cref="OverflowException">On the host and Device.Debug: a coordinate needs more.</exception>
    public Index1D ToIntIndex()
    {
        ViewCheck.Int32(X);
        return new((int)X);
    }

    /// <summary>The coordinates.</summary>
    public override string ToString() => $"{X}";
}
