using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.Cpu;

/// <summary>How the CPU cuts a linear cross-entropy: by shape alone, so that results do not depend on threads.</summary>
internal readonly record struct CpuCrossEntropyShape
{
    /// <summary>Lanes of a vector: a block of rows is a number of these.</summary>
    public const int Lanes = 16;

    /// <summary>Classes whose logits there are at a time, a thread: with 512 rows they take 384 KiB of L2, through everything that is done to
    /// them.</summary>
    public const int Classes = 192;

    /// <summary>Rows at most: their gradient, summed chunk by chunk of classes, stays in L2 at a width of 512.</summary>
    private const int MostRows = 512;

    /// <summary>Rows that a block has even if that needs more than a twentieth of the logits.</summary>
    private const int FewRows = 48;

    /// <summary>Strips at most: as many threads have work.</summary>
    private const int MostStrips = 8;

    public CpuCrossEntropyShape(CrossEntropyProblem p, bool hasGradients)
    {
        Strips = Math.Clamp(p.Vocabulary / 512, 1, MostStrips);
        int rows = Math.Min(MostRows, GemmBlocking.RoundUp(Math.Max(p.Rows, 1), Lanes));
        while (rows > FewRows && Bytes(p, rows, Strips, hasGradients) > 4L * p.Rows * p.Vocabulary / 20)
            rows -= Lanes;
        Rows = rows;
        ScratchBytes = Bytes(p, rows, Strips, hasGradients);
    }

    /// <summary>Rows of a block.</summary>
    public int Rows { get; }

    /// <summary>Ranges of classes that are gone through apart; what is summed over them is put together at the end.</summary>
    public int Strips { get; }

    public long ScratchBytes { get; }

    /// <summary>The block's rows of E as they are and packed for two products, its gradient strip by strip, sums of strips.</summary>
    private static long Bytes(CrossEntropyProblem p, int rows, int strips, bool hasGradients)
    {
        long block = (long)rows * p.Width, packed = (long)rows * GemmBlocking.RoundUp(p.Width, 64);
        return 4 * (block + packed + (hasGradients ? packed + (block * strips) : 0) + (4L * strips * rows) + (8L * rows) + (2L * p.Rows) + 1024);
    }
}
