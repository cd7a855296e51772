using Cotangent.Graph;

namespace Cotangent;

// Functions of one element. Integers and Bool are computed in Float32 (Int64 in Float64); half types in Float32,
// rounded once.
public sealed partial class Tensor
{
    /// <summary>eˣ.</summary>
    public Tensor Exp() => Function(Ops.Exp);

    /// <summary>eˣ − 1, accurate near 0.</summary>
    public Tensor Expm1() => Function(Ops.Expm1);

    /// <summary>The natural logarithm; −∞ at 0, NaN below.</summary>
    public Tensor Log() => Function(Ops.Log);

    /// <summary>ln(1 + x), accurate near 0.</summary>
    public Tensor Log1p() => Function(Ops.Log1p);

    /// <summary>√x, correctly rounded; NaN below 0.</summary>
    public Tensor Sqrt() => Function(Ops.Sqrt);

    /// <summary>1/√x; +∞ at 0.</summary>
    public Tensor Rsqrt() => 1 / Sqrt();

    /// <summary>sin x, in radians.</summary>
    public Tensor Sin() => Function(Ops.Sin);

    /// <summary>cos x, in radians.</summary>
    public Tensor Cos() => Function(Ops.Cos);

    /// <summary>tan x, in radians.</summary>
    public Tensor Tan() => Function(Ops.Tan);

    /// <summary>The inverse tangent, in (−π/2, π/2).</summary>
    public Tensor Atan() => Function(Ops.Atan);

    /// <summary>The hyperbolic tangent.</summary>
    public Tensor Tanh() => Function(Ops.Tanh);

    /// <summary>The error function 2/√π ∫₀ˣ e^(−t²) dt.</summary>
    public Tensor Erf() => Function(Ops.Erf);

    /// <summary>|x|; the derivative at 0 is 0.</summary>
    public Tensor Abs() => Of(Make.Unary(Ops.Abs, Node));

    /// <summary>−1, 0 or 1; NaN stays. The derivative is 0.</summary>
    public Tensor Sign() => Of(Make.Unary(Ops.Sign, Node));

    /// <summary>The largest integer not above x.</summary>
    public Tensor Floor() => Rounding(Ops.Floor);

    /// <summary>The smallest integer not below x.</summary>
    public Tensor Ceil() => Rounding(Ops.Ceil);

    /// <summary>The integer part, towards zero.</summary>
    public Tensor Truncate() => Rounding(Ops.Truncate);

    /// <summary>The nearest integer, halves to even.</summary>
    public Tensor Round() => Rounding(Ops.Round);

    /// <summary>x².</summary>
    public Tensor Square() => this * this;

    /// <summary>x to the power y, elementwise. Small whole C# exponents are products, which is exact for integers;
    /// otherwise integers are computed as floats.</summary>
    public Tensor Pow(Tensor y)
    {
        ArgumentNullException.ThrowIfNull(y);
        if (y._weak is { } weak && weak.Real is >= 0 and <= 8 && weak.Real == Math.Floor(weak.Real))
        {
            Tensor x = weak.IsInteger ? this : Cast(weak.Join(DType));
            return Power(x, (int)weak.Real);
        }

        (Node left, Node right) = Broadcasting.Meet("pow", this, y, DTypes.Floating);
        return Of(Make.Binary(Ops.Pow, left, right));
    }

    /// <summary>1 / (1 + e⁻ˣ), accurate in both tails.</summary>
    public Tensor Sigmoid()
    {
        // Of the two equal forms, each side takes the one whose exponential cannot overflow. Where instead of |x|: the
        // derivative at 0 must be that of either side, not abs's 0.
        Tensor x = AsFloat(), positive = x >= 0, e = Where(positive, -x, x).Exp(), r = 1 / (1 + e);
        return Where(positive, r, e * r);
    }

    /// <summary>max(x, 0); NaN stays, −0 becomes 0, the derivative at 0 is 0.</summary>
    public Tensor Relu() => Where(this <= 0, 0, this);

    /// <summary>x · sigmoid(x), also called swish.</summary>
    public Tensor Silu() => AsFloat() * Sigmoid();

    /// <summary>x · Φ(x), Φ the normal distribution function: exactly, by erf, or by the usual tanh
    /// approximation.</summary>
    public Tensor Gelu(bool approximate = false)
    {
        Tensor x = AsFloat();
        Tensor twicePhi = approximate
            ? 1 + (Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x.Pow(3))).Tanh()
            : 1 + (x * Math.Sqrt(0.5)).Erf();
        return 0.5 * x * twicePhi;
    }

    /// <summary>Bool: whether x is NaN.</summary>
    public Tensor IsNaN() => NotEqual(this);

    /// <summary>Bool: whether x is neither NaN nor infinite.</summary>
    public Tensor IsFinite() => AsFloat().Abs() < double.PositiveInfinity;

    /// <summary>x limited to low … high; NaN stays. The derivative by x is 1 from bound to bound, both included, and 0 outside.</summary>
    public Tensor Clamp(Tensor low, Tensor high)
    {
        ArgumentNullException.ThrowIfNull(low);
        ArgumentNullException.ThrowIfNull(high);
        Tensor above = Where(this < low, low, this);
        return Where(above > high, high, above);
    }

    /// <summary>The same numbers in another dtype. Float to integer truncates and saturates, NaN gives 0; integers
    /// wrap; to Bool is x ≠ 0.</summary>
    public Tensor Cast(DType type) => type == DType ? this : Of(AsNode(type));

    /// <summary>The same value, taken as a constant by derivatives.</summary>
    public Tensor StopGradient() => Of(Make.Unary(Ops.StopGradient, Node));

    /// <summary>The same value under a name: by it a checkpoint policy keeps the value instead of computing it again, and reports of
    /// memory say what they count.</summary>
    public Tensor Named(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Of(new Node(Ops.Named, [Node], new NameAttributes(name)));
    }

    internal Tensor AsFloat() => Cast(DType.Floating());

    private Tensor Function(Op op) => Of(Make.Unary(op, AsNode(DType.Floating())));

    private Tensor Rounding(Op op) => DType.IsInteger() ? this : Function(op);

    private static Tensor Power(Tensor x, int n) => n switch
    {
        0 => OnesLike(x),
        1 => x,
        _ when n % 2 == 0 => Power(x * x, n / 2),
        _ => x * Power(x * x, n / 2),
    };
}
