using Cotangent.Kernels;

namespace Cotangent.Graph;

/// <summary>How a view of one to three dimensions sees a tensor: its dense axis is the tensor's last one.</summary>
/// <param name="Rank">The view's dimensions, and the tensor's.</param>
/// <param name="IsReversed">True if X is dense: X is then the last axis of the tensor and the first axis is Y or
/// Z.</param>
internal sealed record ViewAxes(int Rank, bool IsReversed)
{
    /// <summary>The axes of a type of views; null for other types and for strides that no tensor has.</summary>
    public static ViewAxes? Of(Type type)
    {
        if (!IsView(type)) return null;
        Type stride = type.GetGenericArguments()[1];
        return stride == typeof(Stride1D.Dense) ? new(1, false)
            : stride == typeof(Stride2D.DenseX) ? new(2, true)
            : stride == typeof(Stride2D.DenseY) ? new(2, false)
            : stride == typeof(Stride3D.DenseXY) ? new(3, true)
            : stride == typeof(Stride3D.DenseZY) ? new(3, false)
            : null;
    }

    /// <summary>True for views of one to three dimensions, of any stride.</summary>
    public static bool IsView(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() is var open
        && (open == typeof(ArrayView1D<,>) || open == typeof(ArrayView2D<,>) || open == typeof(ArrayView3D<,>));

    /// <summary>The IR arguments after base pointer and length: extents X, Y, Z, then the strides that are not 1, in the
    /// order of the fields of the stride types.</summary>
    public IEnumerable<long> ArgumentsOf(Shape shape)
    {
        long[] strides = shape.Strides();
        IEnumerable<long> extents = shape.Select(n => (long)n), others = strides.Take(Rank - 1);
        return IsReversed ? extents.Reverse().Concat(others.Reverse()) : extents.Concat(others);
    }
}
