using System.Collections.Immutable;
using System.Reflection;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>A method with a meaning of its own in IR. Arguments are coerced to the parameters' types; null for no result.</summary>
internal delegate AbstractValue? Intrinsic(Translator translator, MethodInfo method, AbstractValue[] arguments);

/// <summary>The methods that the compiler knows: the kernel language's own. Arithmetic is in <see cref="MathIntrinsics"/>.</summary>
internal static class Intrinsics
{
    private static readonly Dictionary<string, Intrinsic> s_table = new(StringComparer.Ordinal)
    {
        ["ArrayView`1.get_Item"] = Element,
        ["ArrayView`1.get_Length"] = (t, _, a) => new ScalarValue(t.View(a[0]).Length),
        ["ArrayView`1.get_IntLength"] = (t, _, a) =>
            new ScalarValue(t.Emitter.Emit(Opcode.Convert, ScalarType.Int32, t.View(a[0]).Length)),
        ["ArrayView`1.SubView"] = SubView,
        ["ArrayView`1.Cast"] = Cast,
        ["ViewCheck.Index"] = Nothing,
        ["ViewCheck.Checked"] = CheckedIndex,
        ["ViewCheck.Part"] = Nothing,
        ["ViewCheck.Covers"] = Nothing,
        ["ViewCheck.Stride"] = Nothing,
        ["ViewCheck.Dense"] = Nothing,
        ["ViewCheck.Int32"] = Nothing,
        ["ViewCheck.Alignment"] = Nothing,

        ["Grid.get_IdxX"] = Position(Opcode.GridIndex, Axis.X),
        ["Grid.get_IdxY"] = Position(Opcode.GridIndex, Axis.Y),
        ["Grid.get_IdxZ"] = Position(Opcode.GridIndex, Axis.Z),
        ["Grid.get_DimX"] = Position(Opcode.GridExtent, Axis.X),
        ["Grid.get_DimY"] = Position(Opcode.GridExtent, Axis.Y),
        ["Grid.get_DimZ"] = Position(Opcode.GridExtent, Axis.Z),
        ["Grid.get_GlobalX"] = Position(Opcode.GlobalIndex, Axis.X),
        ["Grid.get_GlobalY"] = Position(Opcode.GlobalIndex, Axis.Y),
        ["Grid.get_GlobalZ"] = Position(Opcode.GlobalIndex, Axis.Z),
        ["Group.get_IdxX"] = Position(Opcode.GroupIndex, Axis.X),
        ["Group.get_IdxY"] = Position(Opcode.GroupIndex, Axis.Y),
        ["Group.get_IdxZ"] = Position(Opcode.GroupIndex, Axis.Z),
        ["Group.get_DimX"] = Position(Opcode.GroupExtent, Axis.X),
        ["Group.get_DimY"] = Position(Opcode.GroupExtent, Axis.Y),
        ["Group.get_DimZ"] = Position(Opcode.GroupExtent, Axis.Z),

        ["SharedMemory.AllocateElements"] = (t, m, a) => Allocate(t, m, a, AddressSpace.Shared),
        ["LocalMemory.AllocateElements"] = (t, m, a) => Allocate(t, m, a, AddressSpace.Local),
        ["Interop.Write"] = (t, m, a) => Print(t, m, a, ""),
        ["Interop.WriteLine"] = (t, m, a) => Print(t, m, a, "\n"),
        ["Interop.OffsetOf"] = (_, m, a) => new ScalarValue(Constant.Of(OffsetOf(m.GetGenericArguments()[0], a[0]))),
    };

    private static readonly Dictionary<string, Intrinsic> s_system = new(StringComparer.Ordinal)
    {
        ["Type.GetTypeFromHandle"] = (_, _, a) => a[0],
        ["Type.op_Equality"] = (_, _, a) => CompareTypes(a, equal: true),
        ["Type.op_Inequality"] = (_, _, a) => CompareTypes(a, equal: false),
        ["Type.get_IsValueType"] = (_, _, a) => a[0] is TypeValue type ? Bool(type.Type.IsValueType) : throw UnknownType(),
        ["EqualityComparer`1.get_Default"] = (_, _, _) => new EmptyClosure(),
        ["EqualityComparer`1.Equals"] = (t, m, a) => t.AreEqual(m.DeclaringType!.GetGenericArguments()[0], a[1], a[2]),
    };

