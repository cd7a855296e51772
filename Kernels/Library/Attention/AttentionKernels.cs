namespace Cotangent.Kernels.Library;

/// <summary>Attention without a matrix of scores, for devices with groups: 64 queries against 64 keys at a time in registers and shared
/// memory. Groups of <see cref="ScoreBlock.Items"/>, grid X over blocks and heads, Y over blocks of 64 columns of the result.</summary>
/// <remarks>31 KB of shared memory. 2·64·64·(width + 64) operations a block forwards: what 64 result columns need; wider results compute scores
/// once for each 64 of them. Each result element is one sum in a fixed order: no atomics.</remarks>
internal static class AttentionKernels
{
    private const float Log2E = 1.44269504088896341f, Ln2 = 0.693147180559945309f;
    private const int Tile = ScoreBlock.Tile;

    /// <summary>Elements from one row's partial results to the next.</summary>
    private const int Partials = 17;

    /// <summary>Output and log-sum-exp, by online softmax.</summary>
    public static void Forward(ArrayView<float> q, ArrayView<float> k, ArrayView<float> v, ArrayView<float> bias, ArrayView<byte> mask,
        ArrayView<int> lengths, ArrayView<uint> key, ArrayView<float> output, ArrayView<float> lse, AttentionShape shape)
    {
        ArrayView<Quad<float>> left = SharedMemory.Allocate<Quad<float>>(ScoreBlock.Depth * ScoreBlock.Pitch);
        ArrayView<Quad<float>> right = SharedMemory.Allocate<Quad<float>>(ScoreBlock.Depth * ScoreBlock.Pitch);
        ArrayView<Quad<float>> weights = SharedMemory.Allocate<Quad<float>>(Tile * ScoreBlock.Pitch);
        ArrayView<float> partials = SharedMemory.Allocate<float>(Tile * Partials);
        ArrayView<float> largest = SharedMemory.Allocate<float>(Tile);
        ArrayView<float> factors = SharedMemory.Allocate<float>(Tile);
        ArrayView<float> sums = SharedMemory.Allocate<float>(Tile);

        int blocks = (shape.Queries + Tile - 1) / Tile;
        int allHeads = Grid.IdxX / blocks, query = (blocks - 1 - Grid.IdxX % blocks) * Tile, column = Grid.IdxY * Tile;
        int batch = allHeads / shape.Heads, head = allHeads % shape.Heads;
        AttentionCells cells = AttentionCells.Of(shape, batch, head, bias, mask, lengths, key);
        long row = (long)allHeads * shape.Queries + query;
        long keyRow = ((long)batch * shape.KeyHeads + head / (shape.Heads / shape.KeyHeads)) * shape.Keys;
        int queries = shape.Queries - query, item = Group.IdxX;
        int ownRow = ScoreBlock.RowQuad * 4, ownColumn = ScoreBlock.ColumnQuad * 4;
        if (item < Tile)
        {
            largest[item] = float.NegativeInfinity;
            sums[item] = 0;
        }

        ScoreBlock result = default;
        int last = query + Tile - 1 < shape.Queries ? query + Tile - 1 : shape.Queries - 1;
        int end = shape.EndKey(last, cells.Length);
        for (int block = shape.FirstKey(query) / Tile * Tile; block < end; block += Tile)
        {
            int keys = cells.Length - block;
            ScoreBlock p = ScoreBlock.Products(q, row * shape.Width, queries, k, (keyRow + block) * shape.Width, keys, shape.Width, left, right);
            p.Row0 = cells.Scores(p.Row0, query + ownRow, block + ownColumn, 0, 1);
            p.Row1 = cells.Scores(p.Row1, query + ownRow + 1, block + ownColumn, 0, 1);
            p.Row2 = cells.Scores(p.Row2, query + ownRow + 2, block + ownColumn, 0, 1);
            p.Row3 = cells.Scores(p.Row3, query + ownRow + 3, block + ownColumn, 0, 1);
            Share(partials, ScoreBlock.Largest(p.Row0), ScoreBlock.Largest(p.Row1), ScoreBlock.Largest(p.Row2), ScoreBlock.Largest(p.Row3));
            Group.Barrier();
            if (item < Tile)
            {
                float before = largest[item], now = before;
                for (int i = 0; i < 16; i++)
                {
                    float other = partials[item * Partials + i];
                    now = other > now ? other : now;
                }

                largest[item] = now;
                factors[item] = XMath.Exp2(before - Reference(now));
            }

            Group.Barrier();
            p.Row0 = ScoreBlock.Exp2(p.Row0, Reference(largest[ownRow]));
            p.Row1 = ScoreBlock.Exp2(p.Row1, Reference(largest[ownRow + 1]));
            p.Row2 = ScoreBlock.Exp2(p.Row2, Reference(largest[ownRow + 2]));
            p.Row3 = ScoreBlock.Exp2(p.Row3, Reference(largest[ownRow + 3]));
            Share(partials, ScoreBlock.Sum(p.Row0), ScoreBlock.Sum(p.Row1), ScoreBlock.Sum(p.Row2), ScoreBlock.Sum(p.Row3));
            Keep(cells, query + ownRow, block + ownColumn, p).Put(weights);
            result.Scale(factors[ownRow], factors[ownRow + 1], factors[ownRow + 2], factors[ownRow + 3]);
            Group.Barrier();
            if (item < Tile)
                sums[item] = MathF.FusedMultiplyAdd(sums[item], factors[item], Total(partials, item));
            result = result.Add(weights, v, (keyRow + block) * shape.Values, keys, shape.Values, column, right);
        }

        Group.Barrier();
        result.Scale(Reciprocal(sums[ownRow]), Reciprocal(sums[ownRow + 1]), Reciprocal(sums[ownRow + 2]), Reciprocal(sums[ownRow + 3]));
        result.Write(output, row * shape.Values, queries, shape.Values, column);
        if (column == 0 && item < Tile && item < queries)
        {
            float sum = sums[item];
            lse[row + item] = sum == 0 ? float.NegativeInfinity : MathF.FusedMultiplyAdd(largest[item], Ln2, XMath.Log(sum));
        }
    }

