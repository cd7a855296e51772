using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>What of a call's arguments a trace depends on: the structure of the tree, shapes, dtypes, devices and
/// constants; not the elements of tensors nor the values of C# numbers passed as tensors. Compared by value.</summary>
internal sealed class Signature : IEquatable<Signature>
{
    private readonly Part[] _parts;
    private readonly MatMulPrecision _precision = Tensor.MatMulPrecision;
    private readonly int _hash;

    private Signature(Part[] parts, Tensor[] tensors)
    {
        _parts = parts;
        Tensors = tensors;
        HashCode hash = default;
        hash.Add(_precision);
        foreach (Part part in parts) hash.Add(part);
        _hash = hash.ToHashCode();
    }

    /// <summary>How many leaves the arguments have.</summary>
    public int PartCount => _parts.Length;

    /// <summary>How many of them are tensors.</summary>
    public int TensorCount => _parts.Count(p => p.Kind != ArgumentKind.Constant);

    /// <summary>The tensors of the call. Not kept by signatures in a cache.</summary>
    public Tensor[] Tensors { get; }

    /// <summary>True while the settings are those that this signature was made under.</summary>
    public bool IsCurrent => _precision == Tensor.MatMulPrecision;

    public static Signature Of<T>(T arguments)
    {
        List<Part> parts = [];
        List<Tensor> tensors = [];
        Trees.Visit(arguments, "", (path, leaf) =>
        {
            if (leaf is Tensor tensor) tensors.Add(tensor);
            parts.Add(leaf is Tensor t ? Describe(path, t)
                : new Part(path, default, default, null, ArgumentKind.Constant, leaf, IsNegativeZero(leaf)));
        });
        return new Signature([.. parts], [.. tensors]);
    }

    /// <summary>The same signature without the tensors.</summary>
    public Signature WithoutTensors() => new(_parts, []);

    /// <summary>True if a tensor fits a leaf.</summary>
    /// <param name="part">The number of the leaf.</param>
    /// <param name="path">Where the tensor stands in its call's arguments.</param>
    /// <param name="t">The tensor.</param>
    public bool Fits(int part, string path, Tensor t)
    {
        if (part >= _parts.Length) return false;
        Part own = _parts[part];
        ArgumentKind kind = KindOf(t);
        return own.Kind == kind && own.Path == path && own.Shape == t.Shape && own.DType == t.DType
            && (kind != ArgumentKind.Tensor || own.Device == t.Device);
    }

    /// <summary>True if a constant, of a type that is no tree, fits a leaf.</summary>
    public bool Fits<T>(int part, string path, T constant)
        where T : unmanaged
    {
        return part < _parts.Length && _parts[part] is { Kind: ArgumentKind.Constant, Constant: T own } leaf && leaf.Path == path
            && EqualityComparer<T>.Default.Equals(own, constant) && leaf.IsNegativeZero == IsNegative(constant);

        static bool IsNegative(T x) => (x is float f && f == 0 && float.IsNegative(f)) || (x is double d && d == 0 && double.IsNegative(d));
    }

    /// <summary>How an argument is passed to the program.</summary>
    public static ArgumentKind KindOf(Tensor t) => t.Weak is not null ? ArgumentKind.WeakNumber
        : t.Node.Op == Ops.Number ? ArgumentKind.Number
        : ArgumentKind.Tensor;

    /// <summary>What differs between two calls, in words.</summary>
    public string Difference(Signature other)
    {
        if (_precision != other._precision)
            return $"the precision of matrix products is {other._precision}; it was {_precision}";
        if (_parts.Length != other._parts.Length)
            return $"the arguments have {other._parts.Length} leaves instead of {_parts.Length}";

        for (int i = 0; i < _parts.Length; i++)
        {
            Part before = _parts[i], now = other._parts[i];
            if (before == now) continue;
            return before.Path == now.Path ? $"{now.Name} is {now}; it was {before}"
                : $"{now.Name} stands where {before.Name} was";
        }

        return "nothing changed";
    }

    public bool Equals(Signature? other) => other is not null && _hash == other._hash
        && _precision == other._precision && _parts.AsSpan().SequenceEqual(other._parts);

    public override bool Equals(object? obj) => Equals(obj as Signature);

    public override int GetHashCode() => _hash;

    // Equals says that -0 is 0; division does not.
    private static bool IsNegativeZero(object? x) =>
        (x is float f && f == 0 && float.IsNegative(f)) || (x is double d && d == 0 && double.IsNegative(d));

    private static Part Describe(string path, Tensor t) => new(path, t.Shape, t.DType,
        KindOf(t) == ArgumentKind.Tensor ? t.Device : null, KindOf(t), null);

    private sealed record Part(string Path, Shape Shape, DType DType, Device? Device, ArgumentKind Kind,
        object? Constant, bool IsNegativeZero = false)
    {
        public string Name => Path.Length == 0 ? "the argument" : $"argument {Path}";

        public override string ToString() => Kind switch
        {
            ArgumentKind.Constant => $"the constant {Constant ?? "null"}",
            ArgumentKind.Tensor => $"{DType}{Shape} on {Device!.Id}",
            _ => $"a {DType} number",
        };
    }
}

/// <summary>How an argument reaches a compiled program.</summary>
internal enum ArgumentKind : byte
{
    /// <summary>By reference to its memory.</summary>
    Tensor,

    /// <summary>As a kernel argument: a lazy number of definite dtype.</summary>
    Number,

    /// <summary>As a kernel argument: a C# number, which takes on the dtype that it meets.</summary>
    WeakNumber,

    /// <summary>As part of the trace: another value traces again.</summary>
    Constant,
}
