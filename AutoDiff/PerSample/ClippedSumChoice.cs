using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Cpu;
using Cotangent.Kernels.Library;
using static Cotangent.AutoDiff.SampleGradients;

namespace Cotangent.AutoDiff;

/// <summary>Whether a clipped sum of gradients that are products is one pass, or norms and a product.</summary>
internal static class ClippedSumChoice
{
    // Arithmetic in whose time the CPU squares, swaps and adds a tile's element; Gram matrices run somewhat slower than products.
    private const double EachElement = 24, OfGram = 1.3;

    // Below, neither joining threads nor launches are worth it.
    private const double LeastFlops = 4e6;
    private const int LeastPositions = 16;

    // The same on a GPU of 7 flops a byte of its L2, 20 a byte of memory, 40 TFLOP/s: an element is written, read, and added to a sum that a
    // round reads and writes; a launch is 2.5 µs. Gram matrices of a few examples at a time leave half of it idle.
    private const double EachElementOfCache = 64, EachElementOfMemory = 240, EachLaunch = 1e8, OfGramOnGroups = 2;

    /// <summary>True if a sum is made in one pass where its factors depend on its own norms alone: always rather than gradients in memory; rather than
    /// norms and a product if these take longer.</summary>
    /// <param name="form">What the gradients are.</param>
    /// <param name="norm">How norms are made otherwise.</param>
    public static bool IsOnePass(SampleForm form, NormMethod norm)
    {
        if (form is not SampleForm.Product { Groups: 1 } p || !DeviceOps.HasClippedSum(p.Gradients.Device)) return false;
        double positions = p.Left.Shape[1], left = p.Left.Shape[2], right = p.Right.Shape[2];
        if (p.Gradients.DType is not (DType.Float32 or DType.Float64) || p.Left.DType != p.Right.DType) return false;
        if (positions < LeastPositions || 2 * positions * left * right < LeastFlops) return false;
        if (norm == NormMethod.Direct) return true;
        return p.Gradients.Device is CpuDevice
            ? EachElement * left * right < OfGram * positions * (positions + 1) * (left + right)
            : OnGroups(p) < NormsOnGroups(p, norm);
    }

    /// <summary>In words: one pass, and how many examples go through a device with groups together.</summary>
    public static string Describe(SampleForm.Product p) => p.Gradients.Device is CpuDevice ? "clipped and added up in one pass"
        : $"clipped and added up in one pass, {Together(p)} at a time";

    // What one pass costs beside the product of all examples.
    private static double OnGroups(SampleForm.Product p)
    {
        ClippedSumProblem problem = Problem(p);
        double elements = (double)problem.Left * problem.Right, rounds = Math.Ceiling((double)problem.Examples / Together(p));
        double each = elements * p.Left.DType.Size() <= ClippedRounds.Bytes ? EachElementOfCache : EachElementOfMemory;
        return problem.Examples * elements * each + rounds * ClippedRounds.Launches * EachLaunch;
    }

    // What norms cost, which that product follows.
    private static double NormsOnGroups(SampleForm.Product p, NormMethod norm)
    {
        GramProblem problem = new(p.Left.Shape[0], p.Left.Shape[1], p.Left.Shape[2], p.Right.Shape[2]);
        double each = norm == NormMethod.Tiles ? DirectFlops(p) : OfGramOnGroups * GramFlops(p);
        return problem.Examples * each + GramNormsRoutines.Launches(problem, p.Left.DType, norm == NormMethod.Tiles) * EachLaunch;
    }

    private static int Together(SampleForm.Product p) => ClippedRounds.Together(Problem(p), p.Left.DType.Size());

    private static ClippedSumProblem Problem(SampleForm.Product p) =>
        new(p.Left.Shape[0], p.Left.Shape[1], p.Left.Shape[2], p.Right.Shape[2], ClipRule.AtMost, 0);
}
