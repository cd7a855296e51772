using System.Numerics;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>Where a work item is, and what it does together with its group.</summary>
internal sealed partial class PtxPrinter
{
    private string Position(Instruction i)
    {
        int axis = (int)i.Axis;
        char letter = "xyz"[axis];
        int rank = _kernel.Kind.Rank();
        return i.Opcode switch
        {
            Opcode.GlobalIndex when rank > 0 => axis < rank ? _global[axis] : Register(Constant.Of(0)),
            Opcode.GlobalExtent when rank > 0 => axis < rank ? _extent[axis] : Register(Constant.Of(1)),
            Opcode.GlobalIndex => _text.Compute("b32", "mad.lo.u32",
                Special($"%ctaid.{letter}"), Special($"%ntid.{letter}"), Special($"%tid.{letter}")),
            Opcode.GroupIndex => Special($"%tid.{letter}"),
            Opcode.GroupExtent when _kernel.Group is { } group => Register(Constant.Of(axis == 0 ? group.X : axis == 1 ? group.Y : group.Z)),
            Opcode.GroupExtent => Special($"%ntid.{letter}"),
            Opcode.GridIndex => Special($"%ctaid.{letter}"),
            Opcode.GridExtent => Special($"%nctaid.{letter}"),
            _ => _text.Compute("b32", "mul.lo.u32", Special($"%nctaid.{letter}"), Special($"%ntid.{letter}")),
        };
    }

    /// <summary>The item's number in its group, X fastest.</summary>
    private string ItemInGroup()
    {
        if (_kernel.Group is { Y: 1, Z: 1 })
            return Special("%tid.x");
        string row = _text.Compute("b32", "mad.lo.u32", Special("%tid.z"), Special("%ntid.y"), Special("%tid.y"));
        return _text.Compute("b32", "mad.lo.u32", row, Special("%ntid.x"), Special("%tid.x"));
    }

    private string ItemsInGroup()
    {
        if (_kernel.Group is { } group)
            return Register(Constant.Of(group.X * group.Y * group.Z));
        string plane = _text.Compute("b32", "mul.lo.u32", Special("%ntid.x"), Special("%ntid.y"));
        return _text.Compute("b32", "mul.lo.u32", plane, Special("%ntid.z"));
    }

    private string GroupOperation(Instruction i)
    {
        bool isBool = i.Type.IsBool;
        ScalarType type = isBool ? ScalarType.UInt32 : i.Type.Scalar;
        string value = Register(i.Operands[0]);
        if (isBool)
            value = FromBool(type, value);
        string result = i.Opcode switch
        {
            Opcode.WarpShuffle => WarpShuffle(type, value, Register(i.Operands[1])),
            Opcode.GroupBroadcast or Opcode.GroupShuffle => Exchange(i.Opcode, type, value, Register(i.Operands[1])),
            _ => Reduce(i.Opcode, type, value),
        };
        return isBool ? _text.Compute("pred", "setp.ne.u32", result, "0") : result;
    }

    // Every item stores its value, then reads the one it asks for. The first barrier keeps the stores behind the reads of an operation
    // before.
    private string Exchange(Opcode opcode, ScalarType type, string value, string source)
    {
        string own = ItemInGroup();
        string start = _text.Compute("b32", "mov.u32", PtxFunction.DynamicShared);
        StoreToScratch(type, start, own, value);
        _text.Emit("bar.sync 0");
        if (opcode == Opcode.GroupShuffle)
        {
            string exists = _text.Compute("pred", "setp.lt.u32", source, ItemsInGroup());
            source = _text.Compute("b32", "selp.b32", source, own, exists);
        }

        return _text.Compute(PtxTypes.Register(type), $"ld.shared.{PtxTypes.Memory(type)}", $"[{ScratchOf(type, start, source)}]");
    }

