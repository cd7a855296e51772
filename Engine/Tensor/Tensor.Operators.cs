using Cotangent.Graph;

namespace Cotangent;

// Operands broadcast and promote as NumPy's do; C# numbers are weak. Integer division and remainder are C#'s: towards
// zero.
public sealed partial class Tensor
{
    /// <summary>x + y, elementwise.</summary>
    public static Tensor operator +(Tensor x, Tensor y) => Binary(Ops.Add, x, y);

    /// <summary>x − y, elementwise.</summary>
    public static Tensor operator -(Tensor x, Tensor y) => Binary(Ops.Sub, x, y);

    /// <summary>x · y, elementwise (<see cref="MatMul(Tensor)"/> is the matrix product).</summary>
    public static Tensor operator *(Tensor x, Tensor y) => Binary(Ops.Mul, x, y);

    /// <summary>x / y, elementwise. Integers divide towards zero, as in C#; by zero they give 0.</summary>
    public static Tensor operator /(Tensor x, Tensor y) => Binary(Ops.Div, x, y);

    /// <summary>The remainder of x / y with the sign of x, as in C#; integers by zero give 0.</summary>
    public static Tensor operator %(Tensor x, Tensor y) => Binary(Ops.Rem, x, y);

    /// <summary>−x.</summary>
    public static Tensor operator -(Tensor x) => Of(Make.Neg(x.Node));

    /// <summary>Bitwise and; logical for Bool.</summary>
    public static Tensor operator &(Tensor x, Tensor y) => Binary(Ops.And, x, y);

    /// <summary>Bitwise or; logical for Bool.</summary>
    public static Tensor operator |(Tensor x, Tensor y) => Binary(Ops.Or, x, y);

    /// <summary>Bitwise exclusive or; logical for Bool.</summary>
    public static Tensor operator ^(Tensor x, Tensor y) => Binary(Ops.Xor, x, y);

    /// <summary>x · 2ʸ of integers, wrapped; 0 where y is negative or not less than the width.</summary>
    public static Tensor operator <<(Tensor x, Tensor y) => Binary(Ops.ShiftLeft, x, y);

    /// <summary>⌊x / 2ʸ⌋ of integers; where y is negative or not less than the width 0, or −1 if x is negative.</summary>
    public static Tensor operator >>(Tensor x, Tensor y) => Binary(Ops.ShiftRight, x, y);

    /// <summary>Bitwise complement; logical for Bool.</summary>
    public static Tensor operator ~(Tensor x) => Of(Make.Unary(Ops.Not, x.Node));

    /// <summary>Logical not of a Bool tensor.</summary>
    public static Tensor operator !(Tensor x) => x.DType == DType.Bool
        ? ~x
        : throw new DTypeMismatchException($"not: the dtype is {x.DType}; it must be Bool. Compare with something " +
            "first, or use ~ for bits.");

    /// <summary>Bool: x &lt; y, elementwise. False where either is NaN.</summary>
    public static Tensor operator <(Tensor x, Tensor y) => Binary(Ops.Less, x, y);

    /// <summary>Bool: x &gt; y, elementwise. False where either is NaN.</summary>
    public static Tensor operator >(Tensor x, Tensor y) => Binary(Ops.Less, y, x);

    /// <summary>Bool: x ≤ y, elementwise. False where either is NaN.</summary>
    public static Tensor operator <=(Tensor x, Tensor y) => Binary(Ops.LessEqual, x, y);

    /// <summary>Bool: x ≥ y, elementwise. False where either is NaN.</summary>
    public static Tensor operator >=(Tensor x, Tensor y) => Binary(Ops.LessEqual, y, x);

    /// <summary>Bool: this = y, elementwise. (== compares references, as for any object.)</summary>
    public Tensor Equal(Tensor y) => Binary(Ops.Equal, this, y);

    /// <summary>Bool: this ≠ y, elementwise. True where either is NaN.</summary>
    public Tensor NotEqual(Tensor y) => Binary(Ops.NotEqual, this, y);

    /// <summary>Bool: this &lt; y, elementwise.</summary>
    public Tensor Less(Tensor y) => this < y;

    /// <summary>Bool: this ≤ y, elementwise.</summary>
    public Tensor LessEqual(Tensor y) => this <= y;

    /// <summary>Bool: this &gt; y, elementwise.</summary>
    public Tensor Greater(Tensor y) => this > y;

    /// <summary>Bool: this ≥ y, elementwise.</summary>
    public Tensor GreaterEqual(Tensor y) => this >= y;

    /// <summary>The larger, elementwise; NaN wins.</summary>
    public static Tensor Maximum(Tensor x, Tensor y) => Binary(Ops.Max, x, y);

    /// <summary>The smaller, elementwise; NaN wins.</summary>
    public static Tensor Minimum(Tensor x, Tensor y) => Binary(Ops.Min, x, y);

    /// <summary>x where the condition (Bool) holds, else y; the three broadcast. The side not taken has no influence,
    /// NaN or not.</summary>
    public static Tensor Where(Tensor condition, Tensor x, Tensor y)
    {
        (Node left, Node right) = Broadcasting.Meet("where", x, y);
        Shape shape = Broadcasting.Join("where", condition.Shape, left.Shape);
        return Of(Make.Where(
            Broadcasting.To(condition.Node, shape), Broadcasting.To(left, shape), Broadcasting.To(right, shape)));
    }

    /// <summary>The dtype in which two operands meet.</summary>
    internal static DType CommonDType(Tensor x, Tensor y) => (x._weak, y._weak) switch
    {
        ({ } weak, null) => weak.Join(y.DType),
        (null, { } weak) => weak.Join(x.DType),
        _ => DTypes.Promote(x.DType, y.DType),
    };

    /// <summary>This as a node of a dtype; a weak number is converted exactly, not by way of its default
    /// dtype.</summary>
    internal Node AsNode(DType type) => _weak is { } weak ? weak.ToNode(type) : Make.Cast(Node, type);

    private static Tensor Binary(Op op, Tensor x, Tensor y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        (Node left, Node right) = Broadcasting.Meet(op.Name, x, y);
        return Of(Make.Binary(op, left, right));
    }
}
