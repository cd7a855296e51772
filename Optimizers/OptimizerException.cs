using Cotangent.Kernels;

namespace Cotangent.Optimizers;

/// <summary>Parameters, gradients or a saved state that do not fit an optimizer (CTG2022).</summary>
public sealed class OptimizerException(string message) : CotangentException("CTG2022", message);
