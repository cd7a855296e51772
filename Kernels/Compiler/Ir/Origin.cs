using System.Reflection;

namespace Cotangent.Kernels.Ir;

/// <summary>The IL from which an instruction was made: for line tables. Resolving it reads symbols, so that is left to who prints
/// them.</summary>
internal sealed record Origin(MethodBase Method, int Offset);