    /// <summary>Σ dO·O − d lse of each row: an item a row. Without elements d lse is zero.</summary>
    public static void Deltas(Index1D row, ArrayView<float> output, ArrayView<float> dOutput, ArrayView<float> dLse, ArrayView<float> deltas, int values)
    {
        float sum = dLse.Length > 0 ? -dLse[row] : 0;
        long at = (long)row.X * values;
        for (int i = 0; i < values; i++)
            sum = MathF.FusedMultiplyAdd(output[at + i], dOutput[at + i], sum);
        deltas[row] = sum;
    }

    /// <summary>dK and dV: a group a block of keys, all queries that see it in order.</summary>
    public static void KeyGradients(ArrayView<float> q, ArrayView<float> k, ArrayView<float> v, AttentionExtrasViews extras, ArrayView<float> lse,
        ArrayView<float> dOutput, ArrayView<float> deltas, ArrayView<float> dk, ArrayView<float> dv, AttentionShape shape)
    {
        ArrayView<Quad<float>> left = SharedMemory.Allocate<Quad<float>>(ScoreBlock.Depth * ScoreBlock.Pitch);
        ArrayView<Quad<float>> right = SharedMemory.Allocate<Quad<float>>(ScoreBlock.Depth * ScoreBlock.Pitch);
        ArrayView<Quad<float>> weights = SharedMemory.Allocate<Quad<float>>(Tile * ScoreBlock.Pitch);
        int blocks = (shape.Keys + Tile - 1) / Tile, group = shape.Heads / shape.KeyHeads;
        int allHeads = Grid.IdxX / blocks, block = Grid.IdxX % blocks * Tile, column = Grid.IdxY * Tile;
        int batch = allHeads / shape.KeyHeads, keyHead = allHeads % shape.KeyHeads;
        long keyRow = (long)allHeads * shape.Keys + block;
        int ownRow = ScoreBlock.RowQuad * 4, ownColumn = ScoreBlock.ColumnQuad * 4;
        ScoreBlock dKey = default, dValue = default;
        for (int member = 0; member < group; member++)
        {
            AttentionCells cells = extras.Cells(shape, batch, keyHead * group + member);
            int keys = cells.Length - block;
            long firstRow = ((long)batch * shape.Heads + keyHead * group + member) * shape.Queries;
            for (int query = 0; query < shape.Queries; query += Tile)
            {
                int last = query + Tile - 1 < shape.Queries ? query + Tile - 1 : shape.Queries - 1;
                if (shape.EndKey(last, cells.Length) <= block || shape.FirstKey(query) >= block + Tile)
                    continue;

                // Rows are keys here, columns queries.
                int queries = shape.Queries - query;
                long row = firstRow + query;
                ScoreBlock p = ScoreBlock.Products(k, keyRow * shape.Width, keys, q, row * shape.Width, queries, shape.Width, left, right);
                ScoreBlock ds = ScoreBlock.Products(v, keyRow * shape.Values, keys, dOutput, row * shape.Values, queries, shape.Values, left, right);
                Quad<float> sums = Finite(ScoreBlock.Read(lse, row + ownColumn, queries - ownColumn, 0));
                Quad<float> delta = ScoreBlock.Read(deltas, row + ownColumn, queries - ownColumn, 0);
                (p.Row0, ds.Row0) = Differentiate(cells, query + ownColumn, block + ownRow, 1, 0, p.Row0, ds.Row0, sums, delta);
                (p.Row1, ds.Row1) = Differentiate(cells, query + ownColumn, block + ownRow + 1, 1, 0, p.Row1, ds.Row1, sums, delta);
                (p.Row2, ds.Row2) = Differentiate(cells, query + ownColumn, block + ownRow + 2, 1, 0, p.Row2, ds.Row2, sums, delta);
                (p.Row3, ds.Row3) = Differentiate(cells, query + ownColumn, block + ownRow + 3, 1, 0, p.Row3, ds.Row3, sums, delta);
                Group.Barrier();
                p.Put(weights);
                dValue = dValue.Add(weights, dOutput, row * shape.Values, queries, shape.Values, column, right);
                Group.Barrier();
                ds.Put(weights);
                dKey = dKey.Add(weights, q, row * shape.Width, queries, shape.Width, column, right);
            }
        }

        dKey.Write(dk, keyRow * shape.Width, shape.Keys - block, shape.Width, column);
        dValue.Write(dv, keyRow * shape.Values, shape.Keys - block, shape.Values, column);
    }

