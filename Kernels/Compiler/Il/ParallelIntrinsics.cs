using System.Reflection;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>The kernel language's operations between work items: atomics, fences, barriers, reductions, shuffles, shared memory of the
/// launch's size.</summary>
internal static class ParallelIntrinsics
{
    /// <summary>By type and method name, for <see cref="Intrinsics"/>.</summary>
    public static readonly IReadOnlyDictionary<string, Intrinsic> Table = new Dictionary<string, Intrinsic>(StringComparer.Ordinal)
    {
        ["Atomic.Add"] = Atomic(Opcode.AtomicAdd),
        ["Atomic.Min"] = Atomic(Opcode.AtomicMin),
        ["Atomic.Max"] = Atomic(Opcode.AtomicMax),
        ["Atomic.And"] = Atomic(Opcode.AtomicAnd),
        ["Atomic.Or"] = Atomic(Opcode.AtomicOr),
        ["Atomic.Xor"] = Atomic(Opcode.AtomicXor),
        ["Atomic.Exchange"] = Atomic(Opcode.AtomicExchange),
        ["Atomic.CompareExchange"] = Atomic(Opcode.AtomicCompareExchange),

        ["MemoryFence.GroupLevel"] = Fence(MemoryScope.Group),
        ["MemoryFence.DeviceLevel"] = Fence(MemoryScope.Device),
        ["MemoryFence.SystemLevel"] = Fence(MemoryScope.System),

        ["Group.Barrier"] = Barrier,
        ["Warp.Barrier"] = Barrier,
        ["Group.Broadcast"] = Exchange(Opcode.GroupBroadcast),
        ["Group.Shuffle"] = Exchange(Opcode.GroupShuffle),
        ["Warp.Exchange"] = Exchange(Opcode.WarpShuffle),
        ["Group.ReduceAdd"] = Reduce(Opcode.GroupAdd),
        ["Group.ReduceMin"] = Reduce(Opcode.GroupMin),
        ["Group.ReduceMax"] = Reduce(Opcode.GroupMax),

        ["Group.get_IsSerial"] = (t, _, _) => new ScalarValue(t.Emitter.Append(new Instruction(Opcode.SerialGroups, ScalarType.Bool))),
        ["KnownReduction.Is"] = (_, method, _) =>
            new ScalarValue(Constant.Of(KnownReduction.OpcodeOf(method.GetGenericArguments()[0]) is not null)),
        ["KnownReduction.Reduce"] = (t, method, a) => Reduce(KnownReduction.OpcodeOf(method.GetGenericArguments()[1])!.Value)(t, method, a),

        ["SharedMemory.GetDynamic"] = DynamicShared,
    };

    private static Intrinsic Atomic(Opcode opcode) => (t, _, arguments) =>
    {
        // An Index1D is its only field.
        AbstractValue target = arguments[0] is ElementAddress { Type: var type } address
            && TypeLayout.Of(type) is StructLayout { Fields: [var field] }
                ? Translator.FieldOf(address, field)
                : arguments[0];
        (Value pointer, Value index) = t.AtomicTarget(target);
        Value[] values = [.. arguments.Skip(1).Select(a => Translator.Argument(a is StructValue { Fields: [var only] } ? only : a))];
        ScalarValue old = new(t.Emitter.Emit(opcode, values[0].Type, [pointer, index, .. values]));
        return arguments[1] is StructValue wrapper ? wrapper.With(0, old) : old;
    };

    private static Intrinsic Fence(MemoryScope scope) => (t, _, _) =>
    {
        t.Emitter.Append(new Instruction(Opcode.Fence, ScalarType.Void) { Scope = scope });
        return null;
    };

    private static AbstractValue? Barrier(Translator t, MethodInfo method, AbstractValue[] arguments)
    {
        RequireGroup(t, method);
        t.Emitter.Emit(Opcode.Barrier, ScalarType.Void);
        return null;
    }

    private static Intrinsic Exchange(Opcode opcode) => (t, method, arguments) =>
    {
        RequireGroup(t, method);
        Value item = t.Emitter.Coerce(Translator.Argument(arguments[1]), ScalarType.Int32);
        return Translator.Map(arguments[0], v => t.Emitter.Emit(opcode, v.Type, v, item));
    };

    private static Intrinsic Reduce(Opcode opcode) => (t, method, arguments) =>
    {
        RequireGroup(t, method);
        return new ScalarValue(t.Emitter.Unary(opcode, Translator.Argument(arguments[0])));
    };

    /// <summary>All of the launch's shared memory, as a view of as many elements as fit.</summary>
    private static StructValue DynamicShared(Translator t, MethodInfo method, AbstractValue[] arguments)
    {
        RequireGroup(t, method);
        Type element = method.GetGenericArguments()[0];
        IrType type = IrType.Pointer(MemoryLayout.FirstLeaf(element), AddressSpace.Shared);
        Value pointer = t.Emitter.Append(new Instruction(Opcode.DynamicShared, type));
        Value bytes = t.Emitter.Append(new Instruction(Opcode.DynamicSharedSize, ScalarType.Int32));
        Value count = t.Emitter.Binary(Opcode.Div, bytes, Constant.Of(MemoryLayout.SizeOf(element)));
        Value length = t.Emitter.Emit(Opcode.Convert, ScalarType.Int64, count);
        return new StructValue(method.ReturnType, [new ScalarValue(pointer), new ScalarValue(length)]);
    }

    private static void RequireGroup(Translator t, MethodInfo method) =>
        t.RequireGroup($"{method.DeclaringType!.Name}.{method.Name}");
}
