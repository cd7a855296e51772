namespace Cotangent.Kernels.Library;

/// <summary>Logits of linear cross-entropy in tiles of a matrix product: of each tile only what a softmax needs is written, unless the logits
/// are asked for. Source: Wijmans et al., Cut Your Losses in Large-Vocabulary Language Models (2024), without their locks: tiles write their
/// parts of a row's sums side by side, which <see cref="CrossEntropyKernels.Merge"/> adds up in one order.</summary>
/// <remarks>
/// <para>A group is 256 items and computes Tile classes × Tile rows by <see cref="RegisterGemm"/>: classes are rows of its tile, rows of E its
/// columns. 2·Tile²·D operations and, for each tile, 8·Tile·D bytes of C and E; tiles that share classes follow each other, so that C comes
/// from memory once a block of rows, and E from L2.</para>
/// <para>Behind the product a tile goes through the shared memory of its operands in strips of 32 classes. There an item has one row and 16 (of
/// 64 × 64: 8) classes of a strip: neighbouring items have neighbouring rows, so that they read different banks, write logits side by side, and
/// take bias, weight and class as one number for a warp. An item keeps largest logit, sum of exponentials relative to it, weighted sum and best
/// class from strip to strip; the 2 (4) items of a row meet at the end. Written are 16 bytes a row and tile: 1 / 32 (1 / 16) of its
/// logits.</para>
/// </remarks>
internal static class LogitTiles
{
    /// <summary>Classes of a strip.</summary>
    public const int Strip = 32;

    /// <summary>One group computes one tile: grid X along rows, Y along classes; groups of <see cref="RegisterGemm.Items"/>.</summary>
    /// <param name="c">C, [V, D].</param>
    /// <param name="e">The block's rows of E, [Pitch, D].</param>
    /// <param name="bias">[V], if there is one.</param>
    /// <param name="weights">[V], if there are any.</param>
    /// <param name="rows">The numbers of the rows that count.</param>
    /// <param name="targets">The targets of all rows.</param>
    /// <param name="logits">Receives logits, [V, Pitch], if they are asked for.</param>
    /// <param name="partials">Receives each tile's largest logits, sums of exp(z − largest), weighted sums: [3, tiles, Pitch].</param>
    /// <param name="best">Receives the first class of each tile's largest logits, [tiles, Pitch].</param>
    /// <param name="ofTargets">Receives the targets' logits, [Pitch]: from the tile that has them.</param>
    /// <param name="block">The block.</param>
    /// <param name="shape">How it is cut.</param>
    public static void Reduce<TBlock>(ArrayView<float> c, ArrayView<float> e, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> rows,
        ArrayView<int> targets, ArrayView<float> logits, ArrayView<float> partials, ArrayView<int> best, ArrayView<float> ofTargets,
        CrossEntropyBlock block, LogitTileShape shape)
        where TBlock : struct, IRegisterBlock<float>
    {
        int pitch = RegisterGemm.Pitch(TBlock.Tile);
        int half = 2 * TBlock.Depth * pitch;
        ArrayView<Quad<float>> shared = SharedMemory.Allocate<Quad<float>>(2 * half);
        int firstClass = Grid.IdxY * TBlock.Tile;
        int firstRow = Grid.IdxX * TBlock.Tile;
        GemmLanes classes = new(0, firstClass, block.Vocabulary, block.Width, 1);
        GemmLanes columns = new(0, firstRow, block.Pitch, block.Width, 1);
        TBlock products = RegisterGemm.Products<float, SingleElement, TBlock, TermByTerm, TermByTerm>(
            default, c, classes, shared.SubView(0, half), e, columns, shared.SubView(half, half), block.Width);
        Finish(products, TBlock.Tile, shared, bias, weights, rows, targets, logits, partials, best, ofTargets, block, shape);
    }

    /// <summary>The same on matrix units, 128 × 128, of operands that are rounded on their way into shared memory: see
    /// <see cref="MatrixUnitGemm"/>, whose 40 KiB the strips share.</summary>
    public static void ReduceRounded<TWord>(ArrayView<float> c, ArrayView<float> e, ArrayView<float> bias, ArrayView<float> weights,
        ArrayView<int> rows, ArrayView<int> targets, ArrayView<float> logits, ArrayView<float> partials, ArrayView<int> best,
        ArrayView<float> ofTargets, CrossEntropyBlock block, LogitTileShape shape)
        where TWord : struct, IMatrixWord
    {
        ArrayView<Quad<float>> shared = SharedMemory.Allocate<Quad<float>>(MatrixUnitGemm.SharedElements / Quad<float>.Count);
        ArrayView<uint> words = shared.Cast<uint>();
        MatrixTile products;
        products.Sums = LocalMemory.Allocate<MmaSums>(MatrixUnitGemm.SumsOfItem);
        for (int i = 0; i < MatrixUnitGemm.SumsOfItem; i++)
            products.Sums[i] = default;
        GemmLanes classes = new(0, Grid.IdxY * MatrixUnitGemm.Tile, block.Vocabulary, block.Width, 1);
        GemmLanes columns = new(0, Grid.IdxX * MatrixUnitGemm.Tile, block.Pitch, block.Width, 1);
        int half = MatrixUnitGemm.SharedElements / 2;
        MatrixUnitGemm.Products<TWord, TermByTerm, TermByTerm>(products.Sums, c, classes, words.SubView(0, half), e, columns,
            words.SubView(half, half), block.Width);
        Finish(products, MatrixUnitGemm.Tile, shared, bias, weights, rows, targets, logits, partials, best, ofTargets, block, shape);
    }

