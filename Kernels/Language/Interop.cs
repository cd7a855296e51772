using System.Reflection;
using System.Runtime.CompilerServices;
using Cotangent.Kernels.Il;

namespace Cotangent.Kernels;

/// <summary>Sizes, offsets and bits of types as .NET and every device lay them out (ILGPU's <c>Interop</c>).</summary>
public static partial class Interop
{
    /// <summary>Bytes of one element of type <typeparamref name="T"/>.</summary>
    public static int SizeOf<T>()
        where T : unmanaged => Unsafe.SizeOf<T>();

    /// <summary>Bytes of a value's type.</summary>
    /// <param name="structure">Only its type matters.</param>
    public static int SizeOf<T>(T structure)
        where T : unmanaged => Unsafe.SizeOf<T>();

    /// <summary>Bytes of one element of a type that is known at run time. Not in kernels.</summary>
    /// <exception cref="ArgumentException">The type has references in it.</exception>
    public static int SizeOf(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        bool isUnmanaged = !(bool)typeof(RuntimeHelpers).GetMethod(nameof(RuntimeHelpers.IsReferenceOrContainsReferences))!
            .MakeGenericMethod(type).Invoke(null, null)!;
        return isUnmanaged ? MemoryLayout.SizeOf(type) : throw new ArgumentException($"'{type}' contains references.", nameof(type));
    }

    /// <summary>Bytes from the start of a struct to one of its fields.</summary>
    /// <param name="fieldName">A constant where kernels call this: <c>nameof(T.Field)</c>.</param>
    /// <exception cref="ArgumentException">There is no such field (in a kernel it is refused then).</exception>
    public static int OffsetOf<T>(string fieldName)
        where T : unmanaged => Field(typeof(T), fieldName) is { } field
            ? MemoryLayout.OffsetOf(field)
            : throw new ArgumentException($"'{typeof(T)}' has no field '{fieldName}'.", nameof(fieldName));

    /// <summary>Bytes from a pointer to the next multiple of an alignment.</summary>
    /// <param name="ptr">An address.</param>
    /// <param name="alignmentInBytes">A power of two.</param>
    public static int ComputeAlignmentOffset(long ptr, int alignmentInBytes) => (int)-ptr & (alignmentInBytes - 1);

    /// <summary>The next multiple of an alignment, but not beyond the end.</summary>
    /// <param name="ptr">An address.</param>
    /// <param name="length">Bytes that are there.</param>
    /// <param name="alignmentInBytes">A power of two.</param>
    public static long Align(long ptr, long length, int alignmentInBytes) =>
        ptr + Math.Min(length, ComputeAlignmentOffset(ptr, alignmentInBytes));

    /// <summary>How many elements of type <typeparamref name="TFirst"/> hold that many of <typeparamref name="TSecond"/>.</summary>
    public static long ComputeRelativeSizeOf<TFirst, TSecond>(long numSecondElements)
        where TFirst : unmanaged
        where TSecond : unmanaged => IntrinsicMath.DivRoundUp(SizeOf<TSecond>() * numSecondElements, SizeOf<TFirst>());

    /// <summary>The bits of a number.</summary>
    public static ushort FloatAsInt(Half value) => BitConverter.HalfToUInt16Bits(value);

    /// <summary>The bits of a number.</summary>
    public static uint FloatAsInt(float value) => BitConverter.SingleToUInt32Bits(value);

    /// <summary>The bits of a number.</summary>
    public static ulong FloatAsInt(double value) => BitConverter.DoubleToUInt64Bits(value);

    /// <summary>The number with these bits.</summary>
    public static Half IntAsFloat(ushort value) => BitConverter.UInt16BitsToHalf(value);

    /// <summary>The number with these bits.</summary>
    public static float IntAsFloat(uint value) => BitConverter.UInt32BitsToSingle(value);

    /// <summary>The number with these bits.</summary>
    public static double IntAsFloat(ulong value) => BitConverter.UInt64BitsToDouble(value);

    internal static FieldInfo? Field(Type type, string name) =>
        type.GetField(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
}
