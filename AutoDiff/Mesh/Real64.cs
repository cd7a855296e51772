namespace Cotangent.AutoDiff.Mesh;

/// <summary>A plain double precision number: double as an <see cref="IReal{TSelf}"/>. Views of it are views of double.</summary>
public readonly struct Real64 : IReal<Real64, Real64>
{
    private readonly double _value;

    /// <summary>The number.</summary>
    public Real64(double value) => _value = value;

    /// <inheritdoc/>
    public Real64 Value => this;

    /// <summary>The number as C# has it.</summary>
    public static implicit operator double(Real64 x) => x._value;

    /// <summary>A C# number.</summary>
    public static implicit operator Real64(double x) => new(x);

    /// <inheritdoc/>
    public static Real64 operator -(Real64 x) => new(-x._value);

    /// <inheritdoc/>
    public static Real64 operator +(Real64 x, Real64 y) => new(x._value + y._value);

    /// <inheritdoc/>
    static Real64 IReal<Real64>.operator +(Real64 x, double c) => new(x._value + (double)c);

    /// <inheritdoc/>
    public static Real64 operator -(Real64 x, Real64 y) => new(x._value - y._value);

    /// <inheritdoc/>
    public static Real64 operator *(Real64 x, Real64 y) => new(x._value * y._value);

    /// <inheritdoc/>
    static Real64 IReal<Real64>.operator *(double c, Real64 x) => new((double)c * x._value);

    /// <inheritdoc/>
    public static Real64 operator /(Real64 x, Real64 y) => new(x._value / y._value);

    /// <inheritdoc/>
    public static bool operator <(Real64 x, Real64 y) => x._value < y._value;

    /// <inheritdoc/>
    public static bool operator >(Real64 x, Real64 y) => x._value > y._value;

    /// <inheritdoc/>
    public static Real64 From(double x) => new((double)x);

    /// <inheritdoc/>
    public static Real64 Variable(Real64 value, int index) => value;

    /// <inheritdoc/>
    public static Real64 Square(Real64 x) => new(x._value * x._value);

    /// <inheritdoc/>
    public static Real64 Sqrt(Real64 x) => new(Math.Sqrt(x._value));

    /// <inheritdoc/>
    public static Real64 Exp(Real64 x) => new(Math.Exp(x._value));

    /// <inheritdoc/>
    public static Real64 Log(Real64 x) => new(Math.Log(x._value));

    /// <inheritdoc/>
    public static Real64 Sin(Real64 x) => new(Math.Sin(x._value));

    /// <inheritdoc/>
    public static Real64 Cos(Real64 x) => new(Math.Cos(x._value));

    /// <inheritdoc/>
    public static Real64 Atan(Real64 x) => new(Math.Atan(x._value));

    /// <inheritdoc/>
    public static Real64 Abs(Real64 x) => new(Math.Abs(x._value));

    /// <inheritdoc/>
    public override string ToString() => _value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
