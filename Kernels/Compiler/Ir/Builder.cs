using System.Collections.Immutable;

namespace Cotangent.Kernels.Ir;

/// <summary>Appends nodes to a region. The front end and the engine's fused kernels both build IR through it.</summary>
internal sealed class Builder(Region region)
{
    private Region _region = region;

    /// <summary>The region that receives nodes now.</summary>
    public Region Region => _region;

    public T Append<T>(T node) where T : INode
    {
        _region.Nodes.Add(node);
        return node;
    }

    public Instruction Unary(Opcode opcode, Value x) => Append(new Instruction(opcode, x.Type, x));

    public Instruction Binary(Opcode opcode, Value x, Value y) => Append(new Instruction(opcode, x.Type, x, y));

    public Instruction Compare(Opcode opcode, Value x, Value y) =>
        Append(new Instruction(opcode, ScalarType.Bool, x, y));

    public Instruction Add(Value x, Value y) => Binary(Opcode.Add, x, y);

    public Instruction Sub(Value x, Value y) => Binary(Opcode.Sub, x, y);

    public Instruction Mul(Value x, Value y) => Binary(Opcode.Mul, x, y);

    public Instruction Div(Value x, Value y) => Binary(Opcode.Div, x, y);

    public Instruction Select(Value condition, Value x, Value y) =>
        Append(new Instruction(Opcode.Select, x.Type, condition, x, y));

    public Instruction Fma(Value x, Value y, Value z) => Append(new Instruction(Opcode.Fma, x.Type, x, y, z));

    public Value Convert(Value x, ScalarType type) =>
        x.Type.Scalar == type ? x : Append(new Instruction(Opcode.Convert, type, x));

    public Value BitCast(Value x, ScalarType type) =>
        x.Type.Scalar == type ? x : Append(new Instruction(Opcode.BitCast, type, x));

    public Instruction Call(MathFunction function, params ImmutableArray<Value> arguments) =>
        Append(new Instruction(Opcode.Call, arguments[0].Type, arguments) { Function = function });

    /// <summary>GlobalIndex, GlobalExtent, GroupIndex, GroupExtent, GridIndex or GridExtent along an axis.</summary>
    public Instruction Position(Opcode opcode, Axis axis = Axis.X) =>
        Append(new Instruction(opcode, ScalarType.Int32) { Axis = axis });

    public Instruction Load(Value pointer, Value index) =>
        Append(new Instruction(Opcode.Load, pointer.Type.Element, pointer, index));

    public Instruction Store(Value pointer, Value index, Value value) =>
        Append(new Instruction(Opcode.Store, ScalarType.Void, pointer, index, value));

    public Instruction AtomicAdd(Value pointer, Value index, Value value) =>
        Atomic(Opcode.AtomicAdd, pointer, index, value);

    /// <summary>AtomicAdd … AtomicCompareExchange (which takes the comparand, then the value).</summary>
    public Instruction Atomic(Opcode opcode, Value pointer, Value index, params ImmutableArray<Value> values) =>
        Append(new Instruction(opcode, pointer.Type.Element, [pointer, index, .. values]));

    public Instruction Allocate(ScalarType element, AddressSpace space, int count) =>
        Append(new Instruction(Opcode.Allocate, IrType.Pointer(element, space)) { Count = count });

    public Instruction Barrier() => Append(new Instruction(Opcode.Barrier, ScalarType.Void));

    public Instruction Fence(MemoryScope scope) =>
        Append(new Instruction(Opcode.Fence, ScalarType.Void) { Scope = scope });

    /// <summary>GroupBroadcast, GroupShuffle or WarpShuffle.</summary>
    public Instruction Exchange(Opcode opcode, Value value, Value item) =>
        Append(new Instruction(opcode, value.Type, value, item));

    /// <summary>GroupAdd, GroupMin or GroupMax.</summary>
    public Instruction GroupReduce(Opcode opcode, Value x) => Unary(opcode, x);

    /// <summary>Fills <paramref name="region"/> with what <paramref name="body"/> appends.</summary>
    public void Within(Region region, Action body)
    {
        Region outer = _region;
        _region = region;
        body();
        _region = outer;
    }

    /// <summary>An If whose arms return the values it yields.</summary>
    public ImmutableArray<Result> If(Value condition, ImmutableArray<IrType> types, Func<ImmutableArray<Value>> then,
        Func<ImmutableArray<Value>> otherwise)
    {
        If node = new(condition, types);
        Within(node.Then, () => Append(new Break(node, then())));
        Within(node.Else, () => Append(new Break(node, otherwise())));
        return Append(node).Results;
    }

    /// <summary>An If without results or else.</summary>
    public void If(Value condition, Action then) => If(condition, [], () => { then(); return []; }, () => []);

    /// <summary>for (i = start; i &lt; end; i += step) with carried values: body takes i and the carried values, gives
    /// the new ones. Returns the carried values after the last round. All integers have <paramref name="start"/>'s
    /// type; step is positive.</summary>
    /// <remarks>This is the canonical counted-loop shape that the unroller and the SIMD target recognise:
    /// <c>Loop(i, carried) { If(i &lt; end) { body; Continue(i + step, new) } else { Break(carried) }
    /// Unreachable }</c>.</remarks>
    public ImmutableArray<Result> For(Value start, Value end, Value step, ImmutableArray<Value> initial,
        Func<Value, ImmutableArray<Value>, ImmutableArray<Value>> body)
    {
        Loop loop = new([start, .. initial], [.. initial.Select(v => v.Type)]);
        Value i = loop.Parameters[0];
        ImmutableArray<Value> carried = [.. loop.Parameters.Skip(1)];
        Within(loop.Body, () =>
        {
            If test = new(Compare(Opcode.Less, i, end));
            Within(test.Then, () =>
            {
                ImmutableArray<Value> next = body(i, carried);
                Append(new Continue(loop, [Add(i, step), .. next]));
            });
            Within(test.Else, () => Append(new Break(loop, carried)));
            Append(test);
            Append(new Unreachable());
        });
        return Append(loop).Results;
    }
}
