using Cotangent.Kernels.Ir;

namespace Cotangent.Graph;

// Each op in one statement: name, the float64 meaning of an element, the IR of an element. Inputs have equal shapes (Tensor's
// operators insert expands) and, but for Where, Cast and Threefry, equal dtypes.
internal static partial class Ops
{
    public static readonly Op Neg = Arithmetic("neg", x => -x, Opcode.Neg);
    public static readonly Op Abs = Arithmetic("abs", Math.Abs, Opcode.Abs);
    public static readonly Op Not = new("not", OpKind.Elementwise)
    {
        Infer = (x, _) => (x[0].Shape, Require(x, "not", t => !t.IsFloat(), "bool or integer")),
        Element = (n, x) => n.DType == DType.Bool ? (x[0] == 0 ? 1 : 0) : Integer(n, ~(long)x[0]),
        Emit = (n, b, x) => Narrow(n, b, b.Unary(Opcode.Not, x[0])),
    };

    public static readonly Op Sqrt = Float("sqrt", Math.Sqrt, (b, x) => b.Unary(Opcode.Sqrt, x));
    public static readonly Op Floor = Float("floor", Math.Floor, (b, x) => b.Unary(Opcode.Floor, x));
    public static readonly Op Ceil = Float("ceil", Math.Ceiling, (b, x) => b.Unary(Opcode.Ceil, x));
    public static readonly Op Truncate = Float("truncate", Math.Truncate, (b, x) => b.Unary(Opcode.Truncate, x));
    public static readonly Op Round = Float("round", Math.Round, (b, x) => b.Unary(Opcode.Round, x));
    public static readonly Op Exp = Float("exp", Math.Exp, MathFunction.Exp);
    public static readonly Op Expm1 = Float("expm1", XMathOracle.Expm1, MathFunction.Expm1);
    public static readonly Op Log = Float("log", Math.Log, MathFunction.Log);
    public static readonly Op Log1p = Float("log1p", XMathOracle.Log1p, MathFunction.Log1p);
    public static readonly Op Sin = Float("sin", Math.Sin, MathFunction.Sin);
    public static readonly Op Cos = Float("cos", Math.Cos, MathFunction.Cos);
    public static readonly Op Tan = Float("tan", Math.Tan, MathFunction.Tan);
    public static readonly Op Atan = Float("atan", Math.Atan, MathFunction.Atan);
    public static readonly Op Tanh = Float("tanh", Math.Tanh, MathFunction.Tanh);
    public static readonly Op Erf = Float("erf", XMathOracle.Erf, MathFunction.Erf);

    /// <summary>−1, 0 or 1; NaN stays NaN, ±0 gives 0.</summary>
    public static readonly Op Sign = new("sign", OpKind.Elementwise)
    {
        Infer = (x, _) => (x[0].Shape, Require(x, "sign", t => t != DType.Bool, "a number")),
        Element = (_, x) => double.IsNaN(x[0]) ? double.NaN : Math.Sign(x[0]),
        Emit = (_, b, x) =>
        {
            ScalarType type = x[0].Type.Scalar;
            Constant zero = Constant.Of(type, 0), one = Constant.Of(type, 1);
            Value positive = b.Compare(Opcode.Greater, x[0], zero);
            Value rest = b.Select(b.Compare(Opcode.Equal, x[0], zero), zero, x[0].Type.IsFloat || type.IsSigned()
                ? b.Select(b.Compare(Opcode.Less, x[0], zero), Constant.Of(type, -1), x[0])
                : x[0]);
            return b.Select(positive, one, rest);
        },
    };

    public static readonly Op Add = Arithmetic("add", (x, y) => x + y, (x, y) => x + y, Opcode.Add);
    public static readonly Op Sub = Arithmetic("sub", (x, y) => x - y, (x, y) => x - y, Opcode.Sub);
    public static readonly Op Mul = Arithmetic("mul", (x, y) => x * y, (x, y) => x * y, Opcode.Mul);

