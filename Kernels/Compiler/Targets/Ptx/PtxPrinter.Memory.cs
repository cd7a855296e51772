using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>Memory: addresses, loads, stores, arrays and atomic operations.</summary>
internal sealed partial class PtxPrinter
{
    /// <summary>Bytes that the hardware adds to an address register.</summary>
    private const int LargestImmediate = 1 << 23;

    private string? Load(Instruction i)
    {
        if (_vectors.Of(i) is { } vector)
        {
            if (vector.Place == i)
                LoadVector(vector);
            return null;
        }

        IrType pointer = i.Operands[0].Type;
        string value = _text.Compute(RegisterOfMemory(i.Type),
            $"ld.{PtxTypes.Space(pointer.Space!.Value)}.{PtxTypes.Memory(pointer.Scalar)}", Element(i));
        return i.Type.IsBool ? _text.Compute("pred", "setp.ne.u32", value, "0") : value;
    }

    private void Store(Instruction i)
    {
        if (_vectors.Of(i) is { } vector)
        {
            if (vector.Place == i)
                StoreVector(vector);
            return;
        }

        IrType pointer = i.Operands[0].Type;
        string value = Register(i.Operands[2]);
        if (pointer.Scalar == ScalarType.Bool)
            value = _text.Compute("b32", "selp.b32", "1", "0", value);
        string element = Element(i);
        _text.Emit($"st.{PtxTypes.Space(pointer.Space!.Value)}.{PtxTypes.Memory(pointer.Scalar)} {element}, {value}");
    }

    private void LoadVector(PtxVector vector)
    {
        IrType pointer = vector.Place.Operands[0].Type;
        string element = Element(vector.Members[0]);
        string[] values = [.. vector.Members.Select(m => _text.NewRegister(RegisterOfMemory(m.Type)))];
        _text.Emit($"ld.{PtxTypes.Space(pointer.Space!.Value)}.v{values.Length}.{PtxTypes.Memory(pointer.Scalar)} " +
            $"{{{string.Join(", ", values)}}}, {element}");
        foreach ((Instruction member, string value) in vector.Members.Zip(values))
            _names.Add(member, value);
    }

    private void StoreVector(PtxVector vector)
    {
        IrType pointer = vector.Place.Operands[0].Type;
        string values = string.Join(", ", vector.Members.Select(m => Register(m.Operands[2])));
        string element = Element(vector.Members[0]);
        _text.Emit($"st.{PtxTypes.Space(pointer.Space!.Value)}.v{vector.Members.Length}.{PtxTypes.Memory(pointer.Scalar)} " +
            $"{element}, {{{values}}}");
    }

    /// <summary>The operand <c>[address]</c> of an access.</summary>
    private string Element(Instruction i)
    {
        PtxAddress address = _addresses[i]!;
        string start = Start(address);
        if (Math.Abs((double)address.Offset) >= LargestImmediate)
            return $"[{Offset(start, address)}]";
        return address.Offset == 0 ? $"[{start}]" : $"[{start}+{address.Offset}]";
    }

    private string PointerAdd(Instruction i)
    {
        PtxAddress address = _addresses[i]!;
        string start = Start(address);
        return address.Offset == 0 ? start : Offset(start, address);
    }

    /// <summary>Has the terms that a pointer's users share computed where the pointer is, and not in loops that use it.</summary>
    private void Prepare(PtxAddress address)
    {
        if (IsNamed(address.Pointer) && address.Terms.All(t => IsNamed(t.Value)))
            Start(address);

        bool IsNamed(Value value) => value is Constant || _names.ContainsKey(value);
    }

    /// <summary>The register of an address without its offset. A sum that stands in the text before and holds here is not made
    /// again.</summary>
    private string Start(PtxAddress address)
    {
        bool isGlobal = address.Pointer.Type.Space == AddressSpace.Global;
        string at = Register(address.Pointer);
        foreach (PtxTerm term in address.Terms)
        {
            bool isSigned = term.Value.Type.Scalar.IsSigned();
            (string, string, long, bool) key = (at, Register(term.Value), term.Scale, isSigned);
            if (!_sums.TryGetValue(key, out string? sum))
            {
                sum = isGlobal ? AddWide(at, term) : AddNarrow(at, term);
                _sums.Add(key, sum);
                _sumsHere.Add(key);
            }

            at = sum;
        }

        return at;
    }

    private string AddWide(string at, PtxTerm term)
    {
        string count = Register(term.Value);
        if (term.Value.Type.Scalar.Size() < 8)
        {
            bool isSigned = term.Value.Type.Scalar.IsSigned() || term.Value.Type.Scalar.Size() < 4;
            if (isSigned ? Math.Abs((double)term.Scale) < int.MaxValue : term.Scale is > 0 and < uint.MaxValue)
                return _text.Compute("b64", isSigned ? "mad.wide.s32" : "mad.wide.u32", count, $"{term.Scale}", at);
            count = _text.Compute("b64", isSigned ? "cvt.s64.s32" : "cvt.u64.u32", count);
        }

        if (term.Scale == 1)
            return _text.Compute("b64", "add.s64", at, count);

        // A shift and a sum are two instructions of the hardware, a product by anything four.
        return long.IsPow2(term.Scale)
            ? _text.Compute("b64", "add.s64", at, _text.Compute("b64", "shl.b64", count, $"{long.Log2(term.Scale)}"))
            : _text.Compute("b64", "mad.lo.s64", count, $"{term.Scale}", at);
    }

    private string AddNarrow(string at, PtxTerm term)
    {
        string count = Register(term.Value);
        if (term.Value.Type.Scalar.Size() == 8)
            count = _text.Compute("b32", "cvt.u32.u64", count);
        return term.Scale == 1
            ? _text.Compute("b32", "add.s32", at, count)
            : _text.Compute("b32", "mad.lo.s32", count, $"{(int)term.Scale}", at);
    }

    private string Offset(string start, PtxAddress address) => address.Pointer.Type.Space == AddressSpace.Global
        ? _text.Compute("b64", "add.s64", start, $"{address.Offset}")
        : _text.Compute("b32", "add.s32", start, $"{(int)address.Offset}");

    private string Allocate(Instruction i)
    {
        string name = $"array_{_arrayCount++}";
        int bytes = Math.Max(1, i.Count * i.Type.Scalar.Size());
        _arrays.Append($"\t.{PtxTypes.Space(i.Type.Space!.Value)} .align 16 .b8 {name}[{bytes}];\n");
        return _text.Compute("b32", "mov.u32", name);
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
