using Cotangent.Kernels;

namespace Cotangent.AutoDiff;

/// <summary>A rule given to <c>Diff.CustomJvp</c>, <c>CustomVjp</c> or <c>CustomLinear</c> does not fit its function, or is asked for what
/// it cannot give (CTG2030). The message names the function and what to write.</summary>
public sealed class CustomDerivativeException : CotangentException
{
    internal CustomDerivativeException(string message, Exception? inner = null)
        : base("CTG2030", message, inner)
    {
    }
}
