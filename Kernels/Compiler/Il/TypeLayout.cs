using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>How a .NET type is represented: one of <see cref="ScalarLayout"/>, <see cref="StructLayout"/>,
/// <see cref="ViewLayout"/>, <see cref="ReferenceLayout"/>.</summary>
internal abstract record TypeLayout(Type Type)
{
    private static readonly ConcurrentDictionary<Type, TypeLayout> s_cache = new();

    /// <summary>The layout of <paramref name="type"/>.</summary>
    /// <exception cref="RefusalException">Kernels cannot hold this type.</exception>
    public static TypeLayout Of(Type type) => s_cache.TryGetValue(type, out TypeLayout? layout)
        ? layout
        : s_cache.GetOrAdd(type, Create(type));

    /// <summary>The scalar type with which values of a primitive or enum type are computed; null for other types.</summary>
    public static ScalarType? ScalarOf(Type type) => Primitive(type)?.Stack;

    private static TypeLayout Create(Type type)
    {
        if (type.IsByRef || type.IsPointer)
            return new ReferenceLayout(type, type.GetElementType()!);
        if (Primitive(type) is { } scalar)
            return new ScalarLayout(type, scalar.Stack, scalar.Memory);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ArrayView<>))
            return new ViewLayout(type, type.GetGenericArguments()[0]);
        if (!type.IsValueType || type.IsPrimitive || type.ContainsGenericParameters || type == typeof(decimal))
            throw Refuse(type);
        FieldInfo[] fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        Array.Sort(fields, (a, b) => a.MetadataToken.CompareTo(b.MetadataToken));
        return ElementCount(type, fields) is { } count
            ? Repeat(type, fields[0], count)
            : new StructLayout(type, [.. fields.Select(f => new FieldLayout(f, Of(f.FieldType)))]);
    }

    /// <summary>The length of an inline array or of a fixed buffer's hidden struct; null for other structs.</summary>
    private static int? ElementCount(Type type, FieldInfo[] fields)
    {
        if (type.GetCustomAttribute<InlineArrayAttribute>() is { } inline)
            return inline.Length;
        bool isBuffer = fields is [{ Name: "FixedElementField" }] && type.IsDefined(typeof(UnsafeValueTypeAttribute), inherit: false);
        return isBuffer ? MemoryLayout.SizeOf(type) / MemoryLayout.SizeOf(fields[0].FieldType) : null;
    }

    private static StructLayout Repeat(Type type, FieldInfo field, int count)
    {
        if (count > StructLayout.MostElements)
        {
            throw new RefusalException(Diagnostics.UnsupportedType,
                $"'{type.ToText()}' has {count} elements; a struct in a kernel has at most {StructLayout.MostElements}.",
                "Use LocalMemory.Allocate<T>(constant), or a view.");
        }

        int size = MemoryLayout.SizeOf(field.FieldType);
        TypeLayout element = Of(field.FieldType);
        return new(type, [.. Enumerable.Range(0, count).Select(i => new FieldLayout(field, element, i * size))])
        {
            IsArray = true,
        };
    }

    private static RefusalException Refuse(Type type)
    {
        if (type == typeof(string))
            return new(Diagnostics.StringUse, "A string cannot be used in a kernel.");
        if (type.IsArray)
        {
            return new(Diagnostics.HeapObject, $"The array type '{type.ToText()}' lives on the managed heap.",
                "Take an ArrayView<T> parameter, or make the array in the kernel with a constant length.");
        }

        return type.IsValueType || type.IsPointer
            ? new(Diagnostics.UnsupportedType, $"The type '{type.ToText()}' cannot be used in a kernel.")
            : new(Diagnostics.HeapObject, $"The class '{type.ToText()}' lives on the managed heap.");
    }

    private static (ScalarType Stack, ScalarType Memory)? Primitive(Type type)
    {
        if (type == typeof(Half))
            return (ScalarType.Float32, ScalarType.Float16);
        if (type == typeof(BFloat16))
            return (ScalarType.Float32, ScalarType.BFloat16);
        if (type == typeof(nint))
            return (ScalarType.Int64, ScalarType.Int64);
        if (type == typeof(nuint))
            return (ScalarType.UInt64, ScalarType.UInt64);
        return (type.IsEnum ? Type.GetTypeCode(type.GetEnumUnderlyingType()) : Type.GetTypeCode(type)) switch
        {
            TypeCode.Boolean => (ScalarType.Bool, ScalarType.Bool),
            TypeCode.SByte => (ScalarType.Int32, ScalarType.Int8),
            TypeCode.Byte => (ScalarType.Int32, ScalarType.UInt8),
            TypeCode.Int16 => (ScalarType.Int32, ScalarType.Int16),
            TypeCode.UInt16 or TypeCode.Char => (ScalarType.Int32, ScalarType.UInt16),
            TypeCode.Int32 => (ScalarType.Int32, ScalarType.Int32),
            TypeCode.UInt32 => (ScalarType.UInt32, ScalarType.UInt32),
            TypeCode.Int64 => (ScalarType.Int64, ScalarType.Int64),
            TypeCode.UInt64 => (ScalarType.UInt64, ScalarType.UInt64),
            TypeCode.Single => (ScalarType.Float32, ScalarType.Float32),
            TypeCode.Double => (ScalarType.Float64, ScalarType.Float64),
            _ => null,
        };
    }
}

/// <summary>A primitive or enum: computed as Stack, stored as Memory.</summary>
internal sealed record ScalarLayout(Type Type, ScalarType Stack, ScalarType Memory) : TypeLayout(Type);

