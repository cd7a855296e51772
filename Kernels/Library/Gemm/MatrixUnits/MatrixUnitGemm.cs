namespace Cotangent.Kernels.Library;

/// <summary>The matrix product on matrix units: elements of A and B are rounded on their way into shared memory, sums are
/// float32.</summary>
/// <remarks>
/// <para>A group is 8 warps, 4 along rows and 2 along columns, and computes 128 × 128 elements of C; a warp 32 × 64 of them in 2 × 8
/// products of 16 × 8, whose sums are 64 registers an item. A step of 8 words (8 terms in tf32, 16 in bfloat16) reads 8 words of A and
/// 16 of B an item from shared memory for 16 products.</para>
/// <para>Shared memory holds 16 words of 128 rows and 128 columns, twice, as in <see cref="RegisterGemm"/>: 40 KiB. The words of a lane
/// lie side by side, with 4 more after each lane, if the terms of the operand do in memory; else the lanes of a word do, with 8 more
/// after each word: either way the 32 words that a warp reads, and those that it writes, lie in different banks (but for a few of the
/// former way's writes).</para>
/// <para>As ptxas 11.8 compiles it (sm_80 and sm_90, nothing spilled): 127 registers in tf32, 150 and 146 in bfloat16; 16 HMMA and 24 LDS a
/// step.</para>
/// <para>The terms are added in the hardware's order: see <see cref="Mma"/>.</para>
/// </remarks>
internal static class MatrixUnitGemm
{
    /// <summary>Items of a group.</summary>
    public const int Items = 256;

    /// <summary>Rows and columns of C of a group.</summary>
    public const int Tile = 128;

    /// <summary>Words of shared memory of a group.</summary>
    public const int SharedElements = 2 * 2 * Half;

    /// <summary>Words of a row or column in shared memory at a time.</summary>
    private const int Depth = 16;

    /// <summary>Words of one of the two halves of an operand's shared memory.</summary>
    private const int Half = Tile * PitchOfLanes;

    private const int PitchOfLanes = Depth + 4;
    private const int PitchOfWords = Tile + 8;

    /// <summary>Words of each operand that an item brings in at a time.</summary>
    private const int Fetched = Tile * Depth / Items;

    private const int ProductsOfRows = 2;
    private const int ProductsOfColumns = 8;

    /// <summary>Sums of 16 × 8 products that an item has a part of.</summary>
    public const int SumsOfItem = ProductsOfRows * ProductsOfColumns;

    /// <summary>One group computes one tile: grid X along columns, Y along rows, Z over batches; groups of <see cref="Items"/>.</summary>
    public static void Multiply<TWord, TOrderA, TOrderB>(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, GemmShape shape)
        where TWord : struct, IMatrixWord
        where TOrderA : struct, IPanelOrder
        where TOrderB : struct, IPanelOrder
    {
        ArrayView<uint> sharedA = SharedMemory.Allocate<uint>(2 * Half);
        ArrayView<uint> sharedB = SharedMemory.Allocate<uint>(2 * Half);
        ArrayView<MmaSums> sums = LocalMemory.Allocate<MmaSums>(SumsOfItem);
        int batch0 = Grid.IdxZ / shape.Batch1;
        int batch1 = Grid.IdxZ % shape.Batch1;
        int firstRow = Grid.IdxY * Tile;
        int firstColumn = Grid.IdxX * Tile;
        GemmLanes rows = new(batch0 * shape.A.Batch0 + batch1 * shape.A.Batch1, firstRow, shape.M, shape.A.Row, shape.A.Column);
        GemmLanes columns = new(batch0 * shape.B.Batch0 + batch1 * shape.B.Batch1, firstColumn, shape.N, shape.B.Column, shape.B.Row);
        GemmResult<float> result = new(c, batch0 * shape.C.Batch0 + batch1 * shape.C.Batch1,
            shape.C.Row, shape.C.Column, shape.M, shape.N);

        int resultRow = firstRow + Row;
        int resultColumn = firstColumn + Column;
        for (int i = 0; i < ProductsOfRows; i++)
        {
            for (int j = 0; j < ProductsOfColumns; j++)
            {
                MmaSums initial = default;
                if (shape.Accumulate != 0)
                    initial = Read(result, resultRow + 16 * i, resultColumn + 8 * j);
                sums[i * ProductsOfColumns + j] = initial;
            }
        }

        Products<TWord, TOrderA, TOrderB>(sums, a, rows, sharedA, b, columns, sharedB, shape.K);
        for (int i = 0; i < ProductsOfRows; i++)
        {
            for (int j = 0; j < ProductsOfColumns; j++)
                Write(result, resultRow + 16 * i, resultColumn + 8 * j, sums[i * ProductsOfColumns + j]);
        }
    }

