using System.Reflection.Emit;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

// Vector operations: one vector of a varying instruction's result is left on the stack.
internal sealed partial class SimdEmitter
{
    /// <summary>True if a varying instruction has no vector form and is done lane by lane through memory.</summary>
    private bool IsByLane(Instruction x)
    {
        IrType type = x.Type;
        IrType source = x.Operands.Length > 0 ? x.Operands[0].Type : type;
        return x.Opcode switch
        {
            Opcode.PopCount or Opcode.LeadingZeros or Opcode.MulHigh => true,
            Opcode.PointerAdd => true,
            Opcode.PointerCast => false,
            Opcode.Div => !type.IsFloat && IsWide(type),
            Opcode.Rem => type.IsFloat || IsWide(type),
            Opcode.ShiftLeft or Opcode.ShiftRight => !IsUniform(x.Operands[1]) && (IsWide(type) || !_isa.HasMaskedMemory),
            Opcode.Convert => !IsVectorConversion(source.Scalar, type.Scalar),
            Opcode.BitCast => type.Scalar.Size() < 4,
            _ => false,
        };
    }

    private static bool IsVectorConversion(ScalarType from, ScalarType to) => (from, to) switch
    {
        (ScalarType.BFloat16, ScalarType.Float32) => true,
        (ScalarType.Float16 or ScalarType.BFloat16, _) or (_, ScalarType.Float16 or ScalarType.BFloat16) => false,
        (_, ScalarType.Bool) => true,
        (ScalarType.Bool, _) => true,
        ( < ScalarType.Int64, < ScalarType.Int64) => true,
        ( < ScalarType.Int64, _) => true,
        (ScalarType.Int64 or ScalarType.UInt64, <= ScalarType.UInt64) => true,
        (ScalarType.Int64 or ScalarType.UInt64, ScalarType.Float64) => true,
        (ScalarType.Int64 or ScalarType.UInt64, _) => false,
        (ScalarType.Float32, ScalarType.Int32 or ScalarType.UInt32 or ScalarType.Float64 or ScalarType.Int64 or ScalarType.UInt64) => true,
        (ScalarType.Float64, ScalarType.Float32 or ScalarType.Int64 or ScalarType.UInt64) => true,
        _ => false,
    };

    private bool MayInline(Instruction x)
    {
        if (x.Opcode == Opcode.Load)
            return IsVarying(x) ? IsContiguous(x) : Rows > 1 && _unroll <= 2 && !IsSameInRows(x) && IsUniformAccess(x);
        return _shapes[x] switch
        {
            Shape.Varying => !IsByLane(x) && x.Opcode is not (>= Opcode.GlobalIndex and <= Opcode.GridExtent),
            Shape.Uniform => x.Opcode is not (>= Opcode.GlobalIndex and <= Opcode.GridExtent),
            _ => false,
        };
    }

    private void EmitVector(Instruction x, int part)
    {
        switch (x.Opcode)
        {
            case >= Opcode.GlobalIndex and <= Opcode.GridExtent:
                EmitVaryingPosition(x, part);
                break;
            case Opcode.Select when NativeMinMax(x) is { } minMax:
                PushVector(minMax.Left, part);
                PushVector(minMax.Right, part);
                _il.Call(_isa.Method(minMax.Function, VectorIsa.ElementOf(x.Type), 2));
                break;
            case Opcode.Select:
                PushCondition(x.Operands[0], x.Type, part);
                PushVector(x.Operands[1], part);
                PushVector(x.Operands[2], part);
                _il.Call(_isa.Method("ConditionalSelect", VectorIsa.ElementOf(x.Type), 3));
                break;
            case Opcode.Min or Opcode.Max when IsRange(x):
                EmitRange(x, part);
                break;
            case Opcode.Fma:
                PushOperands(x, part);
                _il.Call(_isa.Method("FusedMultiplyAdd", VectorIsa.ElementOf(x.Type), 3));
                break;
            case Opcode.Scale:
                PushOperands(x, part);
                _il.Call(typeof(Avx512F).GetMethod(nameof(Avx512F.Scale), [typeof(Vector512<float>), typeof(Vector512<float>)])!);
                break;
            case >= Opcode.Equal and <= Opcode.GreaterEqual:
                EmitCompare(x.Opcode, x.Operands[0], x.Operands[1], part);
                break;
            case Opcode.ShiftLeft or Opcode.ShiftRight:
                EmitShift(x, part);
                break;
            case Opcode.Or when RotationOf(x) is var (turned, left):
                EmitRotation(turned, left, part);
                break;
            case Opcode.Convert:
                EmitConvert(x.Operands[0], x.Type, part);
                break;
            case Opcode.BitCast:
                PushVector(x.Operands[0], part);
                As(VectorIsa.ElementOf(x.Operands[0].Type), VectorIsa.ElementOf(x.Type));
                break;
            case Opcode.PointerCast:
                PushVector(x.Operands[0], part);
                break;
            case Opcode.Div or Opcode.Rem when !x.Type.IsFloat:
                PushOperands(x, part);
                Type vector = VectorOf(x.Type);
                _il.Call(_isa.Helper(x.Opcode == Opcode.Div ? "Divide" : "Remainder", vector, vector));
                break;
            default:
                PushOperands(x, part);
                _il.Call(_isa.Method(FunctionOf(x.Opcode), VectorIsa.ElementOf(x.Type), x.Operands.Length));
                break;
        }
    }