    // The tree that Opcode.GroupAdd's documentation fixes: with n items the first stride is the power of two below n. Strides of 32 and
    // more go through shared memory; the rest of the tree is the first warp's, by shuffles.
    private string Reduce(Opcode opcode, ScalarType type, string value)
    {
        Opcode combine = opcode switch { Opcode.GroupAdd => Opcode.Add, Opcode.GroupMin => Opcode.Min, _ => Opcode.Max };
        string memory = PtxTypes.Memory(type);
        string register = PtxTypes.Register(type);
        string item = ItemInGroup();
        string items = ItemsInGroup();
        string start = _text.Compute("b32", "mov.u32", PtxFunction.DynamicShared);
        string own = StoreToScratch(type, start, item, value);
        if (_kernel.Group is { } group)
            return ReduceKnown(combine, type, value, item, own, start, group.X * group.Y * group.Z);

        // One item: 31 − 32 as an unsigned amount shifts everything out.
        string zeros = _text.Compute("b32", "clz.b32", _text.Compute("b32", "sub.u32", items, "1"));
        string stride = _text.Compute("b32", "shl.b32", Register(Constant.Of(1)),
            _text.Compute("b32", "sub.u32", Register(Constant.Of(31)), zeros));
        (string again, string skip, string inWarp, string done) = (_text.NewLabel(), _text.NewLabel(), _text.NewLabel(), _text.NewLabel());
        _text.Label(again);
        _text.Emit("bar.sync 0");
        _text.BranchIf(_text.Compute("pred", "setp.lt.u32", stride, "32"), inWarp);
        string other = _text.Compute("b32", "add.u32", item, stride);
        string isLow = _text.Compute("pred", "setp.lt.u32", item, stride);
        string hasOther = _text.Compute("pred", "setp.lt.u32", other, items);
        _text.BranchUnless(_text.Compute("pred", "and.pred", isLow, hasOther), skip);
        string left = _text.Compute(register, $"ld.shared.{memory}", $"[{own}]");
        string right = _text.Compute(register, $"ld.shared.{memory}", $"[{ScratchOf(type, start, other)}]");
        _text.Emit($"st.shared.{memory} [{own}], {Binary(combine, type, left, right)}");
        _text.Label(skip);
        _text.Emit($"shr.u32 {stride}, {stride}, 1");
        _text.Branch(again);
        _text.Label(inWarp);
        _text.BranchIf(_text.Compute("pred", "setp.ge.u32", item, "32"), done);
        string sum = ReduceInWarp(combine, type, _text.Compute(register, $"ld.shared.{memory}", $"[{own}]"), items);
        string isFirst = _text.Compute("pred", "setp.eq.u32", item, "0");
        _text.Emit($"@{isFirst} st.shared.{memory} [{start}], {sum}");
        _text.Label(done);
        _text.Emit("bar.sync 0");
        return _text.Compute(register, $"ld.shared.{memory}", $"[{start}]");
    }

    // The same tree where the number of items is known: no loop, and the first warp goes on with what it has in registers.
    private string ReduceKnown(Opcode combine, ScalarType type, string value, string item, string own, string start, int items)
    {
        string memory = PtxTypes.Memory(type);
        string register = PtxTypes.Register(type);
        int stride = (int)BitOperations.RoundUpToPowerOf2((uint)items) / 2;
        bool isInMemory = stride > Opcodes.WarpSize;
        for (; stride > Opcodes.WarpSize; stride /= 2)
        {
            _text.Emit("bar.sync 0");
            string skip = BranchUnlessBelow(item, Math.Min(stride, items - stride));
            string left = _text.Compute(register, $"ld.shared.{memory}", $"[{own}]");
            string right = _text.Compute(register, $"ld.shared.{memory}", $"[{own}+{stride * type.Size()}]");
            _text.Emit($"st.shared.{memory} [{own}], {Binary(combine, type, left, right)}");
            _text.Label(skip);
        }

        _text.Emit("bar.sync 0");
        string done = BranchUnlessBelow(item, Opcodes.WarpSize);
        if (isInMemory)
            value = _text.Compute(register, $"ld.shared.{memory}", $"[{own}]");
        if (stride == Opcodes.WarpSize)
        {
            string sum = _text.NewRegister(register);
            _text.Emit($"mov.{register} {sum}, {value}");
            string skip = items - stride < Opcodes.WarpSize ? BranchUnlessBelow(item, items - stride) : _text.NewLabel();
            string other = _text.Compute(register, $"ld.shared.{memory}", $"[{own}+{stride * type.Size()}]");
            _text.Emit($"mov.{register} {sum}, {Binary(combine, type, value, other)}");
            _text.Label(skip);
            value = sum;
        }

        int lanes = Math.Min(items, Opcodes.WarpSize);
        string mask = $"{(int)(uint.MaxValue >> (Opcodes.WarpSize - lanes))}";
        for (stride = Opcodes.WarpSize / 2; stride > 0; stride /= 2)
        {
            if (stride >= lanes)
                continue;
            (string other, string exists) = ShuffleDown(type, value, stride, $"{lanes - 1}", mask);
            string sum = Binary(combine, type, value, other);

            // In a full warp every lane that counts has the other.
            value = lanes == Opcodes.WarpSize ? sum : _text.Compute(register, $"selp.{register}", sum, value, exists);
        }

        string isFirst = _text.Compute("pred", "setp.eq.u32", item, "0");
        _text.Emit($"@{isFirst} st.shared.{memory} [{start}], {value}");
        _text.Label(done);
        _text.Emit("bar.sync 0");
        return _text.Compute(register, $"ld.shared.{memory}", $"[{start}]");
    }

