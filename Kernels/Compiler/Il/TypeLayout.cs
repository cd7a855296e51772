using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
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
        if (type.IsByRef)
            return new ReferenceLayout(type, type.GetElementType()!);
        if (Primitive(type) is { } scalar)
            return new ScalarLayout(type, scalar.Stack, scalar.Memory);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ArrayView<>))
            return new ViewLayout(type, type.GetGenericArguments()[0]);
        if (!type.IsValueType || type.IsPrimitive || type.ContainsGenericParameters || type == typeof(Half))
            throw Refuse(type);
        FieldInfo[] fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        Array.Sort(fields, (a, b) => a.MetadataToken.CompareTo(b.MetadataToken));
        return new StructLayout(type, [.. fields.Select(f => new FieldLayout(f, Of(f.FieldType)))]);
    }

    private static RefusalException Refuse(Type type)
    {
        if (type == typeof(string))
            return new(Diagnostics.StringUse, "A string cannot be used in a kernel.");
        if (type.IsArray)
        {
            return new(Diagnostics.HeapObject, $"The array type '{type.ToText()}' lives on the managed heap.",
                "Take an ArrayView<T> parameter, or use LocalMemory.Allocate<T>(constant) for a small array.");
        }

        return type.IsValueType || type.IsPointer
            ? new(Diagnostics.UnsupportedType, $"The type '{type.ToText()}' cannot be used in a kernel.")
            : new(Diagnostics.HeapObject, $"The class '{type.ToText()}' lives on the managed heap.");
    }

    private static (ScalarType Stack, ScalarType Memory)? Primitive(Type type) =>
        (type.IsEnum ? Type.GetTypeCode(type.GetEnumUnderlyingType()) : Type.GetTypeCode(type)) switch
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

/// <summary>A primitive or enum: computed as Stack, stored as Memory.</summary>
internal sealed record ScalarLayout(Type Type, ScalarType Stack, ScalarType Memory) : TypeLayout(Type);

/// <summary>A struct: its fields' values in declaration order.</summary>
internal sealed record StructLayout(Type Type, ImmutableArray<FieldLayout> Fields) : TypeLayout(Type)
{
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

/// <summary>One field of a struct.</summary>
internal sealed record FieldLayout(FieldInfo Field, TypeLayout Layout);

/// <summary>An ArrayView&lt;T&gt;: the pair (pointer, Int64 length).</summary>
internal sealed record ViewLayout(Type Type, Type Element) : TypeLayout(Type)
{
    /// <summary>The type behind the view's IR pointer: the element's first scalar.</summary>
    public ScalarType Storage => MemoryLayout.FirstLeaf(Element);
}

/// <summary>A managed reference (ref, in, out): an address tracked at compile time.</summary>
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

    private static int Evaluate(Action<ILGenerator> emit)
    {
        DynamicMethod method = new("layout", typeof(int), [], typeof(MemoryLayout).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        emit(il);
        il.Emit(OpCodes.Ret);
        return (int)method.Invoke(null, null)!;
    }
}
