using Cotangent.Kernels;

namespace Cotangent.AutoDiff;

/// <summary>The transpose was asked of a function that is not linear (CTG2031). The message names the first operation
/// that is not.</summary>
public sealed class NotLinearException(string message) : CotangentException("CTG2031", message);
