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
        else if (!StepVariable(il) && !StepMemory(il) && !StepArithmetic(il))
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
                Push(_state.Variables[Frame.FirstVariable + number]);
                break;
            case ILOpCode.Ldarga:
                Push(new LocalAddress(Frame.FirstVariable + number, [], Code.ArgumentTypes[number]));
                break;
            case ILOpCode.Starg:
                _state.Variables[Frame.FirstVariable + number] = Coerce(Pop(), Code.ArgumentTypes[number]);
                break;
            case ILOpCode.Ldloc:
                Push(_state.Variables[firstLocal + number]);
                break;
            case ILOpCode.Ldloca:
                Push(new LocalAddress(firstLocal + number, [], Code.LocalTypes[number]));
                break;
            case ILOpCode.Stloc:
                _state.Variables[firstLocal + number] = Coerce(Pop(), Code.LocalTypes[number]);
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
            case ILOpCode.Ldtoken:
                Push(new TypeValue(Code.ResolveType((int)il.Operand)));
                break;
            case ILOpCode.Ldstr:
                Push(new Refused(Refuse(il), Code.Method.Module.ResolveString((int)il.Operand)));
                break;
            case ILOpCode.Ldnull:
                Push(new Refused(Refuse(il)));
                break;
            case ILOpCode.Box:
                Pop();
                Push(new Refused(Refuse(il)));
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
            condition = _emit.Truth(PopScalar());
            negated = il.Code == ILOpCode.Brfalse;
        }
        else
        {
            Value y = PopScalar();
            Value x = PopScalar();
            (condition, negated) = Compare(il.Code, x, y);
        }

        IlBlock target = Code.BlockAt(il.Operand);
        IlBlock next = Code.BlockAt(il.Next);
        if (negated)
            BranchTo(condition, next, target);
        else
            BranchTo(condition, target, next);
    }

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
        for (int i = 0; i < il.Targets!.Length; i++)
        {
            IlBlock target = Code.BlockAt(il.Targets[i]);
            Value equal = _emit.Compare(Opcode.Equal, selector, Constant.Of(i));
            if (equal is Constant { Bits: 0 })
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
            case ILOpCode.Add: Binary(Opcode.Add); break;
            case ILOpCode.Sub: Binary(Opcode.Sub); break;
            case ILOpCode.Mul: Binary(Opcode.Mul); break;
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
        Value y = PopScalar();
        Push(_emit.Binary(opcode, PopScalar(), y));
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
        Value y = PopScalar();
        (Value condition, bool negated) = Compare(branch, PopScalar(), y);
        Push(negated ? _emit.Not(condition) : condition);
    }

    /// <summary>Bool operands of arithmetic are the integers 0 and 1.</summary>
    private Value Number(Value value) => value.Type.IsBool ? _emit.Coerce(value, ScalarType.Int32) : value;

    private bool StepConversion(ILOpCode code)
    {
        switch (code)
        {
            case ILOpCode.Conv_i1: Push(SignExtend(ToInt32(), 24)); break;
            case ILOpCode.Conv_i2: Push(SignExtend(ToInt32(), 16)); break;
            case ILOpCode.Conv_u1: Push(_emit.Binary(Opcode.And, ToInt32(), Constant.Of(0xFF))); break;
            case ILOpCode.Conv_u2: Push(_emit.Binary(Opcode.And, ToInt32(), Constant.Of(0xFFFF))); break;
            case ILOpCode.Conv_i4: Push(ToInt32()); break;
            case ILOpCode.Conv_u4: Push(Convert(PopScalar(), ScalarType.UInt32)); break;
            case ILOpCode.Conv_i8 or ILOpCode.Conv_i: Push(Extend(ScalarType.Int64, unsigned: false)); break;
            case ILOpCode.Conv_u8 or ILOpCode.Conv_u: Push(Extend(ScalarType.UInt64, unsigned: true)); break;
            case ILOpCode.Conv_r4: Push(ToFloat32()); break;
            case ILOpCode.Conv_r8: Push(_emit.Emit(Opcode.Convert, ScalarType.Float64, Signed(PopScalar()))); break;
            case ILOpCode.Conv_r_un: Push(_emit.Emit(Opcode.Convert, ScalarType.Float64, Unsigned(PopScalar()))); break;
            default: return false;
        }

        return true;
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

    private static RefusalException Refuse(IlInstruction il) => il.Code switch
    {
        ILOpCode.Throw or ILOpCode.Rethrow or ILOpCode.Leave or ILOpCode.Endfinally =>
            new(Diagnostics.ExceptionUse, "An exception is thrown."),
        ILOpCode.Ldstr => new(Diagnostics.StringUse, "A string is used."),
        ILOpCode.Newarr => new(Diagnostics.HeapObject, "An array is allocated on the managed heap."),
        ILOpCode.Box => new(Diagnostics.HeapObject, "A value is boxed: it is converted to object or to an interface."),
        ILOpCode.Ldftn or ILOpCode.Ldvirtftn => new(Diagnostics.VirtualCall, "A delegate or function pointer is made."),
        ILOpCode.Calli => new(Diagnostics.VirtualCall, "A function pointer is called."),
        ILOpCode.Localloc => new(Diagnostics.UnsupportedInstruction, "stackalloc is used.",
            "Use LocalMemory.Allocate<T>(constant)."),
        ILOpCode.Ldlen or ILOpCode.Ldelema or (>= ILOpCode.Ldelem_i1 and <= ILOpCode.Stelem) => new(Diagnostics.HeapObject,
            "A managed array is used.", "Take an ArrayView<T> parameter, or use LocalMemory.Allocate<T>(constant)."),
        ILOpCode.Isinst or ILOpCode.Castclass or ILOpCode.Unbox or ILOpCode.Unbox_any or ILOpCode.Ldnull =>
            new(Diagnostics.HeapObject, "An object is used."),
        _ when il.Code.ToString().Contains("_ovf", StringComparison.Ordinal) => new(Diagnostics.UnsupportedInstruction,
            "Checked arithmetic is used.", "Compute unchecked, and check ranges in the caller."),
        _ => new(Diagnostics.UnsupportedInstruction, $"The IL instruction '{il.Code}' is not supported.".ToLowerInvariant()),
    };
}
