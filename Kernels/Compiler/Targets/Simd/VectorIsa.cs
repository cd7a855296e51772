using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>One width of SIMD vectors: the types and JIT intrinsics to emit. A lane is 32 bits; 64-bit values take two vectors.</summary>
/// <remarks>Every width is correct on every processor (the runtime falls back to software); <see cref="Best"/> is the fast one.</remarks>
internal sealed class VectorIsa
{
    public static readonly VectorIsa Bits512 = new(512, typeof(Vector512), typeof(Vector512<>));
    public static readonly VectorIsa Bits256 = new(256, typeof(Vector256), typeof(Vector256<>));
    public static readonly VectorIsa Bits128 = new(128, typeof(Vector128), typeof(Vector128<>));

    private readonly Type _functions;
    private readonly Type _vector;
    private readonly ConcurrentDictionary<(string Name, Type Element, int Count), MethodInfo> _methods = new();
    private readonly ConcurrentDictionary<(Type From, Type To), MethodInfo> _casts = new();
    private readonly ConcurrentDictionary<Type, Type> _vectors = new();

    private VectorIsa(int bits, Type functions, Type vector)
    {
        Bits = bits;
        _functions = functions;
        _vector = vector;
    }

    /// <summary>The widest vectors that this processor runs in hardware.</summary>
    public static VectorIsa Best { get; } =
        Vector512.IsHardwareAccelerated ? Bits512 : Vector256.IsHardwareAccelerated ? Bits256 : Bits128;

    public int Bits { get; }

    /// <summary>Bytes of a vector.</summary>
    public int Bytes => Bits / 8;

    /// <summary>32-bit lanes of a vector.</summary>
    public int Lanes => Bits / 32;

    /// <summary>True if the processor loads and stores 32- and 64-bit lanes of this width under a mask.</summary>
    public bool HasMaskedMemory => Bits == 512 ? Avx512F.IsSupported : Avx2.IsSupported;

    /// <summary>True if hardware gathers may be used.</summary>
    public bool HasGather => Avx2.IsSupported && (Bits != 512 || Avx512F.IsSupported);

    /// <summary>The vector type of an element type.</summary>
    public Type Vector(Type element) => _vectors.GetOrAdd(element, static (e, vector) => vector.MakeGenericType(e), _vector);

    /// <summary>The function <paramref name="name"/> of Vector512, Vector256 or Vector128 whose parameters are
    /// <paramref name="count"/> vectors of the element type (except a last scalar int of the shifts).</summary>
    public MethodInfo Method(string name, Type element, int count) =>
        _methods.GetOrAdd((name, element, count), static (key, isa) => isa.Find(key.Name, key.Element, key.Count), this);

    /// <summary>Create(T): all lanes the same.</summary>
    public MethodInfo Broadcast(Type element) => _methods.GetOrAdd(("Create", element, 1), static (key, isa) =>
        isa._functions.GetMethod("Create", [key.Element])!, this);

    /// <summary>A static property of the vector type: Zero, AllBitsSet, Indices.</summary>
    public MethodInfo Property(string name, Type element) => _methods.GetOrAdd((name, element, 0), static (key, isa) =>
        isa.Vector(key.Element).GetProperty(key.Name)!.GetMethod!, this);

    /// <summary>The instruction (address, mask[, value of inactive lanes]) → vector, or null if the processor lacks it.</summary>
    public MethodInfo? MaskedLoad(Type element) => !HasMaskedMemory ? null
        : _methods.GetOrAdd(("MaskLoad", element, 2), static (key, isa) => isa.Instructions(key.Element).GetMethod(key.Name, isa.Bits == 512
            ? [key.Element.MakePointerType(), isa.Vector(key.Element), isa.Vector(key.Element)]
            : [key.Element.MakePointerType(), isa.Vector(key.Element)])!, this);

    /// <summary>The instruction (address, mask, vector), or null if the processor lacks it.</summary>
    public MethodInfo? MaskedStore(Type element) => !HasMaskedMemory ? null
        : _methods.GetOrAdd(("MaskStore", element, 3), static (key, isa) => isa.Instructions(key.Element)
            .GetMethod(key.Name, [key.Element.MakePointerType(), isa.Vector(key.Element), isa.Vector(key.Element)])!, this);