    /// <summary>dQ: a group a block of queries, all keys that it sees in order.</summary>
    public static void QueryGradients(ArrayView<float> q, ArrayView<float> k, ArrayView<float> v, AttentionExtrasViews extras, ArrayView<float> lse,
        ArrayView<float> dOutput, ArrayView<float> deltas, ArrayView<float> dq, AttentionShape shape)
    {
        ArrayView<Quad<float>> left = SharedMemory.Allocate<Quad<float>>(ScoreBlock.Depth * ScoreBlock.Pitch);
        ArrayView<Quad<float>> right = SharedMemory.Allocate<Quad<float>>(ScoreBlock.Depth * ScoreBlock.Pitch);
        ArrayView<Quad<float>> weights = SharedMemory.Allocate<Quad<float>>(Tile * ScoreBlock.Pitch);
        int blocks = (shape.Queries + Tile - 1) / Tile;
        int allHeads = Grid.IdxX / blocks, query = (blocks - 1 - Grid.IdxX % blocks) * Tile, column = Grid.IdxY * Tile;
        int batch = allHeads / shape.Heads, head = allHeads % shape.Heads, queries = shape.Queries - query;
        AttentionCells cells = extras.Cells(shape, batch, head);
        long row = (long)allHeads * shape.Queries + query;
        long keyRow = ((long)batch * shape.KeyHeads + head / (shape.Heads / shape.KeyHeads)) * shape.Keys;
        int ownRow = ScoreBlock.RowQuad * 4, ownColumn = ScoreBlock.ColumnQuad * 4;
        Quad<float> sums = Finite(ScoreBlock.Read(lse, row + ownRow, queries - ownRow, 0));
        Quad<float> delta = ScoreBlock.Read(deltas, row + ownRow, queries - ownRow, 0);
        ScoreBlock result = default;
        int last = query + Tile - 1 < shape.Queries ? query + Tile - 1 : shape.Queries - 1;
        int end = shape.EndKey(last, cells.Length);
        for (int block = shape.FirstKey(query) / Tile * Tile; block < end; block += Tile)
        {
            int keys = cells.Length - block, key = block + ownColumn;
            ScoreBlock p = ScoreBlock.Products(q, row * shape.Width, queries, k, (keyRow + block) * shape.Width, keys, shape.Width, left, right);
            ScoreBlock ds = ScoreBlock.Products(
                dOutput, row * shape.Values, queries, v, (keyRow + block) * shape.Values, keys, shape.Values, left, right);
            (p.Row0, ds.Row0) = Differentiate(cells, query + ownRow, key, 0, 1, p.Row0, ds.Row0, All(sums.X), All(delta.X));
            (p.Row1, ds.Row1) = Differentiate(cells, query + ownRow + 1, key, 0, 1, p.Row1, ds.Row1, All(sums.Y), All(delta.Y));
            (p.Row2, ds.Row2) = Differentiate(cells, query + ownRow + 2, key, 0, 1, p.Row2, ds.Row2, All(sums.Z), All(delta.Z));
            (p.Row3, ds.Row3) = Differentiate(cells, query + ownRow + 3, key, 0, 1, p.Row3, ds.Row3, All(sums.W), All(delta.W));
            Group.Barrier();
            ds.Put(weights);
            result = result.Add(weights, k, (keyRow + block) * shape.Width, keys, shape.Width, column, right);
        }

        result.Write(dq, row * shape.Width, queries, shape.Width, column);
    }

