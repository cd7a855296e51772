namespace Cotangent.Kernels.Library;

/// <summary>An <see cref="AttentionProblem"/> as kernels take it.</summary>
internal struct AttentionShape
{
    public int Heads;
    public int KeyHeads;
    public int Queries;
    public int Keys;
    public int Width;
    public int Values;

    /// <summary>What products of queries and keys are multiplied by.</summary>
    public float Scale;

    /// <summary>1 if no query sees a key behind its own, else 0.</summary>
    public int Causal;

    /// <summary>A query sees keys at a distance less than this; 0 for all.</summary>
    public int Window;

    /// <summary>1 if there is a dropout, else 0.</summary>
    public int Dropout;

    /// <summary>What kept weights are multiplied by.</summary>
    public float KeptFactor;
    public uint KeepBelow;
    public int DropoutBatch;
    public int DropoutKeyStride;
    public CellStrides Bias;
    public CellStrides BiasTangent;
    public CellStrides Mask;

    public static AttentionShape Of(in AttentionProblem p, bool hasDropout) => new()
    {
        Heads = p.Heads,
        KeyHeads = p.KeyHeads,
        Queries = p.Queries,
        Keys = p.Keys,
        Width = p.Width,
        Values = p.Values,
        Scale = p.Scale,
        Causal = p.Causal ? 1 : 0,
        Window = p.Window,
        Dropout = hasDropout ? 1 : 0,
        KeptFactor = 1 / p.KeepProbability,
        KeepBelow = p.KeepBelow,
        DropoutBatch = p.DropoutBatch,
        DropoutKeyStride = p.DropoutKeyStride,
        Bias = p.Bias,
        BiasTangent = p.BiasTangent,
        Mask = p.Mask,
    };

    /// <summary>The first key that a query may see; grows with the query.</summary>
    public readonly int FirstKey(int query)
    {
        int first = Window > 0 ? query + Keys - Queries - Window + 1 : 0;
        return first < 0 ? 0 : first;
    }

    /// <summary>One past the last key that a query may see, of a sequence of so many; grows with the query.</summary>
    public readonly int EndKey(int query, int length)
    {
        int own = query + Keys - Queries;
        int end = Causal != 0 ? own + 1 : Window > 0 ? own + Window : length;
        return end < length ? end : length;
    }
}
