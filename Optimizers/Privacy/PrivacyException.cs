using Cotangent.Kernels;

namespace Cotangent.Optimizers.Privacy;

/// <summary>A private step, its accounting or a saved state that cannot be as asked (CTG2061).</summary>
public sealed class PrivacyException(string message) : CotangentException("CTG2061", message);