    /// <summary>The tangents of output and log-sum-exp. Tangents that are zero are views without elements.</summary>
    public static void Tangent(ArrayView<float> q, ArrayView<float> k, ArrayView<float> v, AttentionExtrasViews extras, ArrayView<float> output,
        ArrayView<float> lse, AttentionTangents given, ArrayView<float> dOutput, ArrayView<float> dLse, AttentionShape shape)
    {
        ArrayView<Quad<float>> left = SharedMemory.Allocate<Quad<float>>(ScoreBlock.Depth * ScoreBlock.Pitch);
        ArrayView<Quad<float>> right = SharedMemory.Allocate<Quad<float>>(ScoreBlock.Depth * ScoreBlock.Pitch);
        ArrayView<Quad<float>> weights = SharedMemory.Allocate<Quad<float>>(Tile * ScoreBlock.Pitch);
        ArrayView<float> partials = SharedMemory.Allocate<float>(Tile * Partials);
        ArrayView<float> totals = SharedMemory.Allocate<float>(Tile);
        int blocks = (shape.Queries + Tile - 1) / Tile;
        int allHeads = Grid.IdxX / blocks, query = (blocks - 1 - Grid.IdxX % blocks) * Tile, column = Grid.IdxY * Tile;
        int batch = allHeads / shape.Heads, head = allHeads % shape.Heads, queries = shape.Queries - query, item = Group.IdxX;
        AttentionCells cells = extras.Cells(shape, batch, head);
        long row = (long)allHeads * shape.Queries + query;
        long keyRow = ((long)batch * shape.KeyHeads + head / (shape.Heads / shape.KeyHeads)) * shape.Keys;
        int ownRow = ScoreBlock.RowQuad * 4, ownColumn = ScoreBlock.ColumnQuad * 4;
        Quad<float> sums = Finite(ScoreBlock.Read(lse, row + ownRow, queries - ownRow, 0)), total = default;
        ScoreBlock result = default;
        int last = query + Tile - 1 < shape.Queries ? query + Tile - 1 : shape.Queries - 1;
        int end = shape.EndKey(last, cells.Length);
        for (int block = shape.FirstKey(query) / Tile * Tile; block < end; block += Tile)
        {
            int keys = cells.Length - block, key = block + ownColumn;
            long at = (keyRow + block) * shape.Width;
            ScoreBlock p = ScoreBlock.Products(q, row * shape.Width, queries, k, at, keys, shape.Width, left, right);
            ScoreBlock t = default;
            if (given.Q.Length > 0)
                t = ScoreBlock.Products(given.Q, row * shape.Width, queries, k, at, keys, shape.Width, left, right);
            if (given.K.Length > 0)
            {
                ScoreBlock more = ScoreBlock.Products(q, row * shape.Width, queries, given.K, at, keys, shape.Width, left, right);
                t.Row0 = ScoreBlock.Plus(t.Row0, more.Row0);
                t.Row1 = ScoreBlock.Plus(t.Row1, more.Row1);
                t.Row2 = ScoreBlock.Plus(t.Row2, more.Row2);
                t.Row3 = ScoreBlock.Plus(t.Row3, more.Row3);
            }

            (p.Row0, t.Row0) = given.Weigh(cells, query + ownRow, key, p.Row0, t.Row0, sums.X);
            (p.Row1, t.Row1) = given.Weigh(cells, query + ownRow + 1, key, p.Row1, t.Row1, sums.Y);
            (p.Row2, t.Row2) = given.Weigh(cells, query + ownRow + 2, key, p.Row2, t.Row2, sums.Z);
            (p.Row3, t.Row3) = given.Weigh(cells, query + ownRow + 3, key, p.Row3, t.Row3, sums.W);
            total.X += ScoreBlock.Sum(t.Row0);
            total.Y += ScoreBlock.Sum(t.Row1);
            total.Z += ScoreBlock.Sum(t.Row2);
            total.W += ScoreBlock.Sum(t.Row3);
            Group.Barrier();
            Keep(cells, query + ownRow, key, t).Put(weights);
            result = result.Add(weights, v, (keyRow + block) * shape.Values, keys, shape.Values, column, right);
            if (given.V.Length > 0)
            {
                Group.Barrier();
                Keep(cells, query + ownRow, key, p).Put(weights);
                result = result.Add(weights, given.V, (keyRow + block) * shape.Values, keys, shape.Values, column, right);
            }
        }

        Group.Barrier();
        Share(partials, total.X, total.Y, total.Z, total.W);
        Group.Barrier();
        if (item < Tile)
            totals[item] = Total(partials, item);
        Group.Barrier();
        GemmResult<float> values = new(output, row * shape.Values, shape.Values, 1, queries, shape.Values);
        int own = column + ownColumn;
        result.Row0 = ScoreBlock.Minus(result.Row0, ScoreBlock.Times(values.Read(ownRow, own), totals[ownRow]));
        result.Row1 = ScoreBlock.Minus(result.Row1, ScoreBlock.Times(values.Read(ownRow + 1, own), totals[ownRow + 1]));
        result.Row2 = ScoreBlock.Minus(result.Row2, ScoreBlock.Times(values.Read(ownRow + 2, own), totals[ownRow + 2]));
        result.Row3 = ScoreBlock.Minus(result.Row3, ScoreBlock.Times(values.Read(ownRow + 3, own), totals[ownRow + 3]));
        result.Write(dOutput, row * shape.Values, queries, shape.Values, column);
        if (column == 0 && item < Tile && item < queries)
            dLse[row + item] = totals[item];
    }