    /// <summary>The first of the item's rows in the tile: of each sum it holds two rows, 8 apart.</summary>
    private static int Row => Group.IdxX / 32 / 2 * (16 * ProductsOfRows) + Group.IdxX % 32 / 4;

    /// <summary>The first of the item's columns in the tile: of each sum it holds two neighbours.</summary>
    private static int Column => Group.IdxX / 32 % 2 * (8 * ProductsOfColumns) + 2 * (Group.IdxX % 32 % 4);

    /// <summary>Adds A·B to the item's sums of a tile. Other items may still read shared memory when it returns.</summary>
    /// <param name="sums"><see cref="SumsOfItem"/> sums in registers.</param>
    /// <param name="a">A.</param>
    /// <param name="rows">The rows of A.</param>
    /// <param name="sharedA">Half of <see cref="SharedElements"/>.</param>
    /// <param name="b">B.</param>
    /// <param name="columns">The columns of B.</param>
    /// <param name="sharedB">Half of <see cref="SharedElements"/>.</param>
    /// <param name="terms">Terms of each sum.</param>
    public static void Products<TWord, TOrderA, TOrderB>(ArrayView<MmaSums> sums, ArrayView<float> a, GemmLanes rows, ArrayView<uint> sharedA,
        ArrayView<float> b, GemmLanes columns, ArrayView<uint> sharedB, int terms)
        where TWord : struct, IMatrixWord
        where TOrderA : struct, IPanelOrder
        where TOrderB : struct, IPanelOrder
    {
        ArrayView<uint> nextA = LocalMemory.Allocate<uint>(Fetched);
        ArrayView<uint> nextB = LocalMemory.Allocate<uint>(Fetched);
        int word = Group.IdxX % 32 % 4;
        int row = Row, column = Column - 2 * word + Group.IdxX % 32 / 4;
        long startA = rows.Start + rows.First * rows.Stride;
        long startB = columns.Start + columns.First * columns.Stride;
        Fetch<TWord, TOrderA>(a, startA, rows.Stride, rows.Terms, rows.Count - rows.First, terms, nextA);
        Fetch<TWord, TOrderB>(b, startB, columns.Stride, columns.Terms, columns.Count - columns.First, terms, nextB);
        int current = 0;
        while (terms > 0)
        {
            Put<TOrderA>(sharedA, current, nextA);
            Put<TOrderB>(sharedB, current, nextB);
            Group.Barrier();
            terms -= Depth * TWord.Terms;
            startA += Depth * TWord.Terms * rows.Terms;
            startB += Depth * TWord.Terms * columns.Terms;
            Fetch<TWord, TOrderA>(a, startA, rows.Stride, rows.Terms, rows.Count - rows.First, terms, nextA);
            Fetch<TWord, TOrderB>(b, startB, columns.Stride, columns.Terms, columns.Count - columns.First, terms, nextB);
            for (int step = 0; step < Depth; step += 8)
            {
                for (int i = 0; i < ProductsOfRows; i++)
                {
                    MmaPairsA left;
                    left.X = sharedA[current + At<TOrderA>(row + 16 * i, step + word)];
                    left.Y = sharedA[current + At<TOrderA>(row + 16 * i + 8, step + word)];
                    left.Z = sharedA[current + At<TOrderA>(row + 16 * i, step + word + 4)];
                    left.W = sharedA[current + At<TOrderA>(row + 16 * i + 8, step + word + 4)];
                    for (int j = 0; j < ProductsOfColumns; j++)
                    {
                        MmaPairsB right;
                        right.X = sharedB[current + At<TOrderB>(column + 8 * j, step + word)];
                        right.Y = sharedB[current + At<TOrderB>(column + 8 * j, step + word + 4)];
                        sums[i * ProductsOfColumns + j] = TWord.MultiplyAdd(left, right, sums[i * ProductsOfColumns + j]);
                    }
                }
            }

            current = Half - current;
        }
    }

