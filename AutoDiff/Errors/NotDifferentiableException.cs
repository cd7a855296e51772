using Cotangent.Kernels;

namespace Cotangent.AutoDiff;

/// <summary>A derivative was asked for that does not exist: an argument or a result that is not floating, or an operation without
/// a derivative rule (CTG2020).</summary>
public sealed class NotDifferentiableException(string message) : CotangentException("CTG2020", message);