    /// <summary>The weights of four cells after dropout, and scale · the gradients of their scores.</summary>
    private static (Quad<float> Weights, Quad<float> Gradients) Differentiate(AttentionCells cells, int query, int key, int queryStep, int keyStep,
        Quad<float> products, Quad<float> dp, Quad<float> lse, Quad<float> delta)
    {
        Quad<float> p = ScoreBlock.Exp2(cells.Scores(products, query, key, queryStep, keyStep), ScoreBlock.Times(lse, Log2E));
        Quad<float> kept = cells.Kept(query, key, queryStep, keyStep);
        Quad<float> ds = ScoreBlock.Times(ScoreBlock.Times(p, cells.Shape.Scale), ScoreBlock.Minus(ScoreBlock.Times(dp, kept), delta));
        return (ScoreBlock.Times(p, kept), ds);
    }

    private static ScoreBlock Keep(AttentionCells cells, int query, int key, ScoreBlock p)
    {
        if (cells.Shape.Dropout != 0)
        {
            p.Row0 = ScoreBlock.Times(p.Row0, cells.Kept(query, key, 0, 1));
            p.Row1 = ScoreBlock.Times(p.Row1, cells.Kept(query + 1, key, 0, 1));
            p.Row2 = ScoreBlock.Times(p.Row2, cells.Kept(query + 2, key, 0, 1));
            p.Row3 = ScoreBlock.Times(p.Row3, cells.Kept(query + 3, key, 0, 1));
        }

        return p;
    }