    /// <summary>Writes what the item has of a strip of 32 rows of the tile to shared memory, rows <see cref="RegisterGemm.Pitch"/> quads
    /// apart. A strip is two warps'.</summary>
    public static void Put(ArrayView<MmaSums> sums, ArrayView<float> shared, int strip)
    {
        int pitch = RegisterGemm.Pitch(Tile) * Quad<float>.Count;
        if (Group.IdxX / 32 / 2 != strip)
            return;
        int start = Group.IdxX % 32 / 4 * pitch + Column;
        for (int i = 0; i < ProductsOfRows; i++)
        {
            for (int j = 0; j < ProductsOfColumns; j++)
            {
                MmaSums own = sums[i * ProductsOfColumns + j];
                int at = start + 16 * i * pitch + 8 * j;
                shared[at] = own.X;
                shared[at + 1] = own.Y;
                shared[at + 8 * pitch] = own.Z;
                shared[at + 8 * pitch + 1] = own.W;
            }
        }
    }

    /// <summary>Where a word of a lane lies in shared memory.</summary>
    private static int At<TOrder>(int lane, int word)
        where TOrder : struct, IPanelOrder => TOrder.TermsAreContiguous != 0
            ? lane * PitchOfLanes + word
            : word * PitchOfWords + lane;

    /// <summary>Reads and rounds this item's words; what lies outside of the matrix is 0.</summary>
    private static void Fetch<TWord, TOrder>(ArrayView<float> source, long start, long laneStride, long termStride,
        int lanes, int terms, ArrayView<uint> words)
        where TWord : struct, IMatrixWord
        where TOrder : struct, IPanelOrder
    {
        int lane = TOrder.TermsAreContiguous != 0 ? Group.IdxX / Depth : Group.IdxX % Tile;
        int term = (TOrder.TermsAreContiguous != 0 ? Group.IdxX % Depth : Group.IdxX / Tile) * TWord.Terms;
        int laneStep = TOrder.TermsAreContiguous != 0 ? Items / Depth : 0;
        int termStep = TOrder.TermsAreContiguous != 0 ? 0 : Items / Tile * TWord.Terms;
        long at = start + lane * laneStride + term * termStride;
        long step = laneStep * laneStride + termStep * termStride;
        if (lanes >= Tile & terms >= Depth * TWord.Terms)
        {
            for (int i = 0; i < Fetched; i++)
            {
                words[i] = TWord.Of(source[at], TWord.Terms == 2 ? source[at + termStride] : 0);
                at += step;
            }
        }
        else
        {
            for (int i = 0; i < Fetched; i++)
            {
                float first = 0, second = 0;
                if (lane < lanes & term < terms)
                    first = source[at];
                if (TWord.Terms == 2 & lane < lanes & term + 1 < terms)
                    second = source[at + termStride];
                words[i] = TWord.Of(first, second);
                at += step;
                lane += laneStep;
                term += termStep;
            }
        }
    }

    private static void Put<TOrder>(ArrayView<uint> target, int start, ArrayView<uint> words)
        where TOrder : struct, IPanelOrder
    {
        int at = start + (TOrder.TermsAreContiguous != 0
            ? At<TOrder>(Group.IdxX / Depth, Group.IdxX % Depth)
            : At<TOrder>(Group.IdxX % Tile, Group.IdxX / Tile));
        int step = TOrder.TermsAreContiguous != 0 ? At<TOrder>(Items / Depth, 0) : At<TOrder>(0, Items / Tile);
        for (int i = 0; i < Fetched; i++)
            target[at + i * step] = words[i];
    }

    private static MmaSums Read(GemmResult<float> c, int row, int column)
    {
        MmaSums sums;
        sums.X = c.ReadElement(row, column);
        sums.Y = c.ReadElement(row, column + 1);
        sums.Z = c.ReadElement(row + 8, column);
        sums.W = c.ReadElement(row + 8, column + 1);
        return sums;
    }

    private static void Write(GemmResult<float> c, int row, int column, MmaSums sums)
    {
        c.WriteElement(row, column, sums.X);
        c.WriteElement(row, column + 1, sums.Y);
        c.WriteElement(row + 8, column, sums.Z);
        c.WriteElement(row + 8, column + 1, sums.W);
    }
}
