namespace Cotangent.Kernels;

/// <summary>A two-dimensional index or extent of 32-bit coordinates; X varies fastest over a launch (ILGPU's
/// <c>Index2D</c>). Arithmetic is by coordinate.</summary>
/// <param name="X">The fast coordinate.</param>
/// <param name="Y">The slow coordinate.</param>
public readonly record struct Index2D(int X, int Y) : IIndex
{
    /// <summary>All coordinates 0.</summary>
    public static Index2D Zero => new(0, 0);

    /// <summary>All coordinates 1.</summary>
    public static Index2D One => new(1, 1);

    /// <summary>All coordinates −1: no index.</summary>
    public static Index2D Invalid => new(-1, -1);

    /// <inheritdoc/>
    public IndexType IndexType => IndexType.Index2D;

    /// <summary>The number of elements of an extent. Wraps beyond 2³¹ − 1: see <see cref="LongSize"/>.</summary>
    public int Size => X * Y;

    /// <inheritdoc/>
    public long LongSize => (long)X * Y;

    /// <summary>True for the index whose coordinates are all 0.</summary>
    public bool IsFirst => X == 0 && Y == 0;

    /// <summary>From a tuple.</summary>
    public static implicit operator Index2D((int X, int Y) index) => new(index.X, index.Y);

    /// <summary>Sum by coordinate.</summary>
    public static Index2D operator +(Index2D left, Index2D right) =>
        new(left.X + right.X, left.Y + right.Y);

    /// <summary>Difference by coordinate.</summary>
    public static Index2D operator -(Index2D left, Index2D right) =>
        new(left.X - right.X, left.Y - right.Y);

    /// <summary>Product by coordinate.</summary>
    public static Index2D operator *(Index2D left, Index2D right) =>
        new(left.X * right.X, left.Y * right.Y);

    /// <summary>Quotient by coordinate.</summary>
    public static Index2D operator /(Index2D left, Index2D right) =>
        new(left.X / right.X, left.Y / right.Y);

    /// <summary>Sum by coordinate.</summary>
    public static Index2D Add(Index2D first, Index2D second) => first + second;

    /// <summary>Difference by coordinate.</summary>
    public static Index2D Subtract(Index2D first, Index2D second) => first - second;

    /// <summary>Product by coordinate.</summary>
    public static Index2D Multiply(Index2D first, Index2D second) => first * second;

    /// <summary>Quotient by coordinate.</summary>
    public static Index2D Divide(Index2D first, Index2D second) => first / second;

    /// <summary>The smaller coordinates.</summary>
    public static Index2D Min(Index2D first, Index2D second) =>
        new(Math.Min(first.X, second.X), Math.Min(first.Y, second.Y));

    /// <summary>The larger coordinates.</summary>
    public static Index2D Max(Index2D first, Index2D second) =>
        new(Math.Max(first.X, second.X), Math.Max(first.Y, second.Y));

    /// <summary>Each coordinate, brought between those of <paramref name="min"/> and <paramref name="max"/>.</summary>
    public static Index2D Clamp(Index2D value, Index2D min, Index2D max) => Max(Min(value, max), min);

    /// <summary>Sum with <paramref name="rhs"/>.</summary>
    public Index2D Add(Index2D rhs) => this + rhs;

    /// <summary>This less <paramref name="rhs"/>.</summary>
    public Index2D Subtract(Index2D rhs) => this - rhs;

    /// <summary>True if every coordinate is at least 0 and below that of <paramref name="dimension"/>.</summary>
    public bool InBounds(Index2D dimension) =>
        (uint)X < (uint)dimension.X && (uint)Y < (uint)dimension.Y;

    /// <summary>True if every coordinate is at least 0 and at most that of <paramref name="dimension"/>.</summary>
    public bool InBoundsInclusive(Index2D dimension) =>
        X >= 0 && X <= dimension.X && Y >= 0 && Y <= dimension.Y;

    /// <summary>With 64-bit coordinates.</summary>
    public LongIndex2D ToLongIndex() => new(X, Y);

    /// <summary>As a tuple.</summary>
    public (int X, int Y) ToValueTuple() => (X, Y);

    /// <summary>The coordinates.</summary>
    public override string ToString() => $"({X}, {Y})";
}
