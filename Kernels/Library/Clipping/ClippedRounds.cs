namespace Cotangent.Kernels.Library;

/// <summary>How many examples of a clipped sum go through a device together.</summary>
internal static class ClippedRounds
{
    /// <summary>Launches of a round.</summary>
    public const int Launches = 3;

    /// <summary>Bytes of inner sums that are in memory together: they stay in the L2 cache of larger GPUs, beside the outer sum and operands.</summary>
    public const long Bytes = 16 << 20;

    /// <summary>The smallest normal number of single precision.</summary>
    public const double SmallestNormal = 1.17549435e-38;

    /// <summary>Examples of a round: as many as the bytes hold, and one at least.</summary>
    public static int Together(ClippedSumProblem problem, int bytesOfElement)
    {
        long bytes = (long)problem.Left * problem.Right * bytesOfElement;
        return (int)Math.Clamp(Bytes / Math.Max(1, bytes), 1, Math.Clamp(problem.Examples, 1, GemmLauncher.LargestGridZ));
    }
}
