using Cotangent.Kernels;

namespace Cotangent.AutoDiff;

/// <summary>A function cannot be applied to a batch (CTG2024): it has nothing to batch over, or a result that is to be shared depends on
/// the batch. The message says which.</summary>
public sealed class BatchingException(string message) : CotangentException("CTG2024", message);