    private static void Share(ArrayView<float> partials, float row0, float row1, float row2, float row3)
    {
        int at = ScoreBlock.RowQuad * 4 * Partials + ScoreBlock.ColumnQuad;
        partials[at] = row0;
        partials[at + Partials] = row1;
        partials[at + 2 * Partials] = row2;
        partials[at + 3 * Partials] = row3;
    }

    private static float Total(ArrayView<float> partials, int row)
    {
        float sum = 0;
        for (int i = 0; i < 16; i++)
            sum += partials[row * Partials + i];
        return sum;
    }

    /// <summary>What scores are relative to: where nothing is seen yet all are −∞, and their weights 0 relative to any number.</summary>
    private static float Reference(float largest) => largest == float.NegativeInfinity ? 0 : largest;

    private static float Reciprocal(float sum) => sum == 0 ? 0 : 1 / sum;

    private static Quad<float> All(float x)
    {
        Quad<float> quad;
        quad.X = x;
        quad.Y = x;
        quad.Z = x;
        quad.W = x;
        return quad;
    }

    private static Quad<float> Finite(Quad<float> lse)
    {
        lse.X = Reference(lse.X);
        lse.Y = Reference(lse.Y);
        lse.Z = Reference(lse.Z);
        lse.W = Reference(lse.W);
        return lse;
    }
}

/// <summary>The operands beside q, k and v; without elements where absent.</summary>
internal struct AttentionExtrasViews
{
    public ArrayView<float> Bias;
    public ArrayView<byte> Mask;
    public ArrayView<int> Lengths;
    public ArrayView<uint> Key;

    public readonly AttentionCells Cells(AttentionShape shape, int batch, int head) =>
        AttentionCells.Of(shape, batch, head, Bias, Mask, Lengths, Key);
}

/// <summary>Tangents; without elements where they are zero.</summary>
internal struct AttentionTangents
{
    public ArrayView<float> Q;
    public ArrayView<float> K;
    public ArrayView<float> V;
    public ArrayView<float> Bias;

    /// <summary>The weights of four cells of a row, and those times the tangents of their scores.</summary>
    public readonly (Quad<float> Weights, Quad<float> Tangents) Weigh(
        AttentionCells cells, int query, int key, Quad<float> products, Quad<float> tangents, float lse)
    {
        Quad<float> p = ScoreBlock.Exp2(cells.Scores(products, query, key, 0, 1), lse * 1.44269504088896341f);
        Quad<float> t = ScoreBlock.Times(tangents, cells.Shape.Scale);
        if (Bias.Length > 0 && query < cells.Shape.Queries)
        {
            t.X += At(cells, query, key);
            t.Y += At(cells, query, key + 1);
            t.Z += At(cells, query, key + 2);
            t.W += At(cells, query, key + 3);
        }

        return (p, ScoreBlock.Times(p, t));
    }

    private readonly float At(AttentionCells cells, int query, int key) =>
        key < cells.Shape.Keys ? Bias[cells.Shape.BiasTangent.At(cells.Batch, cells.Head, query, key)] : 0;
}