    /// <summary>Floats: IEEE. Integers: towards zero; by zero 0, and MinValue / −1 wraps.</summary>
    public static readonly Op Div = Arithmetic("div", (x, y) => x / y, (x, y) => y == 0 ? 0 : y == -1 ? -x : x / y, Opcode.Div);

    /// <summary>The remainder with the sign of the dividend, C#'s %; of integers by zero 0.</summary>
    public static readonly Op Rem = Arithmetic("rem", (x, y) => x % y, (x, y) => y is 0 or -1 ? 0 : x % y, Opcode.Rem);
    public static readonly Op Max = Arithmetic("max", Math.Max, Math.Max, Opcode.Max);
    public static readonly Op Min = Arithmetic("min", Math.Min, Math.Min, Opcode.Min);
    public static readonly Op Pow = new("pow", OpKind.Elementwise)
    {
        Infer = (x, _) => (SameShape("pow", x), Require(x, "pow", t => t.IsFloat(), "floating")),
        Element = (_, x) => Math.Pow(x[0], x[1]),
        Emit = (_, b, x) => b.Call(MathFunction.Pow, x[0], x[1]),
    };

    public static readonly Op And = Bitwise("and", (x, y) => x & y, Opcode.And);
    public static readonly Op Or = Bitwise("or", (x, y) => x | y, Opcode.Or);
    public static readonly Op Xor = Bitwise("xor", (x, y) => x ^ y, Opcode.Xor);

    /// <summary>x·2ʸ, wrapped; 0 for y &lt; 0 or beyond the width (NumPy's).</summary>
    public static readonly Op ShiftLeft = Shift("shift_left", (x, y) => x << y, Opcode.ShiftLeft);

    /// <summary>⌊x / 2ʸ⌋; 0 for y &lt; 0 or beyond the width, −1 if x is negative.</summary>
    public static readonly Op ShiftRight = Shift("shift_right", (x, y) => x >> y, Opcode.ShiftRight);

    public static readonly Op Equal = Compare("equal", (x, y) => x == y, Opcode.Equal);
    public static readonly Op NotEqual = Compare("not_equal", (x, y) => x != y, Opcode.NotEqual);
    public static readonly Op Less = Compare("less", (x, y) => x < y, Opcode.Less);
    public static readonly Op LessEqual = Compare("less_equal", (x, y) => x <= y, Opcode.LessEqual);

    /// <summary>condition ? x : y. No arithmetic: NaN in the side not taken does not matter.</summary>
    public static readonly Op Where = new("where", OpKind.Elementwise)
    {
        Infer = (x, _) => x[0].DType != DType.Bool
            ? throw new DTypeMismatchException($"where: the condition is {x[0].DType}; it must be Bool. Compare it with something first.")
            : (SameShape("where", x), Require([x[1], x[2]], "where", _ => true, "any")),
        Element = (_, x) => x[0] != 0 ? x[1] : x[2],
        Emit = (_, b, x) => b.Select(x[0], x[1], x[2]),
    };

    /// <summary>Numeric conversion. Float to integer truncates and saturates, NaN gives 0; integers wrap; to Bool is x ≠ 0.</summary>
    public static readonly Op Cast = new("cast", OpKind.Elementwise)
    {
        Infer = (x, a) => (x[0].Shape, ((DTypeAttributes)a!).DType),
        Element = (n, x) => Convert(n.DType, x[0], n.Inputs[0].DType.IsFloat()),
        Emit = (n, b, x) => n.DType switch
        {
            DType.UInt8 => n.Inputs[0].DType.IsFloat()
                ? b.Convert(b.Convert(x[0], ScalarType.UInt8), ScalarType.UInt32)
                : b.Binary(Opcode.And, b.Convert(x[0], ScalarType.UInt32), Constant.Of(255u)),
            DType.Float16 or DType.BFloat16 => b.Convert(b.Convert(b.Convert(x[0], ScalarType.Float32), n.DType.Scalar()), ScalarType.Float32),
            _ => b.Convert(x[0], n.DType.Compute()),
        },
    };