    /// <summary>Jumps to the label that it returns in items from a number on; in none if all are below.</summary>
    private string BranchUnlessBelow(string item, int count)
    {
        string label = _text.NewLabel();
        if (_kernel.Group is { } group && group.X * group.Y * group.Z > count)
            _text.BranchIf(_text.Compute("pred", "setp.ge.u32", item, $"{count}"), label);
        return label;
    }

    // A lane takes the other's value where the group has that item. Lanes that no later step reads compute what nobody sees.
    private string ReduceInWarp(Opcode combine, ScalarType type, string value, string items)
    {
        string last = _text.Compute("b32", "sub.u32", _text.Compute("b32", "min.u32", items, "32"), "1");
        string missing = _text.Compute("b32", "sub.u32", Register(Constant.Of(31)), last);
        string mask = _text.Compute("b32", "shr.u32", Register(Constant.Of(-1)), missing);
        for (int stride = Opcodes.WarpSize / 2; stride > 0; stride /= 2)
        {
            (string other, string exists) = ShuffleDown(type, value, stride, last, mask);
            string register = PtxTypes.Register(type);
            value = _text.Compute(register, $"selp.{register}", Binary(combine, type, value, other), value, exists);
        }

        return value;
    }

    private (string Value, string Exists) ShuffleDown(ScalarType type, string value, int stride, string last, string mask)
    {
        string exists = _text.NewRegister("pred");
        string bits = ToBits(type, value);
        if (type.Size() == 4)
            return (FromBits(type, Down(bits)), exists);
        (string low, string high) = (_text.NewRegister("b32"), _text.NewRegister("b32"));
        _text.Emit($"mov.b64 {{{low}, {high}}}, {bits}");
        return (FromBits(type, _text.Compute("b64", "mov.b64", $"{{{Down(low)}, {Down(high)}}}")), exists);

        string Down(string x)
        {
            string result = _text.NewRegister("b32");
            _text.Emit($"shfl.sync.down.b32 {result}|{exists}, {x}, {stride}, {last}, {mask}");
            return result;
        }
    }

    private string StoreToScratch(ScalarType type, string start, string item, string value)
    {
        string own = ScratchOf(type, start, item);
        _text.Emit("bar.sync 0");
        _text.Emit($"st.shared.{PtxTypes.Memory(type)} [{own}], {value}");
        return own;
    }

    private string ScratchOf(ScalarType type, string start, string item) =>
        _text.Compute("b32", "mad.lo.u32", item, $"{type.Size()}", start);

    // The items of a warp come here together, since control flow is the same for the group. The last warp may have fewer than 32.
    private string WarpShuffle(ScalarType type, string value, string lane)
    {
        string item = ItemInGroup();
        string own = _text.Compute("b32", "and.b32", item, "31");
        string left = _text.Compute("b32", "sub.u32", ItemsInGroup(), _text.Compute("b32", "sub.u32", item, own));
        string present = _text.Compute("b32", "min.u32", left, "32");
        string exists = _text.Compute("pred", "setp.lt.u32", lane, present);
        string source = _text.Compute("b32", "selp.b32", lane, own, exists);
        string missing = _text.Compute("b32", "sub.u32", Register(Constant.Of(32)), present);
        string mask = _text.Compute("b32", "shr.u32", Register(Constant.Of(-1)), missing);
        string bits = ToBits(type, value);
        if (type.Size() == 4)
            return FromBits(type, Shuffle(bits));

        (string low, string high) = (_text.NewRegister("b32"), _text.NewRegister("b32"));
        _text.Emit($"mov.b64 {{{low}, {high}}}, {bits}");
        string joined = _text.Compute("b64", "mov.b64", $"{{{Shuffle(low)}, {Shuffle(high)}}}");
        return FromBits(type, joined);

        string Shuffle(string x) => _text.Compute("b32", "shfl.sync.idx.b32", x, source, "31", mask);
    }
}
