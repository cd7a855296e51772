using System.Collections.Immutable;
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
        ["Mma.get_IsNative"] = (t, _, _) => new ScalarValue(t.Emitter.Append(new Instruction(Opcode.MatrixUnits, ScalarType.Bool))),
        ["Mma.NativeTf32"] = Matrix(MatrixElement.Tf32),
        ["Mma.NativeHalf"] = Matrix(MatrixElement.Float16),
        ["Mma.NativeBFloat16"] = Matrix(MatrixElement.BFloat16),
        ["Mma.NativeRound"] = (t, _, a) => new ScalarValue(t.Emitter.Emit(Opcode.RoundTf32, ScalarType.Float32, Translator.Argument(a[0]))),
        ["AsyncCopy.NativeStart"] = StartCopy,
        ["AsyncCopy.NativeCommit"] = (t, _, _) => Effect(t, new Instruction(Opcode.AsyncCommit, ScalarType.Void)),
        ["AsyncCopy.NativeWait"] = WaitForCopies,

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

    /// <summary>Four instructions, one a component of the result.</summary>
    private static Intrinsic Matrix(MatrixElement element) => (t, method, arguments) =>
    {
        RequireGroup(t, method);
        ImmutableArray<Value> operands = [.. arguments.SelectMany(a => ((StructValue)a).Fields).Select(Translator.Argument)];
        return new StructValue(method.ReturnType, [.. Enumerable.Range(0, 4).Select(component => (AbstractValue)new ScalarValue(
            t.Emitter.Append(new Instruction(Opcode.MatrixMultiplyAdd, ScalarType.Float32, operands) { Count = component, Matrix = element })))]);
    };

    private static AbstractValue? StartCopy(Translator t, MethodInfo method, AbstractValue[] arguments)
    {
        RequireGroup(t, method);
        int size = MemoryLayout.SizeOf(method.GetGenericArguments()[0]);
        if (size is not (4 or 8 or 16) || arguments is not [ElementAddress target, ElementAddress source]
            || target.Pointer.Type.Space != AddressSpace.Shared || source.Pointer.Type.Space != AddressSpace.Global)
        {
            throw new RefusalException(Diagnostics.UnsupportedMethod,
                "AsyncCopy.Start copies elements of 4, 8 or 16 bytes from global memory to shared memory.",
                "Assign the element instead.");
        }

        (Value targetPointer, Value targetIndex) = t.PlaceOf(target);
        (Value sourcePointer, Value sourceIndex) = t.PlaceOf(source);
        return Effect(t, new Instruction(Opcode.AsyncCopy, ScalarType.Void, targetPointer, targetIndex, sourcePointer, sourceIndex) { Count = size });
    }

    private static AbstractValue? WaitForCopies(Translator t, MethodInfo method, AbstractValue[] arguments)
    {
        if (Translator.Argument(arguments[0]) is not Constant { AsInteger: >= 0 and < 64 } pending)
        {
            throw new RefusalException(Diagnostics.UnsupportedMethod,
                "AsyncCopy.Wait takes a number of batches that is known at compile time, from 0 to 63.", "Pass a constant.");
        }

        return Effect(t, new Instruction(Opcode.AsyncWait, ScalarType.Void) { Count = (int)pending.AsInteger });
    }

    private static AbstractValue? Effect(Translator t, Instruction instruction)
    {
        t.Emitter.Append(instruction);
        return null;
    }

    private static void RequireGroup(Translator t, MethodInfo method) =>
        t.RequireGroup($"{method.DeclaringType!.Name}.{method.Name}");
}