    /// <summary>The x86 instruction for <c>a &lt; b ? a : b</c> and its like: minps gives its second operand where the
    /// comparison does not hold, NaN and zeros of either sign among them.</summary>
    private static (string Function, Value Left, Value Right)? NativeMinMax(Instruction select)
    {
        if (!X86Base.IsSupported || !select.Type.IsFloat
            || select.Operands[0] is not Instruction { Opcode: Opcode.Less or Opcode.Greater } compare)
        {
            return null;
        }

        (Value x, Value y) = (select.Operands[1], select.Operands[2]);
        bool inOrder = IsSame(compare.Operands[0], x) && IsSame(compare.Operands[1], y);
        bool swapped = IsSame(compare.Operands[0], y) && IsSame(compare.Operands[1], x);
        return !inOrder && !swapped ? null
            : ((compare.Opcode == Opcode.Less) == inOrder ? "MinNative" : "MaxNative", x, y);
    }

    private static bool IsSame(Value x, Value y) => x == y
        || (x is Constant a && y is Constant b && a.Type == b.Type && a.Bits == b.Bits);

    private static string FunctionOf(Opcode opcode) => opcode switch
    {
        Opcode.Neg => "Negate",
        Opcode.Not => "OnesComplement",
        Opcode.Ceil => "Ceiling",
        Opcode.Sub => "Subtract",
        Opcode.Mul => "Multiply",
        Opcode.Div => "Divide",
        Opcode.And => "BitwiseAnd",
        Opcode.Or => "BitwiseOr",
        Opcode.Abs or Opcode.Sqrt or Opcode.Floor or Opcode.Truncate or Opcode.Round or Opcode.Add or Opcode.Min or Opcode.Max
            or Opcode.Xor => opcode.ToString(),
        _ => throw new NotSupportedException($"The SIMD target has no vector form of {opcode}."),
    };

    private void PushOperands(Instruction x, int part)
    {
        foreach (Value operand in x.Operands)
            PushVector(operand, part);
    }

    /// <summary>Pushes a mask of 32-bit lanes.</summary>
    private void EmitCompare(Opcode opcode, Value x, Value y, int part)
    {
        Type element = VectorIsa.ElementOf(x.Type);
        if (IsWide(x.Type))
        {
            EmitCompareOf(opcode, x, y, 2 * part);
            As(element, typeof(long));
            EmitCompareOf(opcode, x, y, 2 * part + 1);
            As(element, typeof(long));
            _il.Call(_isa.Method("Narrow", typeof(long), 2));
        }
        else
        {
            EmitCompareOf(opcode, x, y, part);
            As(element, typeof(int));
        }
    }

    private void EmitCompareOf(Opcode opcode, Value x, Value y, int part)
    {
        Type element = VectorIsa.ElementOf(x.Type);
        PushVector(x, part);
        PushVector(y, part);
        _il.Call(_isa.Method(opcode switch
        {
            Opcode.Less => "LessThan",
            Opcode.LessEqual => "LessThanOrEqual",
            Opcode.Greater => "GreaterThan",
            Opcode.GreaterEqual => "GreaterThanOrEqual",
            _ => "Equals",
        }, element, 2));
        if (opcode == Opcode.NotEqual)
            _il.Call(_isa.Method("OnesComplement", element, 1));
    }

    private void EmitShift(Instruction x, int part)
    {
        Type element = VectorIsa.ElementOf(x.Type);
        int width = IsWide(x.Type) ? 63 : 31;
        bool arithmetic = x.Type.Scalar.IsSigned();
        PushVector(x.Operands[0], part);
        if (IsUniform(x.Operands[1]))
        {
            PushScalar(x.Operands[1]);
            _il.Int(width);
            _il.Op(OpCodes.And);
            _il.Call(_isa.Method(x.Opcode == Opcode.ShiftLeft ? "ShiftLeft"
                : arithmetic ? "ShiftRightArithmetic" : "ShiftRightLogical", element, 2));
            return;
        }

        PushVector(x.Operands[1], part);
        Type vector = VectorOf(x.Type);
        _il.Call(_isa.Helper(x.Opcode == Opcode.ShiftLeft ? "ShiftLeft" : "ShiftRight", vector, _isa.Vector(typeof(int))));
    }