    /// <summary>The meaning of a method, or null if it is to be inlined.</summary>
    public static Intrinsic? Find(MethodBase method)
    {
        Type? type = method.DeclaringType;
        if (type is null || method is ConstructorInfo)
            return null;
        if (type.Assembly == typeof(Intrinsics).Assembly && type.Namespace == "Cotangent.Kernels"
            && FindOwn($"{type.Name}.{method.Name}") is { } own)
        {
            return own;
        }

        if (type.Assembly == typeof(object).Assembly && s_system.TryGetValue($"{type.Name}.{method.Name}", out Intrinsic? system))
            return system;
        // BCL code with a hardware path: its portable path is inlined. Vector128<T>.IsSupported asks about the type T.
        bool asksForHardware = method.Name is "get_IsSupported" or "get_IsHardwareAccelerated"
            && type.Namespace is { } space && space.StartsWith("System.Runtime.Intrinsics", StringComparison.Ordinal);
        if (asksForHardware && type.IsGenericType)
            return (_, _, _) => Bool(type.GetGenericArguments()[0].IsPrimitive);
        return asksForHardware
            ? (_, _, _) => Bool(false)
            : MathIntrinsics.Find((MethodInfo)method) ?? MemoryIntrinsics.Find((MethodInfo)method) ?? FindCoverage(type);
    }

    /// <summary>Coverage tools rewrite IL to count what runs. Devices cannot count for them, and need not.</summary>
    private static Intrinsic? FindCoverage(Type type)
    {
        string space = type.Namespace ?? "";
        bool counts = space.StartsWith("Coverlet.Core.Instrumentation", StringComparison.Ordinal)
            || space.StartsWith("Microsoft.CodeCoverage", StringComparison.Ordinal);
        return counts ? (_, _, _) => null : null;
    }

    private static Intrinsic? FindOwn(string name) =>
        s_table.GetValueOrDefault(name) ?? ParallelIntrinsics.Table.GetValueOrDefault(name);

    private static ElementAddress Element(Translator t, MethodInfo method, AbstractValue[] arguments)
    {
        (Value pointer, Value length) = t.View(arguments[0]);
        Value index = arguments[1] is StructValue { Fields: [ScalarValue wrapped] }
            ? wrapped.Value
            : Translator.Argument(arguments[1]);
        Type element = method.DeclaringType!.GetGenericArguments()[0];
        return ElementAddress.Of(pointer, t.Check(index, length, pointer), element);
    }

    private static StructValue SubView(Translator t, MethodInfo method, AbstractValue[] arguments)
    {
        (Value pointer, Value length) = t.View(arguments[0]);
        Value start = t.Check(t.Emitter.Coerce(Translator.Argument(arguments[1]), ScalarType.Int64), Next(t, length), pointer, "part of ");
        Value rest = t.Emitter.Binary(Opcode.Sub, length, start);
        length = arguments.Length > 2
            ? t.Check(t.Emitter.Coerce(Translator.Argument(arguments[2]), ScalarType.Int64), Next(t, rest), pointer, "length of a part of ")
            : rest;
        Value part = Moved(t.Emitter, pointer, start, MemoryLayout.SizeOf(method.DeclaringType!.GetGenericArguments()[0]));
        return new StructValue(method.DeclaringType!, [new ScalarValue(part), new ScalarValue(length)]);
    }

    /// <summary>The pointer some elements of <paramref name="size"/> bytes further. A packed struct's size need not be a multiple of its
    /// first field's, which the pointer points to: then it moves as a pointer to bytes.</summary>
    private static Value Moved(Emitter e, Value pointer, Value elements, int size)
    {
        int unit = pointer.Type.Scalar.Size();
        if (size % unit != 0)
        {
            Value bytes = e.Emit(Opcode.PointerCast, IrType.Pointer(ScalarType.UInt8, pointer.Type.Space!.Value), pointer);
            return e.Emit(Opcode.PointerCast, pointer.Type, Moved(e, bytes, elements, size));
        }

        Value count = size == unit ? elements : e.Binary(Opcode.Mul, elements, Constant.Of((long)(size / unit)));
        return e.Emit(Opcode.PointerAdd, pointer.Type, pointer, count);
    }

    /// <summary>A part may begin at a view's end, and have all its elements.</summary>
    private static Value Next(Translator t, Value length) => t.IsChecked ? t.Emitter.Binary(Opcode.Add, length, Constant.Of(1L)) : length;

