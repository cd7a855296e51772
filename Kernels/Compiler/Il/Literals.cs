using System.Buffers.Binary;
using System.Reflection;
using System.Runtime.InteropServices;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>Values that are known when a kernel is compiled (static readonly fields, captured values, constant data) as constants.</summary>
internal static class Literals
{
    private static readonly MethodInfo s_bytesOf = typeof(Literals)
        .GetMethod(nameof(BytesOfValue), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>True for types of scalars alone, whose values can be made constants.</summary>
    public static bool CanFreeze(Type type)
    {
        try
        {
            return IsPlain(TypeLayout.Of(type));
        }
        catch (RefusalException)
        {
            return false;
        }
    }

    /// <summary>The constants that stand for a boxed value.</summary>
    public static AbstractValue Freeze(object value, Type type) => FromBytes(type, BytesOf(value));

    /// <summary>The bytes of a boxed struct.</summary>
    public static byte[] BytesOf(object value) => (byte[])s_bytesOf.MakeGenericMethod(value.GetType()).Invoke(null, [value])!;

    /// <summary>A value of <paramref name="type"/> from its bytes.</summary>
    public static AbstractValue FromBytes(Type type, ReadOnlySpan<byte> bytes)
    {
        switch (TypeLayout.Of(type))
        {
            case ScalarLayout scalar:
                return new ScalarValue(FromBytes(scalar, bytes));
            case StructLayout layout:
                AbstractValue[] fields = new AbstractValue[layout.Fields.Length];
                for (int i = 0; i < fields.Length; i++)
                    fields[i] = FromBytes(layout.Fields[i].Layout.Type, bytes[layout.Fields[i].Offset..]);
                return new StructValue(type, [.. fields]);
            default:
                throw new InvalidOperationException($"{type} has no constants.");
        }
    }

    /// <summary>The bytes of constant data in an assembly.</summary>
    public static byte[] DataOf(FieldInfo field)
    {
        byte[] data = new byte[MemoryLayout.SizeOf(field.FieldType)];
        System.Runtime.CompilerServices.RuntimeHelpers.InitializeArray(data, field.FieldHandle);
        return data;
    }

    private static bool IsPlain(TypeLayout layout) => layout is ScalarLayout
        || (layout is StructLayout tree && tree.Fields.All(f => IsPlain(f.Layout)));

    private static byte[] BytesOfValue<T>(T value)
        where T : struct => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(ref value)).ToArray();

    private static Constant FromBytes(ScalarLayout scalar, ReadOnlySpan<byte> bytes) => scalar.Memory switch
    {
        ScalarType.Bool => Constant.Of(bytes[0] != 0),
        ScalarType.Int8 => Constant.Of((sbyte)bytes[0]),
        ScalarType.UInt8 => Constant.Of((int)bytes[0]),
        ScalarType.Int16 => Constant.Of(BinaryPrimitives.ReadInt16LittleEndian(bytes)),
        ScalarType.UInt16 => Constant.Of((int)BinaryPrimitives.ReadUInt16LittleEndian(bytes)),
        ScalarType.Float16 => Constant.Of((float)BinaryPrimitives.ReadHalfLittleEndian(bytes)),
        ScalarType.BFloat16 => Constant.Of(Conversions.BFloat16ToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes))),
        _ when scalar.Memory.Size() == 4 => new Constant(scalar.Stack, BinaryPrimitives.ReadUInt32LittleEndian(bytes)),
        _ => new Constant(scalar.Stack, BinaryPrimitives.ReadUInt64LittleEndian(bytes)),
    };
}
