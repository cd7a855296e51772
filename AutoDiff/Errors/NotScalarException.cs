using Cotangent.Kernels;

namespace Cotangent.AutoDiff;

/// <summary>A gradient was asked of a function whose result is not a scalar (CTG2021).</summary>
public sealed class NotScalarException : CotangentException
{
    internal NotScalarException(string transform, Shape shape)
        : base("CTG2021", $"{transform}: the function returned a tensor of shape {shape}; a gradient needs a scalar, shape []. " +
            "Reduce it first (.Sum() or .Mean()), or use Vjp with a cotangent of that shape.")
    {
    }
}