    /// <summary>StoreAlignedNonTemporal(vector, T*).</summary>
    public MethodInfo StreamingStore(Type element) => _methods.GetOrAdd(("StreamingStore", element, 2), static (key, isa) =>
        isa._functions.GetMethod("StoreAlignedNonTemporal")!.MakeGenericMethod(key.Element), this);

    /// <summary>Add, Min or Max of <see cref="LaneTree"/>, or of <see cref="LaneTreeCalls"/>: vector → element.</summary>
    public MethodInfo Tree(string name, Type element, bool isInlined) =>
        _methods.GetOrAdd((isInlined ? "Tree" + name : "TreeCall" + name, element, 1), (key, isa) =>
            (isInlined ? typeof(LaneTree) : typeof(LaneTreeCalls)).GetMethods()
                .Single(m => m.Name == name && m.GetParameters()[0].ParameterType.Name == isa._vector.Name)
                .MakeGenericMethod(key.Element), this);

    /// <summary>The reinterpreting As function from one element type to another.</summary>
    public MethodInfo As(Type from, Type to) => _casts.GetOrAdd((from, to), static (key, isa) => isa._functions.GetMethods()
        .Single(m => m.Name == "As" + key.To.Name && m.IsGenericMethodDefinition).MakeGenericMethod(key.From), this);

    /// <summary>A helper of <see cref="VectorOps"/> for this width and element type.</summary>
    public MethodInfo Helper(string name, params Type[] parameters) =>
        typeof(VectorOps).GetMethod(name, BindingFlags.Static | BindingFlags.Public, parameters)
        ?? throw new MissingMethodException(nameof(VectorOps), name);

    /// <summary>The element type of the vectors that hold an IR value. Bool is a mask of all-ones or zero lanes; narrow types
    /// are kept extended to 32 bits.</summary>
    public static Type ElementOf(IrType type) => type.IsPointer ? typeof(long) : type.Scalar switch
    {
        ScalarType.UInt32 => typeof(uint),
        ScalarType.Int64 => typeof(long),
        ScalarType.UInt64 => typeof(ulong),
        ScalarType.Float32 => typeof(float),
        ScalarType.Float64 => typeof(double),
        _ => typeof(int),
    };

    private Type Instructions(Type element) =>
        Bits == 512 ? typeof(Avx512F) : element == typeof(float) || element == typeof(double) ? typeof(Avx) : typeof(Avx2);

    // The functions of these names are wrappers that use up the JIT's budget for inlining; the operators are intrinsics.
    private static string? OperatorOf(string name) => name switch
    {
        "Add" => "op_Addition",
        "Subtract" => "op_Subtraction",
        "Multiply" => "op_Multiply",
        "Divide" => "op_Division",
        "BitwiseAnd" => "op_BitwiseAnd",
        "BitwiseOr" => "op_BitwiseOr",
        "Xor" => "op_ExclusiveOr",
        "Negate" => "op_UnaryNegation",
        "OnesComplement" => "op_OnesComplement",
        "ShiftLeft" => "op_LeftShift",
        "ShiftRightArithmetic" => "op_RightShift",
        "ShiftRightLogical" => "op_UnsignedRightShift",
        _ => null,
    };

    private MethodInfo Find(string name, Type element, int count)
    {
        Type vector = Vector(element);
        if (OperatorOf(name) is { } symbol)
        {
            Type last = name.StartsWith("Shift", StringComparison.Ordinal) ? typeof(int) : vector;
            return vector.GetMethod(symbol, count == 1 ? [vector] : [vector, last])
                ?? throw new MissingMethodException(vector.Name, symbol);
        }

        foreach (MethodInfo candidate in _functions.GetMethods(BindingFlags.Static | BindingFlags.Public))
        {
            if (candidate.Name != name || candidate.GetParameters().Length != count)
                continue;

            MethodInfo method = candidate;
            if (candidate.IsGenericMethodDefinition)
            {
                if (candidate.GetGenericArguments().Length != 1)
                    continue;
                method = candidate.MakeGenericMethod(element);
            }

            ParameterInfo[] parameters = method.GetParameters();
            bool matches = parameters[0].ParameterType == vector;
            for (int i = 1; i < count && matches; i++)
                matches = parameters[i].ParameterType == vector || (i == count - 1 && parameters[i].ParameterType == typeof(int));
            if (matches)
                return method;
        }

        throw new MissingMethodException(_functions.Name, $"{name}<{element.Name}>");
    }
}
