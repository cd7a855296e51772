namespace Cotangent.Kernels;

/// <summary>A one-dimensional index or extent (ILGPU's <c>Index1D</c>).</summary>
/// <param name="X">The coordinate.</param>
public readonly record struct Index1D(int X) : IIndex
{
    /// <summary>All coordinates 0.</summary>
    public static Index1D Zero => new(0);

    /// <summary>All coordinates 1.</summary>
    public static Index1D One => new(1);

    /// <summary>The number of elements of an extent.</summary>
    public int Size => X;

    /// <summary>True for the index whose coordinates are all 0.</summary>
    public bool IsFirst => X == 0;

    /// <summary>Wraps an integer.</summary>
    public static implicit operator Index1D(int x) => new(x);

    /// <summary>Unwraps to an integer.</summary>
    public static implicit operator int(Index1D index) => index.X;

    /// <summary>Sum.</summary>
    public static Index1D operator +(Index1D left, Index1D right) => new(left.X + right.X);

    /// <summary>Sum, where one side is a plain integer.</summary>
    public static Index1D operator +(Index1D left, int right) => new(left.X + right);

    /// <summary>Sum, where one side is a plain integer.</summary>
    public static Index1D operator +(int left, Index1D right) => new(left + right.X);

    /// <summary>Difference.</summary>
    public static Index1D operator -(Index1D left, Index1D right) => new(left.X - right.X);

    /// <summary>Difference, where one side is a plain integer.</summary>
    public static Index1D operator -(Index1D left, int right) => new(left.X - right);

    /// <summary>Difference, where one side is a plain integer.</summary>
    public static Index1D operator -(int left, Index1D right) => new(left - right.X);

    /// <summary>Product.</summary>
    public static Index1D operator *(Index1D left, Index1D right) => new(left.X * right.X);

    /// <summary>Product, where one side is a plain integer.</summary>
    public static Index1D operator *(Index1D left, int right) => new(left.X * right);

    /// <summary>Product, where one side is a plain integer.</summary>
    public static Index1D operator *(int left, Index1D right) => new(left * right.X);

    /// <summary>Quotient.</summary>
    public static Index1D operator /(Index1D left, Index1D right) => new(left.X / right.X);

    /// <summary>Quotient, where one side is a plain integer.</summary>
    public static Index1D operator /(Index1D left, int right) => new(left.X / right);

    /// <summary>Quotient, where one side is a plain integer.</summary>
    public static Index1D operator /(int left, Index1D right) => new(left / right.X);

    /// <summary>The smaller coordinates.</summary>
    public static Index1D Min(Index1D first, Index1D second) => new(Math.Min(first.X, second.X));

    /// <summary>The larger coordinates.</summary>
    public static Index1D Max(Index1D first, Index1D second) => new(Math.Max(first.X, second.X));

    /// <summary>True if every coordinate is at least 0 and below that of <paramref name="dimension"/>.</summary>
    public bool InBounds(Index1D dimension) =>
        (uint)X < (uint)dimension.X;
}
