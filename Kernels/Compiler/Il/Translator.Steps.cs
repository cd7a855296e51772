using System.Reflection;
using System.Reflection.Metadata;
using Cotangent.Kernels.Ir;
using Constant = Cotangent.Kernels.Ir.Constant;

namespace Cotangent.Kernels.Il;

// One IL instruction at a time.
internal sealed partial class Translator
{
    /// <summary>Interprets one instruction. False if control does not come back from it (a call that never returns).</summary>
    private bool Step(IlInstruction il)
    {
        switch (il.Code)
        {
            case ILOpCode.Nop or ILOpCode.Break:
                return true;
            case ILOpCode.Call or ILOpCode.Callvirt:
                return Call(il);
            case ILOpCode.Newobj:
                return NewObject(il);
            case ILOpCode.Ret:
                ReturnTo(Frame);
                return true;
            case ILOpCode.Br:
                JumpTo(Code.BlockAt(il.Operand));
                return true;
            case ILOpCode.Switch:
                Switch(il);
                return true;
            case ILOpCode.Dup:
                Push(_state.Stack[^1]);
                return true;
            case ILOpCode.Pop:
                Pop();
                return true;
        }

        if (il.IsConditionalBranch)
            ConditionalBranch(il);
        else if (!StepVariable(il) && !StepMemory(il) && !StepArithmetic(il) && !StepArray(il) && !StepObject(il))
            throw Refuse(il);
        return true;
    }

    private bool StepVariable(IlInstruction il)
    {
        int number = (int)il.Operand;
        int firstLocal = Frame.FirstVariable + Code.ArgumentTypes.Length;
        switch (il.Code)
        {
            case ILOpCode.Ldarg:
                Push(ReadVariable(Frame.FirstVariable + number));
                break;
            case ILOpCode.Ldarga:
                Push(AddressOfVariable(Frame.FirstVariable + number, Code.ArgumentTypes[number]));
                break;
            case ILOpCode.Starg:
                WriteVariable(Frame.FirstVariable + number, Code.ArgumentTypes[number], Pop());
                break;
            case ILOpCode.Ldloc:
                Push(ReadVariable(firstLocal + number));
                break;
            case ILOpCode.Ldloca:
                Push(AddressOfVariable(firstLocal + number, Code.LocalTypes[number]));
                break;
            case ILOpCode.Stloc:
                WriteVariable(firstLocal + number, Code.LocalTypes[number], Pop());
                break;
            case ILOpCode.Ldc_i4:
                Push(Constant.Of((int)il.Operand));
                break;
            case ILOpCode.Ldc_i8:
                Push(Constant.Of(il.Operand));
                break;
            case ILOpCode.Ldc_r4:
                Push(Constant.Of(BitConverter.Int32BitsToSingle((int)il.Operand)));
                break;
            case ILOpCode.Ldc_r8:
                Push(Constant.Of(BitConverter.Int64BitsToDouble(il.Operand)));
                break;
            case ILOpCode.Sizeof:
                Push(Constant.Of(MemoryLayout.SizeOf(Code.ResolveType((int)il.Operand))));
                break;
            default:
                return false;
        }

        return true;
    }

    private void ConditionalBranch(IlInstruction il)
    {
        Value condition;
        bool negated = false;
        if (il.Code is ILOpCode.Brtrue or ILOpCode.Brfalse)
        {
            condition = Truth(Pop());
            negated = il.Code == ILOpCode.Brfalse;
        }
        else
        {
            AbstractValue y = Pop();
            AbstractValue x = Pop();
            (condition, negated) = Compare(il.Code, x, y);
        }

        IlBlock target = Code.BlockAt(il.Operand);
        IlBlock next = Code.BlockAt(il.Next);
        if (negated)
            BranchTo(condition, next, target);
        else
            BranchTo(condition, target, next);
    }

    private Value Truth(AbstractValue value) => value switch
    {
        Refused { IsNull: true } => Constant.Of(false),
        _ when IsReference(value) => Constant.Of(true),
        _ => _emit.Truth(Scalar(value)),
    };

