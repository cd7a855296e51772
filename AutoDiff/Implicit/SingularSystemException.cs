using Cotangent.Kernels;

namespace Cotangent.AutoDiff;

/// <summary>A linear system has no unique solution (CTG2041): its matrix has no inverse, so an implicit function has no derivative
/// there.</summary>
public sealed class SingularSystemException : CotangentException
{
    internal SingularSystemException(string reason)
        : base("CTG2041", $"Linear system: {reason} It has no unique solution. For an implicit function: the residual does not determine " +
            "every unknown; fix what is free (a gauge, a sum) or add a regulariser.")
    {
    }
}
