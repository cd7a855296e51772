using Cotangent.Kernels;

namespace Cotangent.AutoDiff;

/// <summary>A derivative goes through a C# kernel that has none, or whose JVP or transpose does not fit it (CTG2023). The message
/// names the kernel and says what to pass.</summary>
public sealed class KernelDerivativeException(string message) : CotangentException("CTG2023", message);