    private (Value Condition, bool Negated) Compare(ILOpCode code, AbstractValue x, AbstractValue y) =>
        CompareAddresses(code, x, y) ?? Compare(code, Scalar(x), Scalar(y));

    /// <summary>The condition of a two-operand branch, and whether it jumps when that is false. The unordered float branches
    /// (<c>bge.un</c>: not less) are kept as negations, so that NaN goes where IL says.</summary>
    private (Value Condition, bool Negated) Compare(ILOpCode code, Value x, Value y)
    {
        bool isFloat = x.Type.IsFloat;
        return code switch
        {
            ILOpCode.Beq => (_emit.Compare(Opcode.Equal, x, y), false),
            ILOpCode.Bne_un => (_emit.Compare(Opcode.NotEqual, x, y), false),
            ILOpCode.Blt => (_emit.Compare(Opcode.Less, x, y), false),
            ILOpCode.Ble => (_emit.Compare(Opcode.LessEqual, x, y), false),
            ILOpCode.Bgt => (_emit.Compare(Opcode.Greater, x, y), false),
            ILOpCode.Bge => (_emit.Compare(Opcode.GreaterEqual, x, y), false),
            ILOpCode.Blt_un when isFloat => (_emit.Compare(Opcode.GreaterEqual, x, y), true),
            ILOpCode.Ble_un when isFloat => (_emit.Compare(Opcode.Greater, x, y), true),
            ILOpCode.Bgt_un when isFloat => (_emit.Compare(Opcode.LessEqual, x, y), true),
            ILOpCode.Bge_un when isFloat => (_emit.Compare(Opcode.Less, x, y), true),
            ILOpCode.Blt_un => (_emit.Compare(Opcode.Less, x, y, unsigned: true), false),
            ILOpCode.Ble_un => (_emit.Compare(Opcode.LessEqual, x, y, unsigned: true), false),
            ILOpCode.Bgt_un => (_emit.Compare(Opcode.Greater, x, y, unsigned: true), false),
            _ => (_emit.Compare(Opcode.GreaterEqual, x, y, unsigned: true), false),
        };
    }

    /// <summary>A chain of equality tests.</summary>
    private void Switch(IlInstruction il)
    {
        Value selector = _emit.Coerce(PopScalar(), ScalarType.Int32);
        // Where no case fits and that throws, the last case needs no test.
        int last = Code.OnlyThrows(Code.BlockAt(il.Next))
            ? Array.FindLastIndex(il.Targets!, t => !Code.OnlyThrows(Code.BlockAt(t)))
            : -1;
        for (int i = 0; i < il.Targets!.Length; i++)
        {
            IlBlock target = Code.BlockAt(il.Targets[i]);
            Value equal = i == last ? Constant.Of(true) : _emit.Compare(Opcode.Equal, selector, Constant.Of(i));
            if (equal is Constant { Bits: 0 } || Code.OnlyThrows(target))
                continue;
            if (equal is Constant)
            {
                JumpTo(target);
                return;
            }

            FlowBlock next = new() { Frame = Frame, Offset = il.Offset };
            FlowBlock entry = EntryOf(target);
            _emit.Block.EndWithBranch(equal, entry, next);
            AddEdge(target, entry, _state.Clone());
            next.Predecessors.Add(_emit.Block);
            _emit.Block = next;
        }

        JumpTo(Code.BlockAt(il.Next));
    }

