using System.Numerics;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>Memory: addresses, loads, stores, arrays and atomic operations.</summary>
internal sealed partial class PtxPrinter
{
    private string Load(Instruction i)
    {
        IrType pointer = i.Operands[0].Type;
        if (_sharedVectors[i] is { } vector)
            return LoadVector(i, vector);
        string value = _text.Compute(RegisterOfMemory(i.Type),
            $"ld.{PtxTypes.Space(pointer.Space!.Value)}.{PtxTypes.Memory(pointer.Scalar)}", Element(i));
        return i.Type.IsBool ? _text.Compute("pred", "setp.ne.u32", value, "0") : value;
    }

    private void Store(Instruction i)
    {
        IrType pointer = i.Operands[0].Type;
        if (_sharedVectors[i] is { } vector)
        {
            StoreVector(i, vector);
            return;
        }

        string value = Register(i.Operands[2]);
        if (pointer.Scalar == ScalarType.Bool)
            value = _text.Compute("b32", "selp.b32", "1", "0", value);
        string element = Element(i);
        _text.Emit($"st.{PtxTypes.Space(pointer.Space!.Value)}.{PtxTypes.Memory(pointer.Scalar)} {element}, {value}");
    }

    /// <summary>The operand <c>[address]</c> of the element at operand 1 behind the pointer at operand 0.</summary>
    private string Element(Instruction i)
    {
        if (i.Operands[0].Type.Space == AddressSpace.Shared)
            return SharedElement(_sharedVectors.Address(i));
        string pointer = Register(i.Operands[0]);
        int size = i.Operands[0].Type.Scalar.Size();
        if (i.Operands[1] is Constant index && Math.Abs(index.AsInteger) < 1 << 24)
            return index.AsInteger == 0 ? $"[{pointer}]" : $"[{pointer}+{index.AsInteger * size}]";
        return $"[{Advance(pointer, i.Operands[1], size)}]";
    }

    private string PointerAdd(Instruction i) => i.Type.Space == AddressSpace.Shared
        ? AdvanceShared(Register(i.Operands[0]), i.Operands[1], i.Type.Scalar.Size())
        : Advance(Register(i.Operands[0]), i.Operands[1], i.Operands[0].Type.Scalar.Size());

    private string Advance(string pointer, Value count, int size)
    {
        string index = Register(count);
        if (count.Type.Scalar == ScalarType.Int32)
            return _text.Compute("b64", "mad.wide.s32", index, $"{size}", pointer);

        // The assembler makes one two-instruction addition of these; of mad.lo.s64 it makes three multiplications and more.
        string bytes = size == 1 ? index : _text.Compute("b64", "shl.b64", index, $"{BitOperations.Log2((uint)size)}");
        return _text.Compute("b64", "add.s64", pointer, bytes);
    }

    private string Allocate(Instruction i)
    {
        string name = $"array_{_arrayCount++}";
        int bytes = Math.Max(1, i.Count * i.Type.Scalar.Size());
        _arrays.Append($"\t.{PtxTypes.Space(i.Type.Space!.Value)} .align 16 .b8 {name}[{bytes}];\n");
        return i.Type.Space == AddressSpace.Shared ? _text.Compute("b32", "mov.u32", name) : _text.Compute("b64", "mov.u64", name);
    }

    // The scratch memory of group operations comes first.
    private string DynamicShared()
    {
        _usesDynamicShared = true;
        string start = _text.Compute("b32", "mov.u32", PtxFunction.DynamicShared);
        return _scratchBytes == 0 ? start : _text.Compute("b32", "add.u32", start, ScratchSize());
    }

    private string DynamicSharedSize()
    {
        _usesDynamicShared = true;
        string all = Special("%dynamic_smem_size");
        return _scratchBytes == 0 ? all : _text.Compute("b32", "sub.u32", all, ScratchSize());
    }

    private string ScratchSize()
    {
        string padded = _text.Compute("b32", "mad.lo.u32", ItemsInGroup(), $"{_scratchBytes}", "15");
        return _text.Compute("b32", "and.b32", padded, "-16");
    }

    private string Atomic(Instruction i)
    {
        IrType pointer = i.Operands[0].Type;
        ScalarType type = pointer.Scalar;
        bool isFloat = i.Type.IsFloat;
        string space = PtxTypes.Space(pointer.Space!.Value);
        string bits = PtxTypes.Bits(type);
        string element = Element(i);
        string value = Register(i.Operands[2]);
        if (i.Opcode is Opcode.AtomicExchange or Opcode.AtomicCompareExchange)
        {
            string old = i.Opcode == Opcode.AtomicExchange
                ? _text.Compute(bits, $"atom.{space}.exch.{bits}", element, ToBits(type, value))
                : _text.Compute(bits, $"atom.{space}.cas.{bits}", element, ToBits(type, value), ToBits(type, Register(i.Operands[3])));
            return FromBits(type, old);
        }

        if (isFloat && i.Opcode != Opcode.AtomicAdd)
            return FromBits(type, CompareAndSwapLoop(i.Opcode, type, space, element, value));

        // One departure from the IR's meaning: the hardware adds float32 in global memory with subnormals flushed to zero. A loop of
        // compare-and-swap would keep them at many times the cost, for sums whose order is open anyway.
        string operation = i.Opcode switch
        {
            Opcode.AtomicAdd => $"add.{(type == ScalarType.Int64 ? "u64" : PtxTypes.Arithmetic(type))}",
            Opcode.AtomicMin => $"min.{PtxTypes.Arithmetic(type)}",
            Opcode.AtomicMax => $"max.{PtxTypes.Arithmetic(type)}",
            Opcode.AtomicAnd => $"and.{bits}",
            Opcode.AtomicOr => $"or.{bits}",
            _ => $"xor.{bits}",
        };
        if (_used.Contains(i))
            return _text.Compute(PtxTypes.Register(i.Type), $"atom.{space}.{operation}", element, value);
        _text.Emit($"red.{space}.{operation} {element}, {value}");
        return "";
    }

    // Compares bits, so that a NaN in memory ends the loop.
    private string CompareAndSwapLoop(Opcode opcode, ScalarType type, string space, string element, string value)
    {
        string bits = PtxTypes.Bits(type);
        string again = _text.NewLabel();
        string seen = _text.Compute(bits, $"ld.volatile.{space}.{bits}", element);
        string old = _text.NewRegister(bits);
        _text.Label(again);
        _text.Emit($"mov.{bits} {old}, {seen}");
        string next = Binary(opcode == Opcode.AtomicMin ? Opcode.Min : Opcode.Max, type, FromBits(type, old), value);
        _text.Emit($"atom.{space}.cas.{bits} {seen}, {element}, {old}, {ToBits(type, next)}");
        _text.BranchIf(_text.Compute("pred", $"setp.ne.{bits}", seen, old), again);
        return old;
    }

    private string ToBits(ScalarType type, string x) =>
        PtxTypes.Register(type) == PtxTypes.Bits(type) ? x : _text.Compute(PtxTypes.Bits(type), $"mov.{PtxTypes.Bits(type)}", x);

    private string FromBits(ScalarType type, string x) =>
        PtxTypes.Register(type) == PtxTypes.Bits(type) ? x : _text.Compute(PtxTypes.Register(type), $"mov.{PtxTypes.Bits(type)}", x);
}
