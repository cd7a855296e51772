using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.AutoDiff;

/// <summary>Reverse mode came to a while loop (CTG2051): its rounds are not known before they ran. The message names the
/// alternatives.</summary>
public sealed class NotReversibleException : CotangentException
{
    internal NotReversibleException(Node loop)
        : base("CTG2051", $"While: reverse mode cannot go back through a loop whose rounds are not known before it ran ({loop.DType}{loop.Shape}). " +
            "Use Flow.Scan or Flow.ForLoop with a fixed length, Implicit.FixedPoint for what the loop converges to, or forward mode (Diff.Jvp, " +
            "Diff.JacFwd).")
    {
    }
}
