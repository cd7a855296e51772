using System.Numerics.Tensors;
using Cotangent.Kernels;

namespace Cotangent.Interop;

/// <summary>Copies between tensors and the spans of System.Numerics.Tensors, of any strides.</summary>
public static class TensorSpans
{
    /// <summary>A tensor with the shape and elements of a span.</summary>
    public static Tensor ToTensor<T>(this in ReadOnlyTensorSpan<T> span, Device? device = null) where T : unmanaged
    {
        Shape shape = Extents(span.Lengths);
        T[] elements = new T[span.FlattenedLength];
        span.FlattenTo(elements);
        return Tensor.From(elements, shape, device);
    }

    /// <summary>A tensor with the shape and elements of a span.</summary>
    public static Tensor ToTensor<T>(this in TensorSpan<T> span, Device? device = null) where T : unmanaged =>
        span.AsReadOnlyTensorSpan().ToTensor(device);

    /// <summary>Copies the elements to a span of the same shape.</summary>
    /// <exception cref="ShapeMismatchException">The shapes differ.</exception>
    public static void CopyTo<T>(this Tensor tensor, in TensorSpan<T> destination) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        Shape shape = Extents(destination.Lengths);
        if (shape != tensor.Shape)
            throw new ShapeMismatchException($"CopyTo: the tensor is {tensor.Shape} and the span {shape}. Reshape " +
                "one of them.");

        ReadOnlyTensorSpan<T> source = new(tensor.ToArray<T>(), destination.Lengths);
        source.CopyTo(destination);
    }

    private static Shape Extents(ReadOnlySpan<nint> lengths)
    {
        int[] extents = new int[lengths.Length];
        for (int i = 0; i < extents.Length; i++) extents[i] = checked((int)lengths[i]);
        return Shape.Create(extents);
    }
}
