using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>Unsafe, and what else of .NET works on references and constant data.</summary>
internal static class MemoryIntrinsics
{
    private static readonly Dictionary<string, Intrinsic> s_unsafe = new(StringComparer.Ordinal)
    {
        ["SizeOf"] = (_, m, _) => new ScalarValue(Constant.Of(MemoryLayout.SizeOf(TypeArgument(m)))),
        ["SkipInit"] = (t, m, a) => t.Assign(a[0], Translator.Zero(TypeArgument(m)), onlyIfUnset: true),
        ["As"] = (t, m, a) => m.GetGenericArguments().Length == 2 ? t.Retype(a[0], TypeArgument(m, 1)) : throw Cast(m),
        ["AsRef"] = (t, m, a) => t.Retype(a[0], TypeArgument(m)),
        ["AsPointer"] = (_, _, a) => a[0],
        ["Unbox"] = (_, m, _) => throw Cast(m),
        ["Add"] = (t, m, a) => t.AddElements(t.Retype(a[0], TypeArgument(m)), Number(a[1]), MemoryLayout.SizeOf(TypeArgument(m))),
        ["Subtract"] = (t, m, a) => t.AddElements(t.Retype(a[0], TypeArgument(m)), t.Emitter.Unary(Opcode.Neg, Number(a[1])),
            MemoryLayout.SizeOf(TypeArgument(m))),
        ["AddByteOffset"] = (t, _, a) => t.AddBytes(a[0], Number(a[1])),
        ["SubtractByteOffset"] = (t, _, a) => t.AddElements(a[0], t.Emitter.Unary(Opcode.Neg, Number(a[1])), 1),
        ["ByteOffset"] = (t, _, a) => new ScalarValue(t.Distance(a[1], a[0])),
        ["AreSame"] = (t, _, a) => Compare(t, Opcode.Equal, a),
        ["IsAddressLessThan"] = (t, _, a) => Compare(t, Opcode.Less, a),
        ["IsAddressGreaterThan"] = (t, _, a) => Compare(t, Opcode.Greater, a),
        ["IsNullRef"] = (_, _, _) => new ScalarValue(Constant.Of(false)),
        ["Read"] = (t, m, a) => t.LoadAs(a[0], TypeArgument(m)),
        ["ReadUnaligned"] = (t, m, a) => t.LoadAs(a[0], TypeArgument(m)),
        ["Write"] = (t, m, a) => t.Assign(t.Retype(a[0], TypeArgument(m)), a[1]),
        ["WriteUnaligned"] = (t, m, a) => t.Assign(t.Retype(a[0], TypeArgument(m)), a[1]),
        ["Copy"] = (t, m, a) => t.Assign(t.Retype(a[0], TypeArgument(m)), t.LoadAs(a[1], TypeArgument(m))),
        ["BitCast"] = (t, m, a) => t.BitCast(TypeArgument(m), TypeArgument(m, 1), a[0]),
    };

    private static readonly Dictionary<(Type Type, string Name), Intrinsic> s_others = new()
    {
        [(typeof(MemoryMarshal), nameof(MemoryMarshal.GetArrayDataReference))] = (t, _, a) => t.FirstElement(a[0]),
        [(typeof(RuntimeHelpers), nameof(RuntimeHelpers.InitializeArray))] = InitialiseArray,
        [(typeof(RuntimeHelpers), nameof(RuntimeHelpers.CreateSpan))] = CreateSpan,
        [(typeof(RuntimeHelpers), nameof(RuntimeHelpers.IsReferenceOrContainsReferences))] = (_, m, _) =>
            new ScalarValue(Constant.Of((bool)m.Invoke(null, null)!)),
        [(typeof(RuntimeHelpers), "IsKnownConstant")] = (_, _, _) => new ScalarValue(Constant.Of(false)),
        [(typeof(RuntimeHelpers), "IsBitwiseEquatable")] = (_, _, _) => new ScalarValue(Constant.Of(false)),
        [(typeof(System.Diagnostics.Debug), nameof(System.Diagnostics.Debug.Assert))] = (_, _, _) => null,
        [(typeof(GC), nameof(GC.KeepAlive))] = (_, _, _) => null,
    };

    public static Intrinsic? Find(MethodInfo method)
    {
        if (method.DeclaringType == typeof(Unsafe))
            return s_unsafe.GetValueOrDefault(method.Name);
        return s_others.GetValueOrDefault((method.DeclaringType!, method.Name));
    }

    private static AbstractValue? InitialiseArray(Translator t, MethodInfo method, AbstractValue[] arguments)
    {
        t.InitialiseArray(arguments[0], ((DataAddress)arguments[1]).Field);
        return null;
    }

    /// <summary>A ReadOnlySpan over constant data: its reference and its length.</summary>
    private static StructValue CreateSpan(Translator t, MethodInfo method, AbstractValue[] arguments)
    {
        Type element = TypeArgument(method);
        FieldInfo field = ((DataAddress)arguments[0]).Field;
        int length = MemoryLayout.SizeOf(field.FieldType) / MemoryLayout.SizeOf(element);
        return new StructValue(method.ReturnType, [t.Retype(arguments[0], element), new ScalarValue(Constant.Of(length))]);
    }

    private static ScalarValue Compare(Translator t, Opcode opcode, AbstractValue[] arguments) =>
        new(t.Emitter.Compare(opcode, t.Distance(arguments[0], arguments[1]), Constant.Of(0L)));

    private static Value Number(AbstractValue value) => Translator.Argument(value);

    private static Type TypeArgument(MethodInfo method, int number = 0) => method.GetGenericArguments()[number];

    private static RefusalException Cast(MethodInfo method) =>
        new(Diagnostics.HeapObject, $"'{method.ToShortText()}' casts an object.");
}
