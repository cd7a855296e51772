namespace Cotangent.Kernels;

/// <summary>A one-dimensional index or extent of 32-bit coordinates (ILGPU's
/// <c>Index1D</c>). Arithmetic is by coordinate.</summary>
/// <param name="X">The coordinate.</param>
public readonly record struct Index1D(int X) : IIndex
{
    /// <summary>All coordinates 0.</summary>
    public static Index1D Zero => new(0);

    /// <summary>All coordinates 1.</summary>
    public static Index1D One => new(1);

    /// <summary>All coordinates −1: no index.</summary>
    public static Index1D Invalid => new(-1);

    /// <inheritdoc/>
    public IndexType IndexType => IndexType.Index1D;

    /// <summary>The number of elements of an extent.</summary>
    public int Size => X;

    /// <inheritdoc/>
    public long LongSize => X;

    /// <summary>True for the index whose coordinates are all 0.</summary>
    public bool IsFirst => X == 0;

    /// <summary>Wraps an integer.</summary>
    public static implicit operator Index1D(int x) => new(x);

    /// <summary>Unwraps to an integer.</summary>
    public static implicit operator int(Index1D index) => index.X;

    /// <summary>Sum.</summary>
    public static Index1D operator +(Index1D left, Index1D right) =>
        new(left.X + right.X);

    /// <summary>Difference.</summary>
    public static Index1D operator -(Index1D left, Index1D right) =>
        new(left.X - right.X);

    /// <summary>Product.</summary>
    public static Index1D operator *(Index1D left, Index1D right) =>
        new(left.X * right.X);

    /// <summary>Quotient.</summary>
    public static Index1D operator /(Index1D left, Index1D right) =>
        new(left.X / right.X);

    /// <summary>Sum.</summary>
    public static Index1D Add(Index1D first, Index1D second) => first + second;

    /// <summary>Difference.</summary>
    public static Index1D Subtract(Index1D first, Index1D second) => first - second;

    /// <summary>Product.</summary>
    public static Index1D Multiply(Index1D first, Index1D second) => first * second;

    /// <summary>Quotient.</summary>
    public static Index1D Divide(Index1D first, Index1D second) => first / second;

    /// <summary>The smaller coordinates.</summary>
    public static Index1D Min(Index1D first, Index1D second) =>
        new(Math.Min(first.X, second.X));

    /// <summary>The larger coordinates.</summary>
    public static Index1D Max(Index1D first, Index1D second) =>
        new(Math.Max(first.X, second.X));

    /// <summary>Each coordinate, brought between those of <paramref name="min"/> and <paramref name="max"/>.</summary>
    public static Index1D Clamp(Index1D value, Index1D min, Index1D max) => Max(Min(value, max), min);

    /// <summary>Sum with <paramref name="rhs"/>.</summary>
    public Index1D Add(Index1D rhs) => this + rhs;

    /// <summary>This less <paramref name="rhs"/>.</summary>
    public Index1D Subtract(Index1D rhs) => this - rhs;

    /// <summary>True if every coordinate is at least 0 and below that of <paramref name="dimension"/>.</summary>
    public bool InBounds(Index1D dimension) =>
        (uint)X < (uint)dimension.X;

    /// <summary>True if every coordinate is at least 0 and at most that of <paramref name="dimension"/>.</summary>
    public bool InBoundsInclusive(Index1D dimension) =>
        X >= 0 && X <= dimension.X;

    /// <summary>With 64-bit coordinates.</summary>
    public LongIndex1D ToLongIndex() => new(X);

    /// <summary>The coordinates.</summary>
    public override string ToString() => $"{X}";
}
