using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>Arithmetic, logic and comparisons.</summary>
internal sealed partial class PtxPrinter
{
    /// <summary>Prints an instruction and returns the register of its result, if it has one.</summary>
    private string? Print(Instruction i)
    {
        switch (i.Opcode)
        {
            case Opcode.Store:
                Store(i);
                return null;
            case Opcode.Barrier:
                _text.Emit("bar.sync 0");
                return null;
            case Opcode.Fence:
                _text.Emit($"membar.{(i.Scope switch { MemoryScope.Group => "cta", MemoryScope.Device => "gl", _ => "sys" })}");
                return null;
            case Opcode.AsyncCopy or Opcode.AsyncCommit or Opcode.AsyncWait:
                PrintAsync(i);
                return null;
            case Opcode.MatrixMultiplyAdd:
                return MultiplyMatrices(i);
            case Opcode.RoundTf32:
                return _text.Compute("f32", "mov.b32", _text.Compute("b32", "cvt.rna.tf32.f32", Register(i.Operands[0])));
            case Opcode.Allocate:
                return Allocate(i);
            case Opcode.Load:
                return Load(i);
            case Opcode.DynamicShared:
                return DynamicShared();
            case Opcode.DynamicSharedSize:
                return DynamicSharedSize();
            case Opcode.PointerAdd:
                return PointerAdd(i);
            case Opcode.PointerCast:
                return Register(i.Operands[0]);
            case Opcode.Convert:
                return Convert(i.Operands[0].Type.Scalar, i.Type.Scalar, Register(i.Operands[0]));
            case Opcode.BitCast:
                return BitCast(i.Operands[0].Type.Scalar, i.Type.Scalar, Register(i.Operands[0]));
            case >= Opcode.GlobalIndex and <= Opcode.GridExtent:
                return Position(i);
            case >= Opcode.GroupAdd and <= Opcode.WarpShuffle:
                return GroupOperation(i);
            default:
                return i.Opcode.IsAtomic() ? Atomic(i) : Compute(i);
        }
    }

    private string Compute(Instruction i)
    {
        if (WideFactors(i) is var (left, right))
        {
            string wide = left.Type.Scalar.IsSigned() ? "mul.wide.s32" : "mul.wide.u32";
            return _text.Compute("b64", wide, Register(left), right is Constant factor ? $"{factor.AsInteger}" : Register(right));
        }

        ScalarType type = i.Operands[0].Type.Scalar;
        string register = PtxTypes.Register(i.Type);
        switch (i.Opcode)
        {
            case <= Opcode.LeadingZeros:
                return Unary(i.Opcode, i.Type, Register(i.Operands[0]));
            case Opcode.Div or Opcode.Rem when i.Type.IsInteger:
                return Divide(i);
            case Opcode.ShiftLeft:
                return _text.Compute(register, $"shl.{PtxTypes.Bits(type)}", Register(i.Operands[0]), ShiftAmount(i));
            case Opcode.ShiftRight:
                return _text.Compute(register, $"shr.{PtxTypes.Arithmetic(type)}", Register(i.Operands[0]), ShiftAmount(i));
            case <= Opcode.MulHigh:
                return Binary(i.Opcode, i.Type.Scalar, Register(i.Operands[0]), i.Type.IsBool ? Register(i.Operands[1]) : Source(i.Operands[1]));
            case <= Opcode.GreaterEqual:
                return Compare(i);
            case Opcode.Select:
                return Select(i);
            case Opcode.Fma:
                return _text.Compute(register, $"fma.rn.{PtxTypes.Arithmetic(type)}",
                    Register(i.Operands[0]), Source(i.Operands[1]), Source(i.Operands[2]));
            default:
                throw new ArgumentOutOfRangeException(nameof(i), i.Opcode, "This opcode has no translation.");
        }
    }

