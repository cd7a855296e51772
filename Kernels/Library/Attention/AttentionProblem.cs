namespace Cotangent.Kernels.Library;

/// <summary>Elements between neighbours along the axes of an operand that is repeated along some of them; 0 where it is.</summary>
internal readonly record struct CellStrides(long Batch, long Head, long Query, long Key)
{
    /// <summary>The element of a cell of the scores.</summary>
    public long At(int batch, int head, int query, int key) => batch * Batch + head * Head + query * Query + key * Key;
}

/// <summary>One attention: q [batch, heads, queries, width], k [batch, key heads, keys, width], v [batch, key heads, keys, values], row-major.
/// Query i stands at key i + keys − queries: the last query at the last key.</summary>
internal readonly record struct AttentionProblem
{
    public required int Batch { get; init; }

    public required int Heads { get; init; }

    /// <summary>Heads of keys and values; divides <see cref="Heads"/>. Head h of the queries reads head h / (heads / key heads).</summary>
    public required int KeyHeads { get; init; }

    public required int Queries { get; init; }

    public required int Keys { get; init; }

    /// <summary>Elements of a query and of a key.</summary>
    public required int Width { get; init; }

    /// <summary>Elements of a value.</summary>
    public required int Values { get; init; }

    /// <summary>What products of queries and keys are multiplied by.</summary>
    public required float Scale { get; init; }

    /// <summary>No query sees a key behind its own.</summary>
    public bool Causal { get; init; }

    /// <summary>A query sees keys at a distance less than this; 0 for all.</summary>
    public int Window { get; init; }

    /// <summary>The probability with which a weight becomes 0; the others are divided by 1 − it.</summary>
    public float Dropout { get; init; }

    /// <summary>Batches whose cells dropout numbers together; the next as many have the same numbers, and a key of their own where
    /// there are several.</summary>
    public int DropoutBatch { get; init; }

    /// <summary>Words from one key of dropout to the next; 0 for one key.</summary>
    public int DropoutKeyStride { get; init; }

    /// <summary>The layout of what is added to the scores.</summary>
    public CellStrides Bias { get; init; }

    /// <summary>The layout of the bias's tangent.</summary>
    public CellStrides BiasTangent { get; init; }

    /// <summary>The layout of the cells that are seen.</summary>
    public CellStrides Mask { get; init; }

    /// <summary>Heads of queries that share a head of keys.</summary>
    public int Group => Heads / KeyHeads;

    /// <summary>The number of score rows.</summary>
    public long Rows => (long)Batch * Heads * Queries;

    /// <summary>The first key that a query may see; grows with the query.</summary>
    public int FirstKey(int query) => Window > 0 ? (int)Math.Clamp((long)query + Keys - Queries - Window + 1, 0, Keys) : 0;

    /// <summary>One past the last key that a query may see, of a sequence of so many keys; grows with the query.</summary>
    public int EndKey(int query, int length)
    {
        long own = (long)query + Keys - Queries;
        long end = Causal ? own + 1 : Window > 0 ? own + Window : Keys;
        return (int)Math.Clamp(end, 0, Math.Clamp(length, 0, Keys));
    }

    /// <summary>The number that dropout gives to the first cell of a row.</summary>
    public long FirstCell(int batch, int head, int query) => (((long)batch % DropoutBatch * Heads + head) * Queries + query) * Keys;

    /// <summary>Where the dropout key of a batch begins.</summary>
    public int DropoutKey(int batch) => batch / DropoutBatch * DropoutKeyStride;

    /// <summary>A weight is kept if the 23 high bits of its random word are less than this: as RandomKey.Bernoulli(1 − dropout).</summary>
    public uint KeepBelow => (uint)Math.Ceiling((double)KeepProbability * (1 << 23));

    public float KeepProbability => 1 - Dropout;
}
