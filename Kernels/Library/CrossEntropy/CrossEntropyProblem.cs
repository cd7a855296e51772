namespace Cotangent.Kernels.Library;

/// <summary>Linear cross-entropy: logits z = softcap(scale·E·Cᵀ + bias), and what is wanted of them row by row.</summary>
/// <param name="Rows">N: rows of E.</param>
/// <param name="Vocabulary">V: rows of C.</param>
/// <param name="Width">D: columns of both.</param>
internal sealed record CrossEntropyProblem(int Rows, int Vocabulary, int Width)
{
    /// <summary>The target of a row that counts for nothing.</summary>
    public const int Ignored = int.MinValue;

    /// <summary>s of s·tanh(u/s); 0 for none.</summary>
    public double Softcap { get; init; }

    /// <summary>The factor of the products.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>The number of C's first row in the whole vocabulary.</summary>
    public int Start { get; init; }

    /// <summary>Rows of the whole vocabulary, of which C may be a part.</summary>
    public int Total { get; init; } = Vocabulary;

    public bool HasBias { get; init; }

    public bool HasClassWeights { get; init; }

    public bool HasOrder { get; init; }

    /// <summary>Tiles of probabilities all below this are left out of E's gradient; 0 to leave out nothing.</summary>
    public double FilterEmbeddings { get; init; }

    /// <summary>As <see cref="FilterEmbeddings"/>, for C's gradient.</summary>
    public double FilterClassifier { get; init; }

    /// <summary>Rows of a tile of the filter; 0 to leave tiles to the device.</summary>
    public int TileRows { get; init; }

    /// <summary>Classes of a tile of the filter.</summary>
    public int TileColumns { get; init; }

    /// <summary>Whether gradients carry what their sums lose (Kahan).</summary>
    public bool IsCompensated { get; init; }

    /// <summary>What matrix units round the operands of products to, where a device has them.</summary>
    public MatMulPrecision Precision { get; init; }

    /// <summary>Rows whose logits a device holds at a time, a multiple of 16: so many that with what else they need (rows of E and of its gradient, what
    /// tiles leave) they take a twentieth of all logits, but 64 to 384.</summary>
    public int BlockRows => Math.Min(PaddedRows, Math.Clamp((int)(Rows / 20.0 * ShareOfLogits) / 32 * 32, 64, 384));

    // Of 64 logits tiles leave 16 bytes, of a row a few numbers.
    private double ShareOfLogits => Vocabulary / (Vocabulary * (17 / 16.0) + 2.0 * Width + 32);

    /// <summary>Rows that a device goes through at a time where it holds no logits, a multiple of 16: a quarter of them all, but 64 to 1024.
    /// What tiles leave of them is a 16th of their logits at most.</summary>
    public int RowsWithoutLogits => Math.Min(PaddedRows, Math.Clamp(Rows / 4 / 32 * 32, 64, 1024));

    private int PaddedRows => (Math.Max(Rows, 1) + 15) / 16 * 16;
}

/// <summary>A block of rows as kernels see it. Its logits lie class by class, <c>Pitch</c> apart: element (class v, row r) at v·Pitch + r.</summary>
/// <param name="Vocabulary">Classes.</param>
/// <param name="Pitch">Rows that there is room for.</param>
/// <param name="Count">Rows that there are.</param>
/// <param name="First">The number of the first in the list of rows.</param>
/// <param name="Width">Columns of E.</param>
/// <param name="Part">Classes that one item goes through.</param>
/// <param name="Total">All rows, ignored ones too.</param>
/// <param name="Start">The number of the first class in the whole vocabulary.</param>
/// <param name="HasBias">1 if there is a bias.</param>
/// <param name="HasClassWeights">1 if there are weights of classes.</param>
internal readonly record struct CrossEntropyBlock(int Vocabulary, int Pitch, int Count, int First, int Width, int Part, int Total, int Start,
    int HasBias, int HasClassWeights);
