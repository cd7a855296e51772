using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent;

/// <summary>A key for random numbers: an explicit value. The same key gives the same numbers, on every device; split it
/// for independent ones, and use each key once.</summary>
/// <remarks>Threefry-2x32 as in JAX with partitionable keys (Salmon et al., SC 2011): keys, bits and uniforms are bit
/// for bit JAX's. Normals are JAX's formula, √2·erf⁻¹ of a uniform on (−1, 1), to rounding.</remarks>
/// <example><code>
/// var key = new RandomKey(42);
/// RandomKey[] keys = key.Split(2);
/// Tensor w = keys[0].Normal([784, 256]) * 0.02;
/// </code></example>
public sealed class RandomKey
{
    /// <summary>A key from a seed.</summary>
    public RandomKey(long seed, Device? device = null)
        : this(Tensor.From([(uint)((ulong)seed >> 32), (uint)seed], device))
    {
    }

    /// <summary>A key from its two words, UInt32 of shape [2]: one kept in a State or a checkpoint, say.</summary>
    public RandomKey(Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.DType != DType.UInt32 || value.Shape != [2])
            throw new ShapeMismatchException($"RandomKey: the value is {value.DType}{value.Shape}; it must be " +
                "UInt32[2].");

        Value = value;
    }

    /// <summary>The two words, UInt32 of shape [2].</summary>
    public Tensor Value { get; }

    /// <summary>Independent keys.</summary>
    public RandomKey[] Split(int count = 2)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return [.. Enumerable.Range(0, count).Select(i => Fold(i))];
    }

    /// <summary>The key with this number among those derived from this one (UInt32, or a C# number): one a step,
    /// say.</summary>
    public RandomKey Fold(Tensor number)
    {
        ArgumentNullException.ThrowIfNull(number);
        if (number.Rank != 0)
            throw new ShapeMismatchException($"RandomKey.Fold: the number has shape {number.Shape}; it must be a " +
                "scalar.");
        if (!number.DType.IsInteger())
            throw new DTypeMismatchException($"RandomKey.Fold: the number is {number.DType}; it must be an integer: numbers between two of them would give one key.");
        (Tensor first, Tensor second) = Words([], new Tensor(number.AsNode(DType.UInt32)));
        return new RandomKey(Tensor.Stack(0, first, second));
    }

    /// <summary>Uniform 32-bit words.</summary>
    public Tensor Bits(Shape shape)
    {
        (Tensor first, Tensor second) = Words(shape);
        return first ^ second;
    }

    /// <summary>Uniform on [0, 1): multiples of 2⁻²³ (Float32), 2⁻⁵² (Float64), 2⁻¹⁰ (Float16) or 2⁻⁷
    /// (BFloat16).</summary>
    public Tensor Uniform(Shape shape, DType dtype = DType.Float32)
    {
        // As many high bits as the significand holds, as an integer: its conversion to the float is exact, and so is
        // the power of two.
        const double unit = 1.0 / (1L << 32);
        switch (dtype)
        {
            case DType.Float32:
                return (Bits(shape) & 0xFFFFFE00L).Cast(dtype) * unit;
            case DType.Float16:
                return ((Bits(shape) & 0xFFC00000L).Cast(DType.Float32) * unit).Cast(dtype);
            case DType.BFloat16:
                return ((Bits(shape) & 0xFE000000L).Cast(DType.Float32) * unit).Cast(dtype);
            case DType.Float64:
                (Tensor high, Tensor low) = Words(shape);
                return high.Cast(dtype) * unit + (low & 0xFFFFF000L).Cast(dtype) * (unit * unit);
            default:
                throw NotFloating("Uniform", dtype);
        }
    }

    /// <summary>The standard normal distribution.</summary>
    public Tensor Normal(Shape shape, DType dtype = DType.Float32)
    {
        if (!dtype.IsFloat()) throw NotFloating("Normal", dtype);
        DType wide = dtype == DType.Float64 ? dtype : DType.Float32;
        double low = wide == DType.Float64 ? Math.BitIncrement(-1.0) : MathF.BitIncrement(-1f);
        Tensor uniform = Tensor.Maximum(Uniform(shape, wide) * 2 + low, low);
        return (InverseErf(uniform) * Math.Sqrt(2)).Cast(dtype);
    }

    /// <summary>Bool: true with probability <paramref name="probability"/>, which broadcasts to the shape.</summary>
    public Tensor Bernoulli(Tensor probability, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(probability);
        return Uniform(shape, Tensor.CommonDType(probability, Tensor.Scalar(0)).Floating()) < probability;
    }

    /// <summary>erf⁻¹ on (−1, 1): M. Giles, Approximating the erfinv function (2010), single precision; Float64 is
    /// refined by Newton steps.</summary>
    internal static Tensor InverseErf(Tensor x)
    {
        Tensor w = -(-x.Square()).Log1p(), isCentral = w < 5;
        Tensor t = Tensor.Where(isCentral, w - 2.5, w.Sqrt() - 3);
        ReadOnlySpan<double> central =
        [
            2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164,
            0.246640727, 1.50140941,
        ];
        ReadOnlySpan<double> tail =
        [
            -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
            1.00167406, 2.83297682,
        ];
        Tensor p = Tensor.Where(isCentral, Tensor.FullLike(x, central[0]), tail[0]);
        for (int i = 1; i < central.Length; i++)
            p = Tensor.Where(isCentral, Tensor.FullLike(x, central[i]), tail[i]) + p * t;
        Tensor y = p * x;
        for (int i = 0; i < 2 && x.DType == DType.Float64; i++)
            y -= (y.Erf() - x) * (y.Square().Exp() * (Math.Sqrt(Math.PI) / 2));
        return y;
    }

    /// <summary>The two words that Threefry makes of each counter: those of a shape count its elements in row-major
    /// order.</summary>
    private (Tensor First, Tensor Second) Words(Shape shape, Tensor? counter = null)
    {
        if (shape.Size > int.MaxValue)
            throw new ShapeMismatchException($"RandomKey: {shape} has more elements than one key numbers.");
        Node low = counter?.Node ?? Make.Reshape(Make.Iota([(int)shape.Size], 0, DType.UInt32), shape);
        Node[] inputs =
        [
            Make.Fill(Value[0].Node, shape), Make.Fill(Value[1].Node, shape), Make.Number(DType.UInt32, 0, shape), low,
        ];
        return (Tensor.Of(new Node(Ops.Threefry0, [.. inputs])), Tensor.Of(new Node(Ops.Threefry1, [.. inputs])));
    }

    private static DTypeMismatchException NotFloating(string op, DType dtype) =>
        new($"RandomKey.{op}: the dtype is {dtype}; it must be floating.");
}
