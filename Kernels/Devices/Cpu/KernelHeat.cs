using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels;

/// <summary>Decides when a kernel has run enough to pay for its full code. Until then it runs quick code, which takes a tenth of
/// the time to compile and three to six times the time to run.</summary>
/// <remarks>The full code has every statement up to eight times: once for each of the four vectors in lockstep, without a mask and with
/// one; and the JIT optimises it. It takes 2 to 6 ms to compile where the quick code of the same kernel loses 1 to 2 ms over a million items,
/// whatever the kernel's length. A launch of that many items compiles the full code at once; smaller ones add up. Items that take longer than a
/// guess from the code are told by the time of the launches. What a launch computes does not depend on the code, so results are the same
/// bits.</remarks>
internal sealed class KernelHeat
{
    /// <summary>Items, with the rounds of their loops, that a kernel runs before its full code is compiled.</summary>
    public const long Warm = 1 << 20;

    /// <summary>Seconds in launches of quick code, but for the first, in which it is compiled, after which the full code is.</summary>
    public const double Longest = 4e-3;

    private readonly double _roundsPerItem;
    private double _rounds;
    private double _seconds;
    private bool _hasRun;

    public KernelHeat(Kernel kernel, int cost) =>
        _roundsPerItem = cost / Math.Max(1.0, kernel.Body.Descendants().Count());

    /// <summary>True if the full code pays.</summary>
    public bool IsWarm => _rounds >= Warm;

    /// <summary>Notes a launch of some items; true if the full code pays.</summary>
    public bool Add(long items)
    {
        if (!IsWarm)
            _rounds += items * _roundsPerItem;
        return IsWarm;
    }

    /// <summary>Notes how long a launch of quick code took.</summary>
    public void AddTime(double seconds)
    {
        if (_hasRun && (_seconds += seconds) >= Longest)
            _rounds = Warm;
        _hasRun = true;
    }
}