    /// <summary>What is behind the product.</summary>
    private static void Finish<TTile>(TTile products, int side, ArrayView<Quad<float>> shared, ArrayView<float> bias, ArrayView<float> weights,
        ArrayView<int> rows, ArrayView<int> targets, ArrayView<float> logits, ArrayView<float> partials, ArrayView<int> best,
        ArrayView<float> ofTargets, CrossEntropyBlock block, LogitTileShape shape)
        where TTile : struct, IStripedTile<float>
    {
        int pitch = RegisterGemm.Pitch(side);
        int firstClass = Grid.IdxY * side;
        int firstRow = Grid.IdxX * side;
        ArrayView<float> strip = shared.Cast<float>();
        int column = Group.IdxX % side, part = Group.IdxX / side;
        int parts = RegisterGemm.Items / side, length = Strip / parts;
        int row = firstRow + column;
        int target = -1;
        if (row < block.Count)
            target = targets[rows[block.First + row]] - block.Start;

        LogitSums sums = default;
        sums.Largest = float.NegativeInfinity;
        sums.Best = part * length;
        for (int s = 0; s < side / Strip; s++)
        {
            Group.Barrier();
            products.Put(shared, s);
            Group.Barrier();
            int line = part * length, at = line * pitch * 4 + column;
            int first = firstClass + s * Strip + line;
            int end = Math.Min(length, block.Vocabulary - first);
            float before = sums.Largest;
            for (int k = 0; k < end; k++)
            {
                int v = first + k;
                float x = strip[at + k * pitch * 4];
                if (block.HasBias != 0)
                    x += bias[v];
                if (shape.Softcap > 0)
                    x = shape.Softcap * XMath.Tanh(x / shape.Softcap);
                strip[at + k * pitch * 4] = x;
                if (shape.Keeps != 0 & row < block.Pitch)
                    logits[(long)v * block.Pitch + row] = x;
                if (v == target)
                    ofTargets[row] = x;
                if (block.HasClassWeights != 0)
                    sums.Weighted += weights[v] * x;
                bool isLarger = x > sums.Largest;
                sums.Largest = isLarger ? x : sums.Largest;
                sums.Best = isLarger ? v - firstClass : sums.Best;
            }

            float shift = LogitSums.Shift(sums.Largest);
            if (sums.Sum != 0)
                sums.Sum *= XMath.Exp(LogitSums.Shift(before) - shift);
            for (int k = 0; k < end; k++)
                sums.Sum += XMath.Exp(strip[at + k * pitch * 4] - shift);
        }

        // The items of a row meet.
        Group.Barrier();
        sums.Put(strip, Group.IdxX);
        Group.Barrier();
        if (part == 0 & row < block.Pitch)
        {
            for (int p = 1; p < parts; p++)
                sums.Add(LogitSums.Of(strip, p * side + column));
            int items = shape.Tiles * block.Pitch, to = Grid.IdxY * block.Pitch + row;
            partials[to] = sums.Largest;
            partials[items + to] = sums.Sum;
            partials[2 * items + to] = sums.Weighted;
            best[to] = firstClass + sums.Best;
        }
    }
}

/// <summary>A tile of <see cref="MatrixUnitGemm"/>.</summary>
internal struct MatrixTile : IStripedTile<float>
{
    public ArrayView<MmaSums> Sums;

    public readonly void Put(ArrayView<Quad<float>> shared, int strip) => MatrixUnitGemm.Put(Sums, shared.Cast<float>(), strip);
}

/// <summary>What an item knows of some classes' logits of a row.</summary>
internal struct LogitSums
{
    public float Largest;

    /// <summary>Of exp(z − largest).</summary>
    public float Sum;

    public float Weighted;

    /// <summary>The first class of the largest logit, counted from the tile's first.</summary>
    public int Best;

    /// <summary>What is taken from logits before their exponentials: the largest one if it is finite, so that ±∞ and NaN stay what they
    /// are.</summary>
    public static float Shift(float largest) => largest - largest == 0 ? largest : 0;

    /// <summary>What item <paramref name="i"/> of a group has put there.</summary>
    public static LogitSums Of(ArrayView<float> shared, int i)
    {
        LogitSums sums;
        sums.Largest = shared[i];
        sums.Sum = shared[RegisterGemm.Items + i];
        sums.Weighted = shared[2 * RegisterGemm.Items + i];
        sums.Best = (int)shared[3 * RegisterGemm.Items + i];
        return sums;
    }

    /// <summary>Writes to memory of 4 · Items numbers; classes of a tile are exact in single precision.</summary>
    public readonly void Put(ArrayView<float> shared, int i)
    {
        shared[i] = Largest;
        shared[RegisterGemm.Items + i] = Sum;
        shared[2 * RegisterGemm.Items + i] = Weighted;
        shared[3 * RegisterGemm.Items + i] = Best;
    }

    /// <summary>Adds those of other classes. Of equal logits the first class counts.</summary>
    public void Add(LogitSums other)
    {
        bool isLarger = other.Largest > Largest | (other.Largest == Largest & other.Best < Best);
        float largest = isLarger ? other.Largest : Largest;
        float shift = Shift(largest), sum = 0;
        if (Sum != 0)
            sum = Sum * XMath.Exp(Shift(Largest) - shift);
        if (other.Sum != 0)
            sum += other.Sum * XMath.Exp(Shift(other.Largest) - shift);
        Best = isLarger ? other.Best : Best;
        Largest = largest;
        Sum = sum;
        Weighted += other.Weighted;
    }
}

/// <summary>How a block of logits is cut into tiles.</summary>
/// <param name="Tiles">Tiles along the classes.</param>
/// <param name="Keeps">1 if logits are written.</param>
/// <param name="Softcap">s of s·tanh(u/s); 0 for none.</param>
internal readonly record struct LogitTileShape(int Tiles, int Keeps, float Softcap);
