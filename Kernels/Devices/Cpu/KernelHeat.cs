using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels;

/// <summary>Decides when a kernel has run enough to pay for its full code. Until then it runs quick code, which takes an eighth of
/// the time to compile and up to twice the time to run.</summary>
/// <remarks>The full code has every statement up to eight times: once for each of the four vectors in lockstep, without a mask and with
/// one. Compiling takes about 40 µs a statement, and running a statement for a vector about half a nanosecond: quick code has cost what
/// the full code costs after a million items, whatever the kernel's length. A launch of that many items compiles the full code at
/// once; smaller ones add up. What a launch computes does not depend on the code, so results are the same bits.</remarks>
internal sealed class KernelHeat
{
    /// <summary>Items, with the rounds of their loops, that a kernel runs before its full code is compiled.</summary>
    public const long Warm = 1 << 20;

    private readonly double _roundsPerItem;
    private double _rounds;

    public KernelHeat(Kernel kernel, int cost) =>
        _roundsPerItem = cost / Math.Max(1.0, kernel.Body.Descendants().Count());

    /// <summary>Notes a launch of some items; true if the full code pays.</summary>
    public bool Add(long items)
    {
        if (_rounds >= Warm)
            return true;
        _rounds += items * _roundsPerItem;
        return _rounds >= Warm;
    }
}