    /// <summary>The factors of a 64-bit product that are 32-bit integers widened alike: one instruction has their whole product.</summary>
    private static (Value Left, Value Right)? WideFactors(Instruction i)
    {
        if (i.Opcode != Opcode.Mul || i.Type.Scalar is not (ScalarType.Int64 or ScalarType.UInt64) || Narrow(i.Operands[0]) is not { } left)
            return null;
        bool isSigned = left.Type.Scalar == ScalarType.Int32;
        if (Narrow(i.Operands[1]) is { } right)
            return right.Type == left.Type ? (left, right) : null;
        return i.Operands[1] is Constant c && (isSigned ? (int)c.AsInteger == c.AsInteger : c.Bits <= uint.MaxValue) ? (left, c) : null;

        static Value? Narrow(Value value) => value is Instruction { Opcode: Opcode.Convert } x
            && x.Operands[0].Type.Scalar is ScalarType.Int32 or ScalarType.UInt32 && !x.Operands[0].Type.IsPointer ? x.Operands[0] : null;
    }

    private string Unary(Opcode opcode, IrType type, string x)
    {
        string register = PtxTypes.Register(type);
        string arithmetic = PtxTypes.Arithmetic(type.Scalar);
        string bits = PtxTypes.Bits(type.Scalar);
        return opcode switch
        {
            Opcode.Neg => _text.Compute(register, type.IsFloat ? $"neg.{arithmetic}" : $"neg.s{bits[1..]}", x),
            Opcode.Abs => type.IsFloat || type.Scalar.IsSigned() ? _text.Compute(register, $"abs.{arithmetic}", x) : x,
            Opcode.Not => _text.Compute(register, $"not.{(type.IsBool ? "pred" : bits)}", x),
            Opcode.Sqrt => _text.Compute(register, $"sqrt.rn.{arithmetic}", x),
            Opcode.Floor => _text.Compute(register, $"cvt.rmi.{arithmetic}.{arithmetic}", x),
            Opcode.Ceil => _text.Compute(register, $"cvt.rpi.{arithmetic}.{arithmetic}", x),
            Opcode.Truncate => _text.Compute(register, $"cvt.rzi.{arithmetic}.{arithmetic}", x),
            Opcode.Round => _text.Compute(register, $"cvt.rni.{arithmetic}.{arithmetic}", x),
            Opcode.PopCount => Count("popc"),
            Opcode.LeadingZeros => Count("clz"),
            _ => throw new ArgumentOutOfRangeException(nameof(opcode), opcode, "Not a unary opcode."),
        };

        // The count is a 32-bit number whatever is counted.
        string Count(string name)
        {
            string count = _text.Compute("b32", $"{name}.{bits}", x);
            return bits == "b64" ? _text.Compute("b64", "cvt.u64.u32", count) : count;
        }
    }

    /// <summary>Two operands of one type to one of the same. The divisor, if any, is a float.</summary>
    private string Binary(Opcode opcode, ScalarType type, string x, string y)
    {
        bool isFloat = type is ScalarType.Float32 or ScalarType.Float64;
        string register = PtxTypes.Register(type);
        string arithmetic = PtxTypes.Arithmetic(type);
        string bits = type == ScalarType.Bool ? "pred" : PtxTypes.Bits(type);
        string operation = opcode switch
        {
            Opcode.Add => isFloat ? "add.rn." + arithmetic : "add." + arithmetic,
            Opcode.Sub => isFloat ? "sub.rn." + arithmetic : "sub." + arithmetic,
            Opcode.Mul => isFloat ? "mul.rn." + arithmetic : "mul.lo." + arithmetic,
            Opcode.Div when isFloat => "div.rn." + arithmetic,
            Opcode.Min when !isFloat => "min." + arithmetic,
            Opcode.Max when !isFloat => "max." + arithmetic,
            Opcode.Min => "min",
            Opcode.Max => "max",
            Opcode.And => "and." + bits,
            Opcode.Or => "or." + bits,
            Opcode.Xor => "xor." + bits,
            Opcode.MulHigh => "mul.hi." + arithmetic,
            _ => throw new ArgumentOutOfRangeException(nameof(opcode), opcode, "Not a binary opcode of this type."),
        };
        return operation is "min" or "max"
            ? FloatMinMax(operation, arithmetic, x, y)
            : _text.Compute(register, operation, x, y);
    }