    /// <summary>The same pointer under another type. The fields of an element are loaded one after the other, from one index.</summary>
    private static StructValue Cast(Translator t, MethodInfo method, AbstractValue[] arguments)
    {
        (Value pointer, Value length) = t.View(arguments[0]);
        Type other = method.GetGenericArguments()[0];
        int size = MemoryLayout.SizeOf(method.DeclaringType!.GetGenericArguments()[0]);
        int otherSize = MemoryLayout.SizeOf(other);
        IrType type = IrType.Pointer(MemoryLayout.FirstLeaf(other), pointer.Type.Space!.Value);
        Value same = pointer.Type == type ? pointer : t.Emitter.Emit(Opcode.PointerCast, type, pointer);
        return new StructValue(method.ReturnType, [new ScalarValue(same), new ScalarValue(Scale(t.Emitter, length, size, otherSize))]);
    }

    /// <summary>length · size / otherSize, in as few operations as the sizes allow.</summary>
    private static Value Scale(Emitter e, Value length, int size, int otherSize)
    {
        if (size % otherSize == 0)
            (size, otherSize) = (size / otherSize, 1);
        else if (otherSize % size == 0)
            (size, otherSize) = (1, otherSize / size);
        Value bytes = size == 1 ? length : e.Binary(Opcode.Mul, length, Constant.Of((long)size));
        return otherSize == 1 ? bytes : e.Binary(Opcode.Div, bytes, Constant.Of((long)otherSize), unsigned: false);
    }

    /// <summary>The index in several dimensions, each coordinate checked.</summary>
    private static AbstractValue CheckedIndex(Translator t, MethodInfo method, AbstractValue[] arguments)
    {
        (Value pointer, _) = t.View(arguments[0]);
        StructValue index = (StructValue)arguments[2], extent = (StructValue)arguments[3];
        return index with
        {
            Fields = [.. index.Fields.Select((x, axis) => (AbstractValue)new ScalarValue(t.Check(
                Translator.Argument(x), Translator.Argument(extent.Fields[axis]), pointer, $"axis {"XYZ"[axis]} of ")))],
        };
    }

    /// <summary>A check that only the host and Device.Debug make.</summary>
    private static AbstractValue? Nothing(Translator t, MethodInfo method, AbstractValue[] arguments) => null;

    private static Intrinsic Position(Opcode opcode, Axis axis) => (t, method, _) =>
    {
        t.RequireGroup($"{method.DeclaringType!.Name}.{method.Name[4..]}");
        return new ScalarValue(t.Emitter.Append(new Instruction(opcode, ScalarType.Int32) { Axis = axis }));
    };

    private static AbstractValue Allocate(Translator t, MethodInfo method, AbstractValue[] arguments, AddressSpace space) =>
        t.Allocate(method.ReturnType, method.GetGenericArguments()[0], space, Translator.Argument(arguments[0]));

    private static int OffsetOf(Type type, AbstractValue name)
    {
        if (name is not Refused { Text: { } text })
            throw new RefusalException(Diagnostics.StringUse, "The name of a field is not a constant.", "Use nameof.");
        return Interop.Field(type, text) is { } field
            ? MemoryLayout.OffsetOf(field)
            : throw new RefusalException(Diagnostics.UnsupportedType, $"'{type.ToText()}' has no field '{text}'.", "Use nameof.");
    }

    private static AbstractValue? Print(Translator t, MethodInfo method, AbstractValue[] arguments, string end)
    {
        if (arguments[0] is not Refused { Text: { } format })
            throw new RefusalException(Diagnostics.StringUse, "The text to print is not a constant.", "Write the format as a literal.");
        ImmutableArray<Type> types = method.IsGenericMethod ? [.. method.GetGenericArguments()] : [];
        if (types.FirstOrDefault(type => TypeLayout.ScalarOf(type) is null) is { } other)
            throw new RefusalException(Diagnostics.UnsupportedType, $"A value of type '{other.ToText()}' is printed.", "Print its fields.");
        PrintSite site = new(format + end, types);
        try
        {
            PrintedValue.Format(site, new int[2 * types.Length]);
        }
        catch (FormatException e)
        {
            throw new RefusalException(Diagnostics.StringUse, $"The format \"{format}\" does not fit {types.Length} values: {e.Message}",
                "Use {0}, {1}, … for the values.");
        }

        t.Emitter.Append(new Instruction(Opcode.Print, ScalarType.Void, [.. arguments.Skip(1).Select(Translator.Argument)]) { Print = site });
        return null;
    }

    private static ScalarValue CompareTypes(AbstractValue[] arguments, bool equal) =>
        arguments is [TypeValue x, TypeValue y] ? Bool((x.Type == y.Type) == equal) : throw UnknownType();

    private static ScalarValue Bool(bool value) => new(Constant.Of(value));

    private static RefusalException UnknownType() => new(Diagnostics.HeapObject, "A System.Type is used as an object.",
        "Compare types only with typeof(T) == typeof(U).");
}
