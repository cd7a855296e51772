using System.Reflection;
using System.Reflection.Emit;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

// Scalar operations: uniform values, the base of linear ones, and one lane at a time for what has no vector form.
internal sealed partial class SimdEmitter
{
    /// <summary>Leaves a uniform value, or lane 0 of a linear one, on the stack.</summary>
    private void EmitScalar(Instruction x)
    {
        if (x.Opcode is >= Opcode.GlobalIndex and <= Opcode.GridExtent)
            PushPosition(x);
        else if (x.Opcode is Opcode.DynamicShared or Opcode.DynamicSharedSize)
            PushDynamicShared(x);
        else
            EmitScalarOperation(x, i => PushScalar(x.Operands[i]));
    }

    /// <summary>Emits a pure operation on scalars, which <paramref name="push"/> puts on the stack by operand number.</summary>
    private void EmitScalarOperation(Instruction x, Action<int> push)
    {
        switch (x.Opcode)
        {
            case Opcode.Select:
                EmitScalarSelect(push);
                break;
            case Opcode.Convert:
                push(0);
                EmitScalarConvert(x.Operands[0].Type.Scalar, x.Type.Scalar);
                break;
            case Opcode.BitCast:
                push(0);
                EmitScalarBitCast(x.Operands[0].Type.Scalar, x.Type.Scalar);
                break;
            case Opcode.PointerAdd:
                push(0);
                PushScaledIndex(x.Operands[0].Type, x.Operands[1].Type, () => push(1));
                _il.Op(OpCodes.Add);
                break;
            case Opcode.PointerCast:
                push(0);
                break;
            case Opcode.ShiftLeft or Opcode.ShiftRight:
                push(0);
                push(1);
                _il.Int(IsWide(x.Type) ? 63 : 31);
                _il.Op(OpCodes.And);
                _il.Op(x.Opcode == Opcode.ShiftLeft ? OpCodes.Shl : x.Type.Scalar.IsSigned() ? OpCodes.Shr : OpCodes.Shr_Un);
                break;
            case >= Opcode.Equal and <= Opcode.GreaterEqual:
                push(0);
                push(1);
                EmitScalarCompare(x.Opcode, x.Operands[0].Type);
                break;
            default:
                for (int i = 0; i < x.Operands.Length; i++)
                    push(i);
                EmitScalarArithmetic(x.Opcode, x.Type);
                break;
        }
    }

    private void EmitScalarSelect(Action<int> push)
    {
        Label otherwise = _il.Label();
        Label end = _il.Label();
        push(0);
        _il.Branch(OpCodes.Brfalse, otherwise);
        push(1);
        _il.Branch(OpCodes.Br, end);
        _il.Mark(otherwise);
        push(2);
        _il.Mark(end);
    }

    private void EmitScalarCompare(Opcode opcode, IrType type)
    {
        bool unsigned = !type.IsFloat && !type.Scalar.IsSigned();
        OpCode less = unsigned ? OpCodes.Clt_Un : OpCodes.Clt;
        OpCode greater = unsigned ? OpCodes.Cgt_Un : OpCodes.Cgt;
        switch (opcode)
        {
            case Opcode.Equal:
                _il.Op(OpCodes.Ceq);
                break;
            case Opcode.NotEqual:
                _il.Op(OpCodes.Ceq);
                Negate();
                break;
            case Opcode.Less:
                _il.Op(less);
                break;
            case Opcode.Greater:
                _il.Op(greater);
                break;
            case Opcode.LessEqual:
                _il.Op(type.IsFloat ? OpCodes.Cgt_Un : greater); // for floats Cgt_Un is true with NaN
                Negate();
                break;
            default:
                _il.Op(type.IsFloat ? OpCodes.Clt_Un : less);
                Negate();
                break;
        }
    }

    private void Negate()
    {
        _il.Int(0);
        _il.Op(OpCodes.Ceq);
    }

    private void EmitScalarArithmetic(Opcode opcode, IrType type)
    {
        switch (opcode)
        {
            case Opcode.Neg:
                _il.Op(OpCodes.Neg);
                break;
            case Opcode.Not when type.IsBool:
                Negate();
                break;
            case Opcode.Not:
                _il.Op(OpCodes.Not);
                break;
            case Opcode.Add:
                _il.Op(OpCodes.Add);
                break;
            case Opcode.Sub:
                _il.Op(OpCodes.Sub);
                break;
            case Opcode.Mul:
                _il.Op(OpCodes.Mul);
                break;
            case Opcode.Div when type.IsFloat:
                _il.Op(OpCodes.Div);
                break;
            case Opcode.Rem when type.IsFloat:
                _il.Op(OpCodes.Rem);
                break;
            case Opcode.And:
                _il.Op(OpCodes.And);
                break;
            case Opcode.Or:
                _il.Op(OpCodes.Or);
                break;
            case Opcode.Xor:
                _il.Op(OpCodes.Xor);
                break;
            default:
                _il.Call(ScalarFunction(opcode, type));
                break;
        }
    }

