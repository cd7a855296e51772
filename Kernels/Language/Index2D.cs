namespace Cotangent.Kernels;

/// <summary>A two-dimensional index or extent; X varies fastest over a launch (ILGPU's <c>Index2D</c>).</summary>
/// <param name="X">The fastest coordinate.</param>
/// <param name="Y">The slower coordinate.</param>
public readonly record struct Index2D(int X, int Y) : IIndex
{
    /// <summary>All coordinates 0.</summary>
    public static Index2D Zero => new(0, 0);

    /// <summary>All coordinates 1.</summary>
    public static Index2D One => new(1, 1);

    /// <summary>The number of elements of an extent.</summary>
    public int Size => X * Y;

    /// <summary>True for the index whose coordinates are all 0.</summary>
    public bool IsFirst => X == 0 && Y == 0;

    /// <summary>From a tuple.</summary>
    public static implicit operator Index2D((int X, int Y) index) => new(index.X, index.Y);

    /// <summary>Sum by coordinate.</summary>
    public static Index2D operator +(Index2D left, Index2D right) => new(left.X + right.X, left.Y + right.Y);

    /// <summary>Difference by coordinate.</summary>
    public static Index2D operator -(Index2D left, Index2D right) => new(left.X - right.X, left.Y - right.Y);

    /// <summary>Product by coordinate.</summary>
    public static Index2D operator *(Index2D left, Index2D right) => new(left.X * right.X, left.Y * right.Y);

    /// <summary>Quotient by coordinate.</summary>
    public static Index2D operator /(Index2D left, Index2D right) => new(left.X / right.X, left.Y / right.Y);

    /// <summary>The smaller coordinates.</summary>
    public static Index2D Min(Index2D first, Index2D second) => new(Math.Min(first.X, second.X), Math.Min(first.Y, second.Y));

    /// <summary>The larger coordinates.</summary>
    public static Index2D Max(Index2D first, Index2D second) => new(Math.Max(first.X, second.X), Math.Max(first.Y, second.Y));

    /// <summary>True if every coordinate is at least 0 and below that of <paramref name="dimension"/>.</summary>
    public bool InBounds(Index2D dimension) =>
        (uint)X < (uint)dimension.X && (uint)Y < (uint)dimension.Y;
}
