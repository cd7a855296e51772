using Cotangent.Kernels;

namespace Cotangent.AutoDiff.Mesh;

/// <summary>Elements that are no mesh (CTG2042): a vertex that is not there, or twice in one element. The message names the
/// element.</summary>
public sealed class MeshException(string message) : CotangentException("CTG2042", message);