    /// <summary>The first output word of Threefry-2x32 with 20 rounds: inputs key 0, key 1, counter 0, counter 1, all UInt32
    /// (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011).</summary>
    public static readonly Op Threefry0 = RandomWord("threefry0", 0);

    /// <summary>The second output word, see <see cref="Threefry0"/>.</summary>
    public static readonly Op Threefry1 = RandomWord("threefry1", 1);

    /// <summary>The same value with derivative zero.</summary>
    public static readonly Op StopGradient = new("stop_gradient", OpKind.Elementwise)
    {
        Infer = (x, _) => (x[0].Shape, x[0].DType),
        Element = (_, x) => x[0],
        Emit = (_, _, x) => x[0],
    };

    /// <summary>A float64 number as an element of a dtype, the way Cast does it.</summary>
    internal static double Convert(DType type, double x, bool fromFloat = true) => type switch
    {
        DType.Bool => x != 0 ? 1 : 0,
        DType.UInt8 => fromFloat ? (byte)Math.Clamp(double.IsNaN(x) ? 0 : x, 0, 255) : (byte)(long)x,
        DType.Int32 => fromFloat ? (int)x : (int)(long)x,
        DType.UInt32 => fromFloat ? (uint)x : (uint)(long)x,
        DType.Int64 => (long)x,
        DType.Float32 => (float)x,
        DType.Float16 => (double)(Half)(float)x,
        DType.BFloat16 => BFloat16Bits.Round((float)x),
        _ => x,
    };

    private static Op Arithmetic(string name, Func<double, double> element, Opcode opcode) => new(name, OpKind.Elementwise)
    {
        Infer = (x, _) => (x[0].Shape, Require(x, name, t => t != DType.Bool, "a number")),
        Element = (n, x) => n.DType.IsFloat() ? element(x[0]) : Integer(n, (long)element(x[0])),
        Emit = (n, b, x) => Narrow(n, b, b.Unary(opcode, x[0])),
    };

    private static Op Arithmetic(string name, Func<double, double, double> element, Func<long, long, long> integer, Opcode opcode) =>
        new(name, OpKind.Elementwise)
        {
            Infer = (x, _) => (SameShape(name, x), Require(x, name, t => t != DType.Bool, "a number")),
            Element = (n, x) => n.DType.IsFloat() ? element(x[0], x[1]) : Integer(n, integer((long)x[0], (long)x[1])),
            Emit = (n, b, x) => opcode is Opcode.Div or Opcode.Rem && !n.DType.IsFloat()
                ? b.Select(b.Compare(Opcode.Equal, x[1], Constant.Of(x[1].Type.Scalar, 0)), Constant.Of(x[0].Type.Scalar, 0), b.Binary(opcode, x[0], x[1]))
                : Narrow(n, b, b.Binary(opcode, x[0], x[1])),
        };

    private static Op Float(string name, Func<double, double> element, MathFunction function) =>
        Float(name, element, (b, x) => b.Call(function, x));

    private static Op Float(string name, Func<double, double> element, Func<Builder, Value, Value> emit) => new(name, OpKind.Elementwise)
    {
        Infer = (x, _) => (x[0].Shape, Require(x, name, t => t.IsFloat(), "floating")),
        Element = (_, x) => element(x[0]),
        Emit = (_, b, x) => emit(b, x[0]),
    };

    private static Op Bitwise(string name, Func<long, long, long> element, Opcode opcode) => new(name, OpKind.Elementwise)
    {
        Infer = (x, _) => (SameShape(name, x), Require(x, name, t => !t.IsFloat(), "bool or integer")),
        Element = (n, x) => Integer(n, element((long)x[0], (long)x[1])),
        Emit = (_, b, x) => b.Binary(opcode, x[0], x[1]),
    };

