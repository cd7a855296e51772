namespace Cotangent.AutoDiff.Mesh;

/// <summary>A plain single precision number: float as an <see cref="IReal{TSelf}"/>. Views of it are views of float.</summary>
public readonly struct Real32 : IReal<Real32, Real32>
{
    private readonly float _value;

    /// <summary>The number.</summary>
    public Real32(float value) => _value = value;

    /// <inheritdoc/>
    public Real32 Value => this;

    /// <summary>The number as C# has it.</summary>
    public static implicit operator float(Real32 x) => x._value;

    /// <summary>A C# number.</summary>
    public static implicit operator Real32(float x) => new(x);

    /// <inheritdoc/>
    public static Real32 operator -(Real32 x) => new(-x._value);

    /// <inheritdoc/>
    public static Real32 operator +(Real32 x, Real32 y) => new(x._value + y._value);

    /// <inheritdoc/>
    static Real32 IReal<Real32>.operator +(Real32 x, double c) => new(x._value + (float)c);

    /// <inheritdoc/>
    public static Real32 operator -(Real32 x, Real32 y) => new(x._value - y._value);

    /// <inheritdoc/>
    public static Real32 operator *(Real32 x, Real32 y) => new(x._value * y._value);

    /// <inheritdoc/>
    static Real32 IReal<Real32>.operator *(double c, Real32 x) => new((float)c * x._value);

    /// <inheritdoc/>
    public static Real32 operator /(Real32 x, Real32 y) => new(x._value / y._value);

    /// <inheritdoc/>
    public static bool operator <(Real32 x, Real32 y) => x._value < y._value;

    /// <inheritdoc/>
    public static bool operator >(Real32 x, Real32 y) => x._value > y._value;

    /// <inheritdoc/>
    public static Real32 From(double x) => new((float)x);

    /// <inheritdoc/>
    public static Real32 Variable(Real32 value, int index) => value;

    /// <inheritdoc/>
    public static Real32 Square(Real32 x) => new(x._value * x._value);

    /// <inheritdoc/>
    public static Real32 Sqrt(Real32 x) => new(MathF.Sqrt(x._value));

    /// <inheritdoc/>
    public static Real32 Exp(Real32 x) => new(MathF.Exp(x._value));

    /// <inheritdoc/>
    public static Real32 Log(Real32 x) => new(MathF.Log(x._value));

    /// <inheritdoc/>
    public static Real32 Sin(Real32 x) => new(MathF.Sin(x._value));

    /// <inheritdoc/>
    public static Real32 Cos(Real32 x) => new(MathF.Cos(x._value));

    /// <inheritdoc/>
    public static Real32 Atan(Real32 x) => new(MathF.Atan(x._value));

    /// <inheritdoc/>
    public static Real32 Abs(Real32 x) => new(MathF.Abs(x._value));

    /// <inheritdoc/>
    public override string ToString() => _value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
