using Cotangent.Graph;

namespace Cotangent;

/// <summary>A C# number that has not met a tensor yet: exact, and without a dtype of its own.</summary>
internal readonly struct WeakNumber
{
    private readonly double _real;
    private readonly long _integer;

    private readonly Node? _placeholder;
    private readonly HashSet<DType>? _met;

    private WeakNumber(bool isInteger, long integer, double real, Node? placeholder = null, HashSet<DType>? met = null)
    {
        IsInteger = isInteger;
        _integer = integer;
        _real = real;
        _placeholder = placeholder;
        _met = met;
    }

    /// <summary>Whether it was an integer in C#.</summary>
    public bool IsInteger { get; }

    /// <summary>The value, for floats and where the sign matters; NaN while it is traced.</summary>
    public double Real => _real;

    /// <summary>The bits of a number that is known, as <see cref="WidestDType"/>.</summary>
    public ulong WidestBits => IsInteger ? (ulong)_integer : BitConverter.DoubleToUInt64Bits(_real);

    /// <summary>Its dtype where it meets no tensor.</summary>
    public DType DefaultDType => !IsInteger ? DType.Float32 : _integer is >= int.MinValue and <= int.MaxValue ? DType.Int32 : DType.Int64;

    public static WeakNumber Of(long x) => new(true, x, x);

    public static WeakNumber Of(double x) => new(false, 0, x);

    /// <summary>A number that a compiled function takes as an argument: its bits are not known while it is traced.</summary>
    /// <param name="like">A number of the same kind and range.</param>
    /// <param name="placeholder">An Int64 or Float64 placeholder, rank 0.</param>
    /// <param name="met">Takes the dtypes that the number takes on: each call's number must fit them.</param>
    public static WeakNumber Traced(WeakNumber like, Node placeholder, HashSet<DType> met) =>
        new(like.IsInteger, like._integer, double.NaN, placeholder, met);

    /// <summary>The dtype that holds any number of this kind.</summary>
    public DType WidestDType => IsInteger ? DType.Int64 : DType.Float64;

    /// <summary>The dtype of the operation that joins it with a tensor of <paramref name="other"/>.</summary>
    public DType Join(DType other) => other switch
    {
        _ when other.IsFloat() => other,
        DType.Bool => DefaultDType,
        _ when IsInteger => other,
        DType.Int64 => DType.Float64,
        _ => DType.Float32,
    };

    /// <summary>A rank-0 number node.</summary>
    /// <exception cref="DTypeMismatchException">An integer that <paramref name="type"/> cannot hold.</exception>
    public Node ToNode(DType type)
    {
        if (_placeholder is not null)
        {
            _met!.Add(type);
            return Make.Cast(_placeholder, type);
        }

        RequireFit(type);
        return new Node(Ops.Number, [], IsInteger ? Numbers.Of(type, _integer) : Numbers.Of(type, _real));
    }

    /// <summary>Refuses an integer that a dtype cannot hold.</summary>
    /// <exception cref="DTypeMismatchException">It does not fit.</exception>
    public void RequireFit(DType type)
    {
        bool fits = !IsInteger || type switch
        {
            DType.UInt8 => _integer is >= 0 and <= byte.MaxValue,
            DType.Int32 => _integer is >= int.MinValue and <= int.MaxValue,
            DType.UInt32 => _integer is >= 0 and <= uint.MaxValue,
            _ => true,
        };
        if (!fits) throw new DTypeMismatchException($"The number {_integer} does not fit {type}. Cast the tensor to a wider dtype first.");
    }
}
