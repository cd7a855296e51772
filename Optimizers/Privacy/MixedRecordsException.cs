using Cotangent.Kernels;

namespace Cotangent.Optimizers.Privacy;

/// <summary>A loss of a batch in which one record's result depends on another record (CTG2062).</summary>
public sealed class MixedRecordsException(string message) : CotangentException("CTG2062", message);