    // Both order −0 below +0. Without .NaN a NaN loses against a number.
    private string FloatMinMax(string operation, string type, string x, string y)
    {
        if (type == "f32" && _traits.NaNMinimum)
            return _text.Compute(type, $"{operation}.NaN.f32", x, y);
        string best = _text.Compute(type, $"{operation}.{type}", x, y);
        string unordered = _text.Compute("pred", $"setp.nan.{type}", x, y);
        return _text.Compute(type, $"selp.{type}", type == "f32" ? "0f7FC00000" : "0d7FF8000000000000", best, unordered);
    }

    // By zero 0, MinValue / −1 wraps: what PTX leaves open does not come to pass.
    private string Divide(Instruction i)
    {
        ScalarType type = i.Type.Scalar;
        bool isSigned = type.IsSigned();
        string bits = PtxTypes.Bits(type);
        string operation = $"{(i.Opcode == Opcode.Div ? "div" : "rem")}.{PtxTypes.Arithmetic(type)}";
        string x = Register(i.Operands[0]);
        string y = Register(i.Operands[1]);
        if (i.Operands[1] is Constant { Bits: not 0 } constant && (!isSigned || constant.AsInteger != -1))
            return _text.Compute(bits, operation, x, y);

        string isZero = _text.Compute("pred", $"setp.eq.s{bits[1..]}", y, "0");
        string isMinusOne = isSigned ? _text.Compute("pred", $"setp.eq.s{bits[1..]}", y, "-1") : "";
        string isUnsafe = isSigned ? _text.Compute("pred", "or.pred", isZero, isMinusOne) : isZero;
        string divisor = _text.Compute(bits, $"selp.{bits}", "1", y, isUnsafe);
        string result = _text.Compute(bits, operation, x, divisor);
        if (i.Opcode == Opcode.Rem)
            return result;
        if (isSigned)
            result = _text.Compute(bits, $"selp.{bits}", _text.Compute(bits, $"neg.s{bits[1..]}", x), result, isMinusOne);
        return _text.Compute(bits, $"selp.{bits}", "0", result, isZero);
    }

    // PTX clamps the amount; the language takes it modulo the width.
    private string ShiftAmount(Instruction i)
    {
        int mask = 8 * i.Type.Scalar.Size() - 1;
        return i.Operands[1] is Constant constant
            ? ((int)constant.AsInteger & mask).ToString(System.Globalization.CultureInfo.InvariantCulture)
            : _text.Compute("b32", "and.b32", Register(i.Operands[1]), $"{mask}");
    }

    private string Compare(Instruction i)
    {
        IrType type = i.Operands[0].Type;
        if (type.IsBool)
        {
            string differ = _text.Compute("pred", "xor.pred", Register(i.Operands[0]), Register(i.Operands[1]));
            return i.Opcode == Opcode.NotEqual ? differ : _text.Compute("pred", "not.pred", differ);
        }

        string comparison = i.Opcode switch
        {
            Opcode.Equal => "eq",
            Opcode.NotEqual => type.IsFloat ? "neu" : "ne",
            Opcode.Less => "lt",
            Opcode.LessEqual => "le",
            Opcode.Greater => "gt",
            _ => "ge",
        };
        return _text.Compute("pred", $"setp.{comparison}.{PtxTypes.Arithmetic(type.Scalar)}",
            Register(i.Operands[0]), Source(i.Operands[1]));
    }

    private string Select(Instruction i)
    {
        string condition = Register(i.Operands[0]);
        if (!i.Type.IsBool)
        {
            string suffix = PtxTypes.Register(i.Type);
            return _text.Compute(suffix, $"selp.{suffix}", Source(i.Operands[1]), Source(i.Operands[2]), condition);
        }

        string left = _text.Compute("pred", "and.pred", condition, Register(i.Operands[1]));
        string right = _text.Compute("pred", "and.pred", _text.Compute("pred", "not.pred", condition), Register(i.Operands[2]));
        return _text.Compute("pred", "or.pred", left, right);
    }
}
