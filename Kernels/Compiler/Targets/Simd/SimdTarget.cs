namespace Cotangent.Kernels.Targets;

/// <summary>What a kernel's code is specialised for.</summary>
/// <param name="Isa">The vectors.</param>
/// <param name="Unroll">Vectors of 32-bit lanes a group of lockstep lanes: 1, 2 or 4.</param>
/// <param name="Group">Work items a group, for grouped kernels.</param>
/// <param name="Rows">Rows of the group that run in lockstep; a row is Lanes items.</param>
/// <param name="Streaming">The launch is larger than the caches, see <see cref="MemoryTraffic"/>.</param>
/// <param name="Quick">Short code rather than fast code: every statement is emitted once, under masks. For kernels that have not run
/// long enough to pay for more, see <see cref="KernelHeat"/>. Computes the same bits.</param>
internal readonly record struct SimdTarget(
    VectorIsa Isa, int Unroll, Index3D Group = default, int Rows = 1, bool Streaming = false, bool Quick = false)
{
    /// <summary>Lanes of the vectors of a statement.</summary>
    public int Lanes => Unroll * Isa.Lanes;
}
