using Cotangent.Kernels;

namespace Cotangent.Graph;

/// <summary>The parameters of an op that are not tensors. Records: compared by value, so that graphs can be hashed.</summary>
internal abstract record Attributes;

/// <summary>A number, as the raw bits of its dtype (zero-extended). It is passed to kernels as an argument, so
/// structural hashing leaves it out.</summary>
internal sealed record NumberAttributes(DType DType, ulong Bits) : Attributes;

/// <summary>A placeholder of a trace. One that stands for a number computed anywhere goes with tensors of any device.</summary>
internal sealed record InputAttributes(Shape Shape, DType DType, string Name, bool IsAnywhere) : Attributes;

/// <summary>The result's shape (reshape, expand) or extents (iota).</summary>
internal record ShapeAttributes(Shape Shape) : Attributes;

/// <summary>A list of axes (permute, flip, reduce) in 0 … rank − 1; sorted for flip and reduce.</summary>
internal record AxesAttributes(Shape Axes) : Attributes;

/// <summary>Of a canonical reduction over the middle axis: its sums are made a row at a time, in memory, see
/// <see cref="Fusion.Domain.Block"/>.</summary>
internal sealed record BlockAttributes(Shape Axes) : AxesAttributes(Axes);

/// <summary>One axis (concat, gather, argmax).</summary>
internal sealed record AxisAttributes(int Axis) : Attributes;

/// <summary>Start, extent and positive step of each axis: element i of the result is element Start + i·Step.</summary>
internal sealed record SliceAttributes(Shape Start, Shape Extent, Shape Step) : Attributes;

/// <summary>Zeros before, after and between the elements of each axis; all ≥ 0.</summary>
internal sealed record PadAttributes(Shape Low, Shape High, Shape Interior) : Attributes;

/// <summary>Element i along Axis of the result, at j along Along, is element i + Offset + Step·j of the input, or 0 where there is none.
/// The result has Extent elements along Axis.</summary>
internal sealed record SkewAttributes(int Axis, int Along, int Step, int Offset, int Extent) : Attributes
{
    /// <summary>True if the input has an element for each of the result's.</summary>
    public bool IsInside(Shape input)
    {
        long last = Offset + ((long)Step * (input[Along] - 1));
        return Math.Min(Offset, last) >= 0 && Math.Max(Offset, last) + Extent <= input[Axis];
    }
}

/// <summary>A target dtype (cast, bitcast).</summary>
internal sealed record DTypeAttributes(DType DType) : Attributes;

/// <summary>Extents, dtype and the axis along which an iota counts.</summary>
internal sealed record IotaAttributes(Shape Shape, int Axis, DType DType) : Attributes;

/// <summary>The axis along which values accumulate, and whether from its end.</summary>
internal sealed record CumulativeAttributes(int Axis, bool Reverse) : Attributes;

/// <summary>The axis that is sorted, and whether the largest comes first.</summary>
internal sealed record SortAttributes(int Axis, bool Descending) : Attributes;

/// <summary>The axes of a dot-general, in pairs: batch axes of left and right, contracted axes of left and right. The result's axes are
/// the batch axes, then the left's free axes, then the right's. Precision is what devices with matrix units may do to float32.</summary>
internal sealed record DotAttributes(Shape LeftBatch, Shape RightBatch, Shape LeftContract, Shape RightContract,
    MatMulPrecision Precision = MatMulPrecision.Float32) : Attributes;

/// <summary>The axis that a scatter-add's result has in place of the index axes (or of the updates' axis), and its extent.</summary>
internal sealed record ScatterAttributes(int Axis, int Extent) : Attributes;

/// <summary>Which triangle of a matrix is read (before transposing), whether its transpose is meant, and whether its diagonal counts
/// as ones.</summary>
internal sealed record TriangularAttributes(bool Lower, bool Transpose, bool UnitDiagonal) : Attributes;

/// <summary>Whether A·x = b or Aᵀ·x = b is solved.</summary>
internal sealed record SolveAttributes(bool Transpose) : Attributes;