    private void EmitConvert(Value x, IrType type, int part)
    {
        ScalarType from = x.Type.Scalar;
        ScalarType to = type.Scalar;
        if (to == ScalarType.Bool)
        {
            EmitNonZero(x, part);
        }
        else if (from == ScalarType.Bool)
        {
            PushCondition(x, type, part);
            PushConstant(Constant.Of(to, 1));
            Type element = VectorIsa.ElementOf(type);
            _il.Call(_isa.Broadcast(element));
            _il.Call(_isa.Method("BitwiseAnd", element, 2));
        }
        else if (from.Size() == 8)
        {
            EmitConvertFromWide(x, type, part);
        }
        else if (IsWide(type))
        {
            EmitConvertToWide(x, type, part);
        }
        else
        {
            EmitConvert32(x, type, part);
        }
    }

    private void EmitNonZero(Value x, int part)
    {
        if (x.Type.IsBool)
            PushVector(x, part);
        else
            EmitCompare(Opcode.NotEqual, x, Constant.Of(x.Type.Scalar < ScalarType.Int32 ? ScalarType.Int32 : x.Type.Scalar, 0), part);
    }

    private void EmitConvert32(Value x, IrType type, int part)
    {
        Type from = VectorIsa.ElementOf(x.Type);
        Type to = VectorIsa.ElementOf(type);
        PushVector(x, part);
        if (x.Type.Scalar == ScalarType.BFloat16)
        {
            _il.Int(16);
            _il.Call(_isa.Method("ShiftLeft", typeof(int), 2));
            As(typeof(int), to);
        }
        else if (type.Scalar == ScalarType.Float32)
        {
            if (from != to)
                _il.Call(_isa.Method("ConvertToSingle", from, 1));
        }
        else if (from == typeof(float))
        {
            _il.Call(_isa.Method(to == typeof(int) ? "ConvertToInt32" : "ConvertToUInt32", from, 1));
        }
        else
        {
            As(from, to);
            Extend(type.Scalar);
        }
    }

    /// <summary>Brings an int vector on the stack into the range of a narrow integer type.</summary>
    private void Extend(ScalarType type)
    {
        int spare = 32 - 8 * type.Size();
        if (type.Size() >= 4)
            return;
        if (type.IsSigned())
        {
            _il.Int(spare);
            _il.Call(_isa.Method("ShiftLeft", typeof(int), 2));
            _il.Int(spare);
            _il.Call(_isa.Method("ShiftRightArithmetic", typeof(int), 2));
        }
        else
        {
            _il.Int((int)(uint.MaxValue >> spare));
            _il.Call(_isa.Broadcast(typeof(int)));
            _il.Call(_isa.Method("BitwiseAnd", typeof(int), 2));
        }
    }

    private void EmitConvertToWide(Value x, IrType type, int part)
    {
        Type from = VectorIsa.ElementOf(x.Type);
        Type to = VectorIsa.ElementOf(type);
        string half = part % 2 == 0 ? "WidenLower" : "WidenUpper";
        PushVector(x, part / 2);
        _il.Call(_isa.Method(half, from, 1));
        if (from == typeof(float))
        {
            if (to != typeof(double))
                _il.Call(_isa.Method(to == typeof(long) ? "ConvertToInt64" : "ConvertToUInt64", typeof(double), 1));
            return;
        }

        // int widens to long and uint to ulong: both hold the value exactly.
        Type wide = from == typeof(uint) ? typeof(ulong) : typeof(long);
        if (to == typeof(double))
            _il.Call(_isa.Method("ConvertToDouble", wide, 1));
        else
            As(wide, to);
    }

    private void EmitConvertFromWide(Value x, IrType type, int part)
    {
        Type from = VectorIsa.ElementOf(x.Type);
        Type to = VectorIsa.ElementOf(type);
        if (IsWide(type))
        {
            PushVector(x, part);
            if (from == to)
                return;
            if (to == typeof(double))
                _il.Call(_isa.Method("ConvertToDouble", from, 1));
            else if (from == typeof(double))
                _il.Call(_isa.Method(to == typeof(long) ? "ConvertToInt64" : "ConvertToUInt64", from, 1));
            else
                As(from, to);
            return;
        }

        PushVector(x, 2 * part);
        PushVector(x, 2 * part + 1);
        _il.Call(_isa.Method("Narrow", from, 2));
        if (from != typeof(double))
        {
            As(from == typeof(long) ? typeof(int) : typeof(uint), to);
            Extend(type.Scalar);
        }
    }
}
