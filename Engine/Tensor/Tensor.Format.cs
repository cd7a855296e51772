namespace Cotangent;

public sealed partial class Tensor
{
    /// <summary>The elements as NumPy prints them: aligned, at most eight digits after the point, long axes abridged.
    /// Computes the value; a traced tensor shows its dtype and shape.</summary>
    public override string ToString() => Node.IsTraced
        ? $"{DType}{Shape} (traced)"
        : TensorFormat.Format(this);
}
