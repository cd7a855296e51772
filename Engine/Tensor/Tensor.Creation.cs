using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent;

// Numbers and counts are lazy: they cost no memory and fuse into what uses them. Data is copied to the device at once.
public sealed partial class Tensor
{
    /// <summary>Copies elements, in row-major order, into a tensor.</summary>
    /// <exception cref="ShapeMismatchException">The shape does not have as many elements as there are.</exception>
    public static Tensor From<T>(ReadOnlySpan<T> data, Shape shape, Device? device = null) where T : unmanaged
    {
        DType type = DTypes.Of<T>();
        CheckExtents("from", shape);
        return shape.Size == data.Length
            ? new Tensor(HostData.Leaf(MemoryMarshal.AsBytes(data), shape, type, device ?? Device.Default))
            : throw new ShapeMismatchException($"from: {data.Length} elements do not fill {shape}, which has " +
                $"{shape.Size}.");
    }

    /// <summary>Copies elements, in row-major order, into a tensor.</summary>
    public static Tensor From<T>(T[] data, Shape shape, Device? device = null) where T : unmanaged =>
        From((ReadOnlySpan<T>)data, shape, device);

    /// <summary>A vector.</summary>
    public static Tensor From<T>(T[] data, Device? device = null) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        return From((ReadOnlySpan<T>)data, [data.Length], device);
    }

    /// <summary>A matrix, rows first.</summary>
    public static Tensor From<T>(T[,] data, Device? device = null) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        return From(Elements<T>(data), [data.GetLength(0), data.GetLength(1)], device);
    }

    /// <summary>A tensor of rank 3.</summary>
    public static Tensor From<T>(T[,,] data, Device? device = null) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        return From(Elements<T>(data), [data.GetLength(0), data.GetLength(1), data.GetLength(2)], device);
    }

    /// <summary>One number, rank 0, of a definite dtype.</summary>
    public static Tensor Scalar(double x, DType dtype = DType.Float32, Device? device = null) =>
        Full([], x, dtype, device);

    /// <summary>A shape full of 0 (False).</summary>
    public static Tensor Zeros(Shape shape, DType dtype = DType.Float32, Device? device = null) =>
        Full(shape, 0, dtype, device);

    /// <summary>A shape full of 1 (True).</summary>
    public static Tensor Ones(Shape shape, DType dtype = DType.Float32, Device? device = null) =>
        Full(shape, 1, dtype, device);

    /// <summary>A shape full of one number, converted as <see cref="Cast"/> does.</summary>
    public static Tensor Full(Shape shape, double value, DType dtype = DType.Float32, Device? device = null)
    {
        CheckExtents("full", shape);
        return new(Make.Fill(new Node(Ops.Number, [], Numbers.Of(dtype, value), device), shape));
    }

    /// <summary>Zeros with the shape, dtype and device of another tensor.</summary>
    public static Tensor ZerosLike(Tensor other) => FullLike(other, 0);

    /// <summary>Ones with the shape, dtype and device of another tensor.</summary>
    public static Tensor OnesLike(Tensor other) => FullLike(other, 1);

    /// <summary>A number repeated over the shape of another tensor, in its dtype, on its device.</summary>
    public static Tensor FullLike(Tensor other, double value)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Full(other.Shape, value, other.DType, other.Device);
    }

    /// <summary>0, 1, …, n − 1.</summary>
    public static Tensor Arange(int n, DType dtype = DType.Int32, Device? device = null) => Iota([n], 0, dtype, device);

    /// <summary>Counts 0, 1, … along one axis, the same along the others.</summary>
    public static Tensor Iota(Shape shape, int axis, DType dtype = DType.Int32, Device? device = null)
    {
        CheckExtents("iota", shape);
        return dtype == DType.Bool
            ? throw new DTypeMismatchException("iota: the dtype is Bool; it must be a number.")
            : new(new Node(Ops.Iota, [], new IotaAttributes(shape, NormalizeAxis("iota", axis, shape), dtype), device));
    }

    /// <summary>The n × n identity matrix.</summary>
    public static Tensor Eye(int n, DType dtype = DType.Float32, Device? device = null) =>
        Iota([n, n], 0, DType.Int32, device).Equal(Iota([n, n], 1, DType.Int32, device)).Cast(dtype);

    private static ReadOnlySpan<T> Elements<T>(Array data) where T : unmanaged =>
        MemoryMarshal.CreateReadOnlySpan(
            ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(data)), data.Length);

    private static void CheckExtents(string op, Shape shape)
    {
        decimal size = 1;
        foreach (int n in shape)
        {
            if (n < 0) throw new ShapeMismatchException($"{op}: the shape {shape} has a negative extent.");
            size = Math.Min(size * n, long.MaxValue);
        }

        if (size >= long.MaxValue / 8)
            throw new ShapeMismatchException($"{op}: the shape {shape} has more elements than any memory holds.");
    }
}
