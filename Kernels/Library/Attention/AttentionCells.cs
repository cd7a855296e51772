namespace Cotangent.Kernels.Library;

/// <summary>What a kernel knows of the cells of one head's scores. Scores are in units of ln 2.</summary>
internal struct AttentionCells
{
    private const float Log2E = 1.44269504088896341f;

    public AttentionShape Shape;
    public ArrayView<float> Bias;
    public ArrayView<byte> Mask;
    public int Batch;
    public int Head;

    /// <summary>Keys of the batch's sequence.</summary>
    public int Length;
    public uint Key0;
    public uint Key1;

    public static AttentionCells Of(AttentionShape shape, int batch, int head, ArrayView<float> bias, ArrayView<byte> mask,
        ArrayView<int> lengths, ArrayView<uint> key)
    {
        AttentionCells cells = default;
        cells.Shape = shape;
        cells.Bias = bias;
        cells.Mask = mask;
        cells.Batch = batch;
        cells.Head = head;
        cells.Length = shape.Keys;
        if (lengths.Length > 0)
        {
            int length = lengths[batch];
            length = length < 0 ? 0 : length;
            cells.Length = length < shape.Keys ? length : shape.Keys;
        }

        if (shape.Dropout != 0)
        {
            int at = batch / shape.DropoutBatch * shape.DropoutKeyStride;
            cells.Key0 = key[at];
            cells.Key1 = key[at + 1];
        }

        return cells;
    }

    /// <summary>The scores of four cells from products of queries and keys; −∞ for those that are not seen.</summary>
    /// <param name="products">The products.</param>
    /// <param name="query">The first cell's query.</param>
    /// <param name="key">The first cell's key.</param>
    /// <param name="queryStep">From one cell to the next.</param>
    /// <param name="keyStep">From one cell to the next.</param>
    public readonly Quad<float> Scores(Quad<float> products, int query, int key, int queryStep, int keyStep)
    {
        Quad<float> scores;
        scores.X = Score(products.X, query, key);
        scores.Y = Score(products.Y, query + queryStep, key + keyStep);
        scores.Z = Score(products.Z, query + 2 * queryStep, key + 2 * keyStep);
        scores.W = Score(products.W, query + 3 * queryStep, key + 3 * keyStep);
        return scores;
    }

    /// <summary>What dropout multiplies the weights of four cells by: 0, or 1 / (1 − dropout).</summary>
    public readonly Quad<float> Kept(int query, int key, int queryStep, int keyStep)
    {
        Quad<float> kept;
        kept.X = Kept(query, key);
        kept.Y = Kept(query + queryStep, key + keyStep);
        kept.Z = Kept(query + 2 * queryStep, key + 2 * keyStep);
        kept.W = Kept(query + 3 * queryStep, key + 3 * keyStep);
        return kept;
    }

    private readonly float Score(float product, int query, int key)
    {
        float score = float.NegativeInfinity;
        if (query < Shape.Queries && key >= Shape.FirstKey(query) && key < Shape.EndKey(query, Length))
        {
            score = product * Shape.Scale * Log2E;
            if (Bias.Length > 0)
                score = MathF.FusedMultiplyAdd(Bias[Shape.Bias.At(Batch, Head, query, key)], Log2E, score);
            if (Mask.Length > 0 && Mask[Shape.Mask.At(Batch, Head, query, key)] == 0)
                score = float.NegativeInfinity;
        }

        return score;
    }

    private readonly float Kept(int query, int key)
    {
        if (Shape.Dropout == 0)
            return 1;
        long row = ((long)(Batch % Shape.DropoutBatch) * Shape.Heads + Head) * Shape.Queries + query;
        long cell = row * Shape.Keys + key;
        (uint first, uint second) = Threefry.Block(Key0, Key1, (uint)(cell >> 32), (uint)cell);
        return (first ^ second) >> 9 < Shape.KeepBelow ? Shape.KeptFactor : 0;
    }
}