    private static MethodInfo ScalarFunction(Opcode opcode, IrType type)
    {
        Type element = VectorIsa.ElementOf(type);
        Type owner = element == typeof(float) ? typeof(MathF) : typeof(Math);
        (Type Owner, string Name, int Count) function = opcode switch
        {
            Opcode.Div => (typeof(ScalarOps), "Divide", 2),
            Opcode.Rem => (typeof(ScalarOps), "Remainder", 2),
            Opcode.Abs or Opcode.PopCount or Opcode.LeadingZeros => (typeof(ScalarOps), opcode.ToString(), 1),
            Opcode.MulHigh => (typeof(ScalarOps), "MulHigh", 2),
            Opcode.Scale => (typeof(ScalarOps), "Scale", 2),
            Opcode.Min or Opcode.Max => (owner, opcode.ToString(), 2),
            Opcode.Sqrt or Opcode.Floor or Opcode.Truncate or Opcode.Round => (owner, opcode.ToString(), 1),
            Opcode.Ceil => (owner, "Ceiling", 1),
            Opcode.Fma => (owner, "FusedMultiplyAdd", 3),
            _ => throw new NotSupportedException($"The SIMD target has no scalar form of {opcode}."),
        };
        return function.Owner.GetMethod(function.Name, [.. Enumerable.Repeat(element, function.Count)])
            ?? throw new MissingMethodException(function.Owner.Name, function.Name);
    }

    private void EmitScalarBitCast(ScalarType from, ScalarType to)
    {
        MethodInfo? cast = (from, to) switch
        {
            (ScalarType.Float32, ScalarType.Int32) => Bits("SingleToInt32Bits", typeof(float)),
            (ScalarType.Float32, ScalarType.UInt32) => Bits("SingleToUInt32Bits", typeof(float)),
            (ScalarType.Int32, ScalarType.Float32) => Bits("Int32BitsToSingle", typeof(int)),
            (ScalarType.UInt32, ScalarType.Float32) => Bits("UInt32BitsToSingle", typeof(uint)),
            (ScalarType.Float64, ScalarType.Int64) => Bits("DoubleToInt64Bits", typeof(double)),
            (ScalarType.Float64, ScalarType.UInt64) => Bits("DoubleToUInt64Bits", typeof(double)),
            (ScalarType.Int64, ScalarType.Float64) => Bits("Int64BitsToDouble", typeof(long)),
            (ScalarType.UInt64, ScalarType.Float64) => Bits("UInt64BitsToDouble", typeof(ulong)),
            _ => null,
        };
        if (cast is not null)
            _il.Call(cast);
        else
            ExtendScalar(to);

        static MethodInfo Bits(string name, Type type) => typeof(BitConverter).GetMethod(name, [type])!;
    }

    private void ExtendScalar(ScalarType type)
    {
        switch (type)
        {
            case ScalarType.Int8:
                _il.Op(OpCodes.Conv_I1);
                break;
            case ScalarType.UInt8:
                _il.Op(OpCodes.Conv_U1);
                break;
            case ScalarType.Int16:
                _il.Op(OpCodes.Conv_I2);
                break;
            case ScalarType.UInt16 or ScalarType.Float16 or ScalarType.BFloat16:
                _il.Op(OpCodes.Conv_U2);
                break;
        }
    }

    /// <summary>Converts the scalar on the stack.</summary>
    private void EmitScalarConvert(ScalarType from, ScalarType to)
    {
        if (from is ScalarType.Float16 or ScalarType.BFloat16)
        {
            _il.Call(Helper(from == ScalarType.Float16 ? "HalfToFloat" : "BrainToFloat", typeof(int)));
            from = ScalarType.Float32;
        }

        bool fromFloat = from is ScalarType.Float32 or ScalarType.Float64;
        if (to == ScalarType.Bool)
        {
            PushConstant(Constant.Of(from is ScalarType.Bool ? ScalarType.Int32 : from, 0));
            _il.Op(OpCodes.Ceq);
            Negate();
        }
        else if (to is ScalarType.Float16 or ScalarType.BFloat16)
        {
            if (!fromFloat)
                EmitIntegerToFloat(from, ScalarType.Float64);
            string name = (from == ScalarType.Float32 ? "FloatTo" : "DoubleTo") + (to == ScalarType.Float16 ? "Half" : "Brain");
            _il.Call(Helper(name, from == ScalarType.Float32 ? typeof(float) : typeof(double)));
        }
        else if (to is ScalarType.Float32 or ScalarType.Float64)
        {
            if (!fromFloat)
                EmitIntegerToFloat(from, to);
            else
                _il.Op(to == ScalarType.Float32 ? OpCodes.Conv_R4 : OpCodes.Conv_R8);
        }
        else if (fromFloat)
        {
            _il.Op(OpCodes.Conv_R8);
            _il.Call(Helper("To" + to, typeof(double)));
        }
        else if (to.Size() == 8)
        {
            if (from.Size() < 8)
                _il.Op(from == ScalarType.UInt32 ? OpCodes.Conv_U8 : OpCodes.Conv_I8);
        }
        else
        {
            if (from.Size() == 8)
                _il.Op(OpCodes.Conv_I4);
            ExtendScalar(to);
        }
    }

    private void EmitIntegerToFloat(ScalarType from, ScalarType to)
    {
        if (from == ScalarType.UInt32)
        {
            _il.Op(OpCodes.Conv_U8);
            from = ScalarType.Int64;
        }

        if (from == ScalarType.UInt64 || (from == ScalarType.Int64 && to == ScalarType.Float32))
            _il.Call(Helper("To" + to, from == ScalarType.UInt64 ? typeof(ulong) : typeof(long)));
        else
            _il.Op(to == ScalarType.Float32 ? OpCodes.Conv_R4 : OpCodes.Conv_R8);
    }

    private static MethodInfo Helper(string name, params Type[] parameters) =>
        typeof(ScalarOps).GetMethod(name, parameters) ?? throw new MissingMethodException(nameof(ScalarOps), name);
}