    private bool StepArithmetic(IlInstruction il)
    {
        switch (il.Code)
        {
            case ILOpCode.Add or ILOpCode.Add_ovf or ILOpCode.Add_ovf_un: Binary(Opcode.Add); break;
            case ILOpCode.Sub or ILOpCode.Sub_ovf or ILOpCode.Sub_ovf_un: Binary(Opcode.Sub); break;
            case ILOpCode.Mul or ILOpCode.Mul_ovf or ILOpCode.Mul_ovf_un: Binary(Opcode.Mul); break;
            case ILOpCode.And: Binary(Opcode.And); break;
            case ILOpCode.Or: Binary(Opcode.Or); break;
            case ILOpCode.Xor: Binary(Opcode.Xor); break;
            case ILOpCode.Div: Binary(Opcode.Div, unsigned: false); break;
            case ILOpCode.Div_un: Binary(Opcode.Div, unsigned: true); break;
            case ILOpCode.Rem: Binary(Opcode.Rem, unsigned: false); break;
            case ILOpCode.Rem_un: Binary(Opcode.Rem, unsigned: true); break;
            case ILOpCode.Shl: Shift(Opcode.ShiftLeft, unsigned: null); break;
            case ILOpCode.Shr: Shift(Opcode.ShiftRight, unsigned: false); break;
            case ILOpCode.Shr_un: Shift(Opcode.ShiftRight, unsigned: true); break;
            case ILOpCode.Neg: Push(_emit.Unary(Opcode.Neg, Number(PopScalar()))); break;
            case ILOpCode.Not: Push(_emit.Unary(Opcode.Not, Number(PopScalar()))); break;
            case ILOpCode.Ceq: Test(ILOpCode.Beq); break;
            case ILOpCode.Cgt: Test(ILOpCode.Bgt); break;
            case ILOpCode.Cgt_un: Test(ILOpCode.Bgt_un); break;
            case ILOpCode.Clt: Test(ILOpCode.Blt); break;
            case ILOpCode.Clt_un: Test(ILOpCode.Blt_un); break;
            default: return StepConversion(il.Code);
        }

        return true;
    }

    private void Binary(Opcode opcode)
    {
        AbstractValue y = Pop();
        AbstractValue x = Pop();
        bool areNumbers = x is ScalarValue && y is ScalarValue;
        Push(areNumbers || MoveAddress(opcode, x, y) is not { } moved
            ? new ScalarValue(_emit.Binary(opcode, Scalar(x), Scalar(y)))
            : moved);
    }

    private void Binary(Opcode opcode, bool unsigned)
    {
        Value y = PopScalar();
        Push(_emit.Binary(opcode, PopScalar(), y, unsigned));
    }

    private void Shift(Opcode opcode, bool? unsigned)
    {
        Value amount = _emit.Coerce(PopScalar(), ScalarType.Int32);
        Value x = Number(PopScalar());
        ScalarType type = unsigned is { } u ? Emitter.WithSign(x.Type.Scalar, u) : x.Type.Scalar;
        Push(_emit.Emit(opcode, type, _emit.Coerce(x, type), amount));
    }

    private void Test(ILOpCode branch)
    {
        AbstractValue y = Pop();
        (Value condition, bool negated) = Compare(branch, Pop(), y);
        Push(negated ? _emit.Not(condition) : condition);
    }

    /// <summary>Bool operands of arithmetic are the integers 0 and 1.</summary>
    private Value Number(Value value) => value.Type.IsBool ? _emit.Coerce(value, ScalarType.Int32) : value;

