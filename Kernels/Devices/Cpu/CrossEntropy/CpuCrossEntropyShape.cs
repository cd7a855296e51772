using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.Cpu;

/// <summary>How the CPU cuts a linear cross-entropy: by shape and by what is wanted alone, so that results do not depend on threads.</summary>
internal readonly record struct CpuCrossEntropyShape
{
    /// <summary>Lanes of a vector: a block of rows is a number of these.</summary>
    public const int Lanes = 16;

    /// <summary>Classes at a time, a thread, at most.</summary>
    public const int MostClasses = 192;

    /// <summary>Bytes of the rows of C that belong to them, and of their logits: parts of L2, so that the products after the first find both
    /// there.</summary>
    private const int ClassifierBytes = 384 << 10, LogitBytes = 384 << 10;

    /// <summary>Rows of blocks whose logits are kept for all classes. The least is two panels of a product: with fewer, C and its gradient would
    /// go through memory too often.</summary>
    private const int MostKeptRows = 192, LeastKeptRows = 96, KeptGrain = 48;

    /// <summary>Rows of other blocks: what stays in L2 at a width of 512 beside a strip's share of C.</summary>
    private const int MostRows = 512, MostEagerRows = 256;

    /// <summary>Rows that a block has even if that needs more than a twentieth of the logits.</summary>
    private const int FewRows = 48;

    /// <summary>A multiple of tiles' heights, 6 and 8.</summary>
    private const int TileRows = 24;

    /// <summary>Strips at most: as many threads have work.</summary>
    public const int MostStrips = 8;

    public CpuCrossEntropyShape(CrossEntropyProblem p, CrossEntropyGradients wanted)
    {
        IsEager = wanted.OfEmbeddings && p.FilterEmbeddings <= 0 && p.FilterClassifier <= 0 && !p.HasClassWeights;
        HasSecondPass = wanted.OfClassifier || wanted.OfBias || (wanted.OfEmbeddings && !IsEager);
        int most = Math.Clamp(p.Vocabulary / 512, 1, MostStrips), rows = KeptRows(p, wanted);
        Keeps = rows > 0;
        (Rows, Strips) = Keeps ? (rows, most) : (RowsOf(p, IsEager ? MostEagerRows : MostRows), most);
        Classes = ClassesOf(p, Rows);
        if (Keeps)
        {
            // Halved: a number of strips that is no multiple of the threads leaves some without work.
            while (Strips > 2 && Bytes(p, wanted) > Budget(p)) Strips /= 2;
        }
        else
        {
            while (Rows > FewRows && Bytes(p, wanted) > Budget(p))
            {
                Rows -= Lanes;
                Classes = ClassesOf(p, Rows);
            }
        }

        // Equal chunks, of whole tiles: a short one would be the less efficient product.
        int strip = GemmBlocking.Ceiling(p.Vocabulary, Strips);
        Classes = GemmBlocking.RoundUp(GemmBlocking.Ceiling(strip, GemmBlocking.Ceiling(strip, Classes)), TileRows);
        ScratchBytes = Bytes(p, wanted);
    }

    /// <summary>Rows of a block.</summary>
    public int Rows { get; }

    /// <summary>Ranges of classes that are gone through apart; what is summed over them is put together at the end.</summary>
    public int Strips { get; }

    /// <summary>Classes at a time.</summary>
    public int Classes { get; }

    /// <summary>True if E's gradient is summed in the first pass, before log-sum-exps are known, as attention sums values.</summary>
    public bool IsEager { get; }

    /// <summary>True if classes are gone through once more when log-sum-exps are known.</summary>
    public bool HasSecondPass { get; }

    /// <summary>True if a block's logits of all classes are kept for the second pass; else they are made once more.</summary>
    public bool Keeps { get; }

    /// <summary>True if E is packed for C's gradient when it is no longer needed packed for logits.</summary>
    public bool SharesPanels => Keeps && IsEager;

    public long ScratchBytes { get; }

    /// <summary>Chunks of classes of a strip, at most.</summary>
    public int Chunks(int vocabulary) => GemmBlocking.Ceiling(GemmBlocking.Ceiling(vocabulary, Strips), Classes);

    /// <summary>A twentieth of all logits.</summary>
    private static long Budget(CrossEntropyProblem p) => 4L * p.Rows * p.Vocabulary / 20;

    /// <summary>Rows of a block whose logits are kept; 0 to keep none. A block of at most a quarter of all rows may exceed the budget.</summary>
    private int KeptRows(CrossEntropyProblem p, CrossEntropyGradients wanted)
    {
        if (!HasSecondPass || !(wanted.OfClassifier || wanted.OfEmbeddings) || p.Rows / 4 < LeastKeptRows) return 0;
        long rest = 4L * p.Width * (wanted.OfEmbeddings ? 6 : 3);
        long rows = Budget(p) / ((4L * p.Vocabulary) + rest) / KeptGrain * KeptGrain;
        return (int)Math.Clamp(rows, LeastKeptRows, MostKeptRows);
    }

    private static int RowsOf(CrossEntropyProblem p, int most) => Math.Min(most, GemmBlocking.RoundUp(Math.Max(p.Rows, 1), Lanes));

    private static int ClassesOf(CrossEntropyProblem p, int rows)
    {
        int classes = Math.Min(ClassifierBytes / 4 / p.Width, LogitBytes / 4 / rows);
        return Math.Clamp(classes / KeptGrain * KeptGrain, 2 * KeptGrain, MostClasses);
    }

    /// <summary>A block's logits if they are kept; its rows of E as they are and packed for two products, its gradient strip by strip, sums of
    /// strips.</summary>
    private long Bytes(CrossEntropyProblem p, CrossEntropyGradients wanted)
    {
        long block = (long)Rows * p.Width, packed = (long)Rows * GemmBlocking.RoundUp(p.Width, 64), floats = packed;
        if (!IsEager) floats += block;
        if (wanted.OfClassifier && !SharesPanels) floats += packed;
        if (wanted.OfEmbeddings) floats += block * Strips;
        if (Keeps) floats += (long)p.Vocabulary * Rows;
        if (Keeps && IsEager) floats += (long)Strips * Chunks(p.Vocabulary) * Rows;
        return 4 * (floats + (5L * Strips * Rows) + (8L * Rows) + (2L * p.Rows) + 512);
    }
}

/// <summary>Gradients that are wanted.</summary>
internal readonly record struct CrossEntropyGradients(bool OfEmbeddings, bool OfClassifier, bool OfBias)
{
    public bool Any => OfEmbeddings || OfClassifier || OfBias;
}
