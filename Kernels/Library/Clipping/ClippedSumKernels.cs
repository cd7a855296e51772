namespace Cotangent.Kernels.Library;

/// <summary>What is added of a round.</summary>
/// <param name="Size">Elements of a sum.</param>
/// <param name="Items">Items that add.</param>
/// <param name="Count">Examples of the round.</param>
/// <param name="IsFirst">1 if nothing has been added so far.</param>
internal readonly record struct ClippedRound(long Size, int Items, int Count, int IsFirst);

/// <summary>Clipped sums on devices with groups, by rounds of examples: their inner sums, their factors, what they add to the outer sum. FlashDP
/// (Wang et al. 2025) makes one kernel of it, and waits in it for all groups once an example; launches of a queue are ordered without.</summary>
internal static class ClippedSumKernels
{
    /// <summary>A group makes Tile × Tile elements of an example's inner sum, 2·Tile²·positions operations, and writes them and the sum of their
    /// squares: grid X over tiles, Y over the examples of the round; groups of <see cref="RegisterGemm.Items"/>.</summary>
    /// <param name="left">a.</param>
    /// <param name="right">g.</param>
    /// <param name="products">Receives the inner sums, [round, left, right].</param>
    /// <param name="squares">Receives a number a tile, [round, tiles].</param>
    /// <param name="shape">The operands, and the first example of the round.</param>
    /// <remarks>What is squared is what is written, of the same registers: the norm is that of what will be added, whatever the chain of positions
    /// has lost. Elements outside of the matrix are 0.</remarks>
    public static void Products<T, TElement, TWidening, TBlock>(
        ArrayView<T> left, ArrayView<T> right, ArrayView<T> products, ArrayView<double> squares, OuterTiles shape)
        where T : unmanaged
        where TElement : struct, IGemmElement<T>
        where TWidening : struct, IWidening<T>
        where TBlock : struct, IRegisterBlock<T>
    {
        int half = TBlock.Depth * RegisterGemm.Pitch(TBlock.Tile);
        ArrayView<Quad<T>> sharedLeft = SharedMemory.Allocate<Quad<T>>(2 * half);
        ArrayView<Quad<T>> sharedRight = SharedMemory.Allocate<Quad<T>>(2 * half);
        int across = (shape.Right + TBlock.Tile - 1) / TBlock.Tile;
        int firstRow = Grid.IdxX / across * TBlock.Tile, firstColumn = Grid.IdxX % across * TBlock.Tile;
        long example = (long)(shape.First + Grid.IdxY) * shape.Positions;
        GemmLanes rows = new(example * shape.Left, firstRow, shape.Left, 1, shape.Left);
        GemmLanes columns = new(example * shape.Right, firstColumn, shape.Right, 1, shape.Right);
        TBlock tile = RegisterGemm.Products<T, TElement, TBlock, LaneByLane, LaneByLane>(
            default, left, rows, sharedLeft, right, columns, sharedRight, shape.Positions);
        GemmResult<T> result = new(products, (long)Grid.IdxY * shape.Left * shape.Right, shape.Right, 1, shape.Left, shape.Right);
        tile.Write(result, firstRow + RegisterGemm.QuadOfRows * Quad<T>.Count, firstColumn + RegisterGemm.QuadOfColumns * Quad<T>.Count);
        double sum = Group.ReduceAdd(tile.Squares<TElement, TWidening>());
        if (Group.IdxX == 0)
            squares[(long)Grid.IdxY * Grid.DimX + Grid.IdxX] = sum;
    }

    /// <summary>A group an example of the round: adds up its tiles' squares, always in the same order, and makes the factor of them.</summary>
    /// <param name="squares">[round, tiles].</param>
    /// <param name="mask">A byte an example: 0 for those that do not count.</param>
    /// <param name="limit">C.</param>
    /// <param name="norms">Receives the squared norms, [examples].</param>
    /// <param name="factors">Receives the factors, [round]; 0 for what does not count or is not finite.</param>
    /// <param name="problem">The rule.</param>
    /// <param name="first">The first example of the round.</param>
    /// <param name="tiles">Tiles of an inner sum.</param>
    /// <param name="lost">What the squares may have lost of small numbers.</param>
    public static void Factors<T, TWidening>(ArrayView<double> squares, ArrayView<byte> mask, ArrayView<double> limit, ArrayView<double> norms,
        ArrayView<T> factors, ClippedSumProblem problem, int first, int tiles, double lost)
        where T : unmanaged
        where TWidening : struct, IWidening<T>
    {
        TWidening number = default;
        double sum = 0;
        for (int tile = Group.IdxX; tile < tiles; tile += Group.DimX)
            sum += squares[(long)Grid.IdxX * tiles + tile];
        sum = Group.ReduceAdd(sum);
        if (Group.IdxX == 0)
        {
            int example = first + Grid.IdxX;
            double square = sum + lost;
            double factor = problem.Factor(square, limit[0]);
            norms[example] = square;
            factors[Grid.IdxX] = number.Narrow(mask[example] == 0 ? 0 : factor);
        }
    }

    /// <summary>Adds the inner sums of a round, times their factors, in the order of the examples; an item has every so many-th element. Those with a
    /// factor of 0 are not added, whatever they are.</summary>
    /// <param name="i">The item.</param>
    /// <param name="products">[round, left, right].</param>
    /// <param name="factors">[round].</param>
    /// <param name="sum">The outer sum.</param>
    /// <param name="round">Sizes.</param>
    public static void Add<T, TElement, TWidening>(Index1D i, ArrayView<T> products, ArrayView<T> factors, ArrayView<T> sum, ClippedRound round)
        where T : unmanaged
        where TElement : struct, IGemmElement<T>
        where TWidening : struct, IWidening<T>
    {
        TWidening number = default;
        for (long at = i.X; at < round.Size; at += round.Items)
        {
            T value = default;
            if (round.IsFirst == 0)
                value = sum[at];
            for (int k = 0; k < round.Count; k++)
            {
                T factor = factors[k];
                T product = products[k * round.Size + at];
                value = number.IsZero(factor) ? value : TElement.MultiplyAdd(factor, product, value);
            }

            sum[at] = value;
        }
    }
}
