using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.Cpu;

/// <summary>How the CPU cuts a linear cross-entropy: by shape alone, so that results do not depend on threads.</summary>
internal readonly record struct CpuCrossEntropyShape
{
    /// <summary>Lanes of a vector: a block of rows is a number of these.</summary>
    public const int Lanes = 16;

    /// <summary>Classes whose logits are made and summed at a time: a block of rows of the product.</summary>
    public const int ForwardClasses = 384;

    /// <summary>Classes whose derivatives are made and multiplied at a time: their rows of C and of its gradient, and the derivatives, stay
    /// in L2 at a width of 512.</summary>
    public const int BackwardClasses = 192;

    /// <summary>Rows at most: two panels of the product, which then reads C where it lies.</summary>
    private const int MostRows = 96;

    /// <summary>Rows that a block has even if that is more than a twentieth of the logits.</summary>
    private const int FewRows = 48;

    public CpuCrossEntropyShape(CrossEntropyProblem p, bool hasGradients)
    {
        Strips = hasGradients ? Math.Clamp(p.Vocabulary / 1024, 1, 16) : 0;
        Chunks = GemmBlocking.Ceiling(p.Vocabulary, ForwardClasses);
        int least = Math.Clamp(GemmBlocking.RoundUp(p.Rows / 8, Lanes), Lanes, FewRows);
        int rows = Math.Min(MostRows, GemmBlocking.RoundUp(Math.Max(p.Rows, 1), Lanes));
        while (rows > least && Bytes(p, rows, Strips, Chunks) > 4L * p.Rows * p.Vocabulary / 20)
            rows -= Lanes;
        Rows = rows;
        ScratchBytes = Bytes(p, rows, Strips, Chunks);
    }

    /// <summary>Rows of a block.</summary>
    public int Rows { get; }

    /// <summary>Ranges of classes whose products with C are summed apart, then together.</summary>
    public int Strips { get; }

    /// <summary>Ranges of classes of the forward pass.</summary>
    public int Chunks { get; }

    public long ScratchBytes { get; }

    /// <summary>Logits, the block's rows of E as they are and packed for two products, its gradient strip by strip, sums of chunks.</summary>
    private static long Bytes(CrossEntropyProblem p, int rows, int strips, int chunks)
    {
        long block = (long)rows * p.Width, packed = (long)rows * GemmBlocking.RoundUp(p.Width, 64);
        return 4 * (((long)p.Vocabulary * rows) + block + (packed * (strips > 0 ? 2 : 1)) + (block * strips) + (4L * chunks * rows)
            + (8L * rows) + (2L * p.Rows) + 1024);
    }
}