    /// <summary>Conversions; a checked one (which throws on overflow) converts as the unchecked one does.</summary>
    private bool StepConversion(ILOpCode code)
    {
        if (StepAddress(code))
            return true;
        switch (code)
        {
            case ILOpCode.Conv_i1 or ILOpCode.Conv_ovf_i1 or ILOpCode.Conv_ovf_i1_un: Push(SignExtend(ToInt32(), 24)); break;
            case ILOpCode.Conv_i2 or ILOpCode.Conv_ovf_i2 or ILOpCode.Conv_ovf_i2_un: Push(SignExtend(ToInt32(), 16)); break;
            case ILOpCode.Conv_u1 or ILOpCode.Conv_ovf_u1 or ILOpCode.Conv_ovf_u1_un:
                Push(_emit.Binary(Opcode.And, ToInt32(), Constant.Of(0xFF)));
                break;
            case ILOpCode.Conv_u2 or ILOpCode.Conv_ovf_u2 or ILOpCode.Conv_ovf_u2_un:
                Push(_emit.Binary(Opcode.And, ToInt32(), Constant.Of(0xFFFF)));
                break;
            case ILOpCode.Conv_i4 or ILOpCode.Conv_ovf_i4 or ILOpCode.Conv_ovf_i4_un: Push(ToInt32()); break;
            case ILOpCode.Conv_u4 or ILOpCode.Conv_ovf_u4 or ILOpCode.Conv_ovf_u4_un:
                Push(Convert(PopScalar(), ScalarType.UInt32));
                break;
            case ILOpCode.Conv_i8 or ILOpCode.Conv_i or ILOpCode.Conv_ovf_i8 or ILOpCode.Conv_ovf_i:
                Push(Extend(ScalarType.Int64, unsigned: false));
                break;
            case ILOpCode.Conv_ovf_i8_un or ILOpCode.Conv_ovf_i_un: Push(Extend(ScalarType.Int64, unsigned: true)); break;
            case ILOpCode.Conv_u8 or ILOpCode.Conv_u or ILOpCode.Conv_ovf_u8_un or ILOpCode.Conv_ovf_u_un:
                Push(Extend(ScalarType.UInt64, unsigned: true));
                break;
            case ILOpCode.Conv_ovf_u8 or ILOpCode.Conv_ovf_u: Push(Extend(ScalarType.UInt64, unsigned: false)); break;
            case ILOpCode.Conv_r4: Push(ToFloat32()); break;
            case ILOpCode.Conv_r8: Push(_emit.Emit(Opcode.Convert, ScalarType.Float64, Signed(PopScalar()))); break;
            case ILOpCode.Conv_r_un: Push(_emit.Emit(Opcode.Convert, ScalarType.Float64, Unsigned(PopScalar()))); break;
            default: return false;
        }

        return true;
    }

    /// <summary>A reference as a pointer, a pointer as a number: the same address.</summary>
    private bool StepAddress(ILOpCode code)
    {
        bool keeps = code is ILOpCode.Conv_u or ILOpCode.Conv_i or ILOpCode.Conv_u8 or ILOpCode.Conv_i8;
        return keeps && (IsAddress(_state.Stack[^1]) || _state.Stack[^1] is DataAddress);
    }

    private Value ToInt32() => Convert(PopScalar(), ScalarType.Int32);

    private Value Convert(Value value, ScalarType type)
    {
        if (value.Type.IsInteger || value.Type.IsBool)
        {
            return value.Type.Scalar.Size() > type.Size()
                ? _emit.Emit(Opcode.Convert, type, value)
                : _emit.Coerce(value, type);
        }

        return _emit.Emit(Opcode.Convert, type, value);
    }

    private Value SignExtend(Value value, int shift) =>
        _emit.Emit(Opcode.ShiftRight, ScalarType.Int32,
            _emit.Emit(Opcode.ShiftLeft, ScalarType.Int32, value, Constant.Of(shift)), Constant.Of(shift));

    private Value Extend(ScalarType type, bool unsigned)
    {
        Value value = PopScalar();
        if (value.Type.IsFloat)
            return _emit.Emit(Opcode.Convert, type, value);
        return value.Type.Scalar.Size() == 8
            ? _emit.Coerce(value, type)
            : _emit.Emit(Opcode.Convert, type, unsigned ? Unsigned(value) : Signed(value));
    }

    private Value Signed(Value value) => _emit.Coerce(value, Emitter.WithSign(value.Type.Scalar, unsigned: false));

    private Value Unsigned(Value value) => _emit.Coerce(value, Emitter.WithSign(value.Type.Scalar, unsigned: true));

    /// <summary>conv.r4. After conv.r.un the integer is converted in one rounding, as the JIT does.</summary>
    private Value ToFloat32()
    {
        Value value = PopScalar();
        if (value.Type == ScalarType.Float32)
            return value;
        if (value is Instruction { Opcode: Opcode.Convert } convert && IsUnsigned(convert.Operands[0].Type))
            value = convert.Operands[0];
        else if (!value.Type.IsFloat)
            value = Signed(value);
        return _emit.Emit(Opcode.Convert, ScalarType.Float32, value);
    }

    private static bool IsUnsigned(IrType type) => type == ScalarType.UInt32 || type == ScalarType.UInt64;
}