    private static Op Shift(string name, Func<long, int, long> element, Opcode opcode) => new(name, OpKind.Elementwise)
    {
        Infer = (x, _) => (SameShape(name, x), Require(x, name, t => t.IsInteger(), "an integer")),
        Element = (n, x) => x[1] >= 0 && x[1] < 8 * n.DType.Size() ? Integer(n, element((long)x[0], (int)x[1]))
            : opcode == Opcode.ShiftRight && x[0] < 0 ? -1 : 0,
        Emit = (n, b, x) =>
        {
            // The instruction takes the amount modulo the width.
            ScalarType type = x[0].Type.Scalar;
            int width = 8 * n.DType.Size();
            Value inside = b.Compare(Opcode.Less, x[1], Constant.Of(type, width));
            if (type.IsSigned()) inside = b.Binary(Opcode.And, inside, b.Compare(Opcode.GreaterEqual, x[1], Constant.Of(type, 0)));
            Value shifted = Narrow(n, b, b.Binary(opcode, x[0], b.Convert(x[1], ScalarType.Int32)));
            Value beyond = opcode == Opcode.ShiftRight && type.IsSigned() ? b.Binary(opcode, x[0], Constant.Of(width - 1)) : Constant.Of(type, 0);
            return b.Select(inside, shifted, beyond);
        },
    };

    private static Op Compare(string name, Func<double, double, bool> element, Opcode opcode) => new(name, OpKind.Elementwise)
    {
        Infer = (x, _) =>
        {
            Shape shape = SameShape(name, x);
            Require(x, name, t => t != DType.Bool || opcode is Opcode.Equal or Opcode.NotEqual, "a number");
            return (shape, DType.Bool);
        },
        Element = (_, x) => element(x[0], x[1]) ? 1 : 0,
        Emit = (_, b, x) => x[0].Type.IsBool
            ? opcode == Opcode.Equal ? b.Unary(Opcode.Not, b.Binary(Opcode.Xor, x[0], x[1])) : b.Binary(Opcode.Xor, x[0], x[1])
            : b.Compare(opcode, x[0], x[1]),
    };

    private static Op RandomWord(string name, int word) => new(name, OpKind.Elementwise)
    {
        Infer = (x, _) => (SameShape(name, x), Require(x, name, t => t == DType.UInt32, "UInt32")),
        Element = (_, x) => Threefry.Block((uint)x[0], (uint)x[1], (uint)x[2], (uint)x[3])[word],
        Emit = (_, b, x) => Threefry.Emit(b, x[0], x[1], x[2], x[3])[word],
    };

    /// <summary>A result of integer arithmetic wrapped to the node's dtype.</summary>
    private static double Integer(Node n, long x) => n.DType switch
    {
        DType.Bool => x & 1,
        DType.UInt8 => (byte)x,
        DType.Int32 => (int)x,
        DType.UInt32 => (uint)x,
        _ => x,
    };

    /// <summary>After an operation in a wider compute type: UInt8 wraps to its width. The half types round when they are stored.</summary>
    private static Value Narrow(Node n, Builder b, Value x) => n.DType switch
    {
        DType.UInt8 => b.Binary(Opcode.And, x, Constant.Of(255u)),
        _ => x,
    };

    private static Shape SameShape(string op, IReadOnlyList<Node> inputs)
    {
        for (int i = 1; i < inputs.Count; i++)
        {
            if (inputs[i].Shape != inputs[0].Shape)
            {
                throw new ShapeMismatchException($"{op}: shapes {inputs[0].Shape} and {inputs[i].Shape} differ.");
            }
        }

        return inputs[0].Shape;
    }

    private static DType Require(IReadOnlyList<Node> inputs, string op, Func<DType, bool> allowed, string expected)
    {
        DType type = inputs[0].DType;
        foreach (Node input in inputs)
        {
            if (input.DType != type) throw new DTypeMismatchException($"{op}: dtypes {type} and {input.DType} differ. Cast one of them.");
        }

        return allowed(type)
            ? type
            : throw new DTypeMismatchException($"{op}: the dtype is {type}; it must be {expected}. Cast the operand first.");
    }
}