/// <summary>A struct: its fields' values in declaration order. An inline array or fixed buffer has its one field many times.</summary>
internal sealed record StructLayout(Type Type, ImmutableArray<FieldLayout> Fields) : TypeLayout(Type)
{
    public const int MostElements = 4096;

    private bool? _livesInMemory;

    /// <summary>True for an inline array or a fixed buffer.</summary>
    public bool IsArray { get; init; }

    /// <summary>True if variables of this type live in memory: an array in them may be indexed by what is known only at run time,
    /// or fields overlap.</summary>
    public bool LivesInMemory => _livesInMemory ??=
        IsArray || Fields.Any(f => f.Layout is StructLayout { LivesInMemory: true }) || HasOverlap();

    private bool HasOverlap()
    {
        if (!Type.IsExplicitLayout)
            return false;
        int end = 0;
        foreach (FieldLayout field in Fields.OrderBy(f => f.Offset))
        {
            if (field.Offset < end)
                return true;
            end = field.Offset + MemoryLayout.SizeOf(field.Layout.Type);
        }

        return false;
    }

    public int IndexOf(FieldInfo field)
    {
        for (int i = 0; i < Fields.Length; i++)
        {
            if (Fields[i].Field.MetadataToken == field.MetadataToken && Fields[i].Field.Module == field.Module)
                return i;
        }

        throw new InvalidOperationException($"{Type} has no field {field.Name}.");
    }
}

/// <summary>One field of a struct, or one element of an inline array.</summary>
internal sealed record FieldLayout(FieldInfo Field, TypeLayout Layout, int Shift = 0)
{
    /// <summary>Bytes from the start of the struct. Not for fields that hold references.</summary>
    public int Offset => Shift + MemoryLayout.OffsetOf(Field);
}

/// <summary>An ArrayView&lt;T&gt;: the pair (pointer, Int64 length).</summary>
internal sealed record ViewLayout(Type Type, Type Element) : TypeLayout(Type)
{
    /// <summary>The type behind the view's IR pointer: the element's first scalar.</summary>
    public ScalarType Storage => MemoryLayout.FirstLeaf(Element);
}

/// <summary>A managed reference (ref, in, out) or pointer: an address tracked at compile time.</summary>
internal sealed record ReferenceLayout(Type Type, Type Target) : TypeLayout(Type);

/// <summary>Sizes and offsets of unmanaged types, as .NET lays them out.</summary>
internal static class MemoryLayout
{
    private static readonly ConcurrentDictionary<Type, int> s_sizes = new();
    private static readonly ConcurrentDictionary<FieldInfo, int> s_offsets = new();

    /// <summary>Bytes of one element in an array.</summary>
    public static int SizeOf(Type type) => s_sizes.GetOrAdd(type, static t => Evaluate(il => il.Emit(OpCodes.Sizeof, t)));

    /// <summary>Bytes from the start of the struct to the field.</summary>
    public static int OffsetOf(FieldInfo field) => s_offsets.GetOrAdd(field, static f => Evaluate(il =>
    {
        LocalBuilder local = il.DeclareLocal(f.DeclaringType!);
        il.Emit(OpCodes.Ldloca, local);
        il.Emit(OpCodes.Ldflda, f);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Ldloca, local);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Sub);
        il.Emit(OpCodes.Conv_I4);
    }));

    /// <summary>The storage type of the first scalar in <paramref name="type"/>.</summary>
    public static ScalarType FirstLeaf(Type type) => TypeLayout.Of(type) switch
    {
        ScalarLayout scalar => scalar.Memory,
        StructLayout { Fields.Length: > 0 } layout => FirstLeaf(layout.Fields[0].Field.FieldType),
        _ => throw new RefusalException(Diagnostics.UnsupportedType, $"'{type.ToText()}' cannot be an element of a view."),
    };

    /// <summary>The element type of local memory for values of <paramref name="type"/>. Local memory is interleaved by work items on
    /// the CPU, so every access to it has the size of its elements.</summary>
    public static ScalarType UnitOf(Type type)
    {
        HashSet<ScalarType> leaves = [.. Leaves(type).Select(l => l.Type)];
        if (leaves.Count == 0)
            throw new RefusalException(Diagnostics.UnsupportedType, $"'{type.ToText()}' has no fields to store.");
        if (leaves.Count == 1)
            return leaves.First();
        int size = leaves.Any(l => l.Size() == 4) ? 4 : leaves.Max(l => l.Size());
        while (SizeOf(type) % size != 0)
            size /= 2;
        return UnsignedOf(size);
    }

    /// <summary>The unsigned integer of this many bytes.</summary>
    public static ScalarType UnsignedOf(int size) => size switch
    {
        1 => ScalarType.UInt8,
        2 => ScalarType.UInt16,
        4 => ScalarType.UInt32,
        _ => ScalarType.UInt64,
    };

    /// <summary>The scalars in a type with their byte offsets.</summary>
    public static IEnumerable<(ScalarType Type, int Offset)> Leaves(Type type, int offset = 0) => TypeLayout.Of(type) switch
    {
        ScalarLayout scalar => [(scalar.Memory, offset)],
        StructLayout layout => layout.Fields.SelectMany(f => Leaves(f.Layout.Type, offset + f.Offset)),
        _ => throw new RefusalException(Diagnostics.UnsupportedType, $"'{type.ToText()}' cannot lie in memory."),
    };

    private static int Evaluate(Action<ILGenerator> emit)
    {
        DynamicMethod method = new("layout", typeof(int), [], typeof(MemoryLayout).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        emit(il);
        il.Emit(OpCodes.Ret);
        return (int)method.Invoke(null, null)!;
    }
}
