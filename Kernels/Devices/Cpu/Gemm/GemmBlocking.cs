namespace Cotangent.Kernels.Cpu;

/// <summary>How a product is cut so that its pieces stay in cache. Values do not depend on it, only speed.</summary>
internal static class GemmBlocking
{
    /// <summary>Terms of the sum taken at a time, at most: deeper means fewer passes over C; a panel of B of this depth (96 KiB) and a
    /// block of A must stay in L2.</summary>
    public const int Depth = 512;

    /// <summary>Multiply-adds in the time of reading an element of A, of reading one of B, and of reading, packing and storing one at a time when
    /// nothing else is done.</summary>
    private const double ReadOfA = 6, ReadOfB = 8, PackedElement = 24;

    /// <summary>The part of a product's time for which its last task holds up the other threads when one of them is late.</summary>
    private const double Lateness = 0.1;

    private const int FlatColumns = 64;
    private const int LeastPassedTerms = 256;
    private const long PassedBytes = 1 << 20;

    /// <summary>Terms taken at a time where B is only streamed through once: so few that the pages of their rows stay known to the
    /// processor while the columns pass.</summary>
    private const int StreamedDepth = 32;

    /// <summary>Bytes between rows from which on each row is a page of its own.</summary>
    private const int PageBytes = 4096;

    /// <summary>Columns of B packed at a time: bounds the packed B that all threads share, with <see cref="SlabBytes"/>.</summary>
    public const int Columns = 6144;

    /// <summary>Bytes of packed B, shared by all threads, in L3 (in L2 for products of moderate size).</summary>
    public const long SlabBytes = 8L << 20;

    /// <summary>Terms that a block of a deep product takes at a time, and its rows, at most: C (512 KiB), these terms of both operands,
    /// packed and not, and the next ones stay in L2 together.</summary>
    public const int DeepTerms = 128, DeepRows = 256;

    /// <summary>Terms and rows and columns from which a product may be deep, and bytes of C to which: a larger C would be read and written in L3 for every few terms.</summary>
    private const int LeastDeepTerms = 1024, LeastDeepSide = 48, MostDeepBytes = 1 << 20;

    /// <summary>Columns of a block of a deep product for which packing its rows costs more than reading them where they lie.</summary>
    private const int UnpackedColumns = 256;

    /// <summary>Multiply-adds below which handing work to another thread costs more than it gains.</summary>
    public const long SerialWork = 1 << 19;

    /// <summary>Tasks a thread of a direct product that is worth another thread.</summary>
    public const int DirectTasksPerThread = 2;

    /// <summary>Bytes of all operands, and terms, up to which a product is direct.</summary>
    private const int MostDirectBytes = 128 << 10, MostDirectTerms = 512;

    /// <summary>True for a product so small that its operands are read where they lie, in L1 or L2, without any preparation.</summary>
    public static bool IsDirect(in GemmProblem p, int width, int elementBytes) =>
        p is { Batch0: 1, Batch1: 1, K: > 0 and <= MostDirectTerms } && p.B.Column == 1 && p.C.Column == 1 && (p.A.Column == 1 || p.A.Row == 1)
            && p.N % width == 0
            && ((long)p.M * p.K + (long)p.K * p.N + (long)p.M * p.N) * elementBytes <= MostDirectBytes;

    /// <summary>True if B, whose rows are contiguous, is read where it lies. Packing costs as much an element as 40 rows of the product
    /// do, so few rows do not earn it back; but a panel whose rows lie far apart falls into few sets of the caches.</summary>
    /// <param name="rows">Rows of A: as often is each element of B used.</param>
    /// <param name="tileRows">Rows of a tile.</param>
    /// <param name="stride">Bytes between rows of B.</param>
    public static bool ReadsColumnsDirectly(int rows, int tileRows, long stride) =>
        rows <= 2 * tileRows || (stride <= 1024 && rows <= 512) || (stride <= 2048 && rows <= 256);

    /// <summary>True if A, whose rows or columns are contiguous, is read where it lies: a tile reads an element of it where it reads a
    /// vector of B, so distances matter less, but less still along its rows.</summary>
    /// <param name="columns">Columns of B: as often is each element of A used.</param>
    /// <param name="tileColumns">Columns of a tile.</param>
    /// <param name="hasRows">True if its rows are contiguous.</param>
    /// <param name="stride">Bytes between its rows, or columns.</param>
    public static bool ReadsRowsDirectly(int columns, int tileColumns, bool hasRows, long stride) =>
        columns <= 2 * tileColumns || (columns <= 512 && stride <= (hasRows ? 4096 : 1024));

    /// <summary>True if a tile of 6 rows and 64 columns takes all columns of B, where one of 48 would leave a rest; A is read where it lies.</summary>
    public static bool PrefersFlatTiles(in GemmProblem p) => p.N == FlatColumns && (p.A.Column == 1 || p.A.Row == 1)
        && ReadsRowsDirectly(p.N, FlatColumns, p.A.Column == 1, Math.Max(p.A.Row, p.A.Column) * sizeof(float));

    /// <summary>True if all panels of B of a depth block stay in L2 while the rows of A, which are contiguous, pass over them tile by
    /// tile, each read once and where it lies. Few terms would be too quick for that.</summary>
    public static bool PassesRows(int columns, int terms, int elementBytes) =>
        terms >= LeastPassedTerms && (long)columns * Math.Min(terms, Depth) * elementBytes <= PassedBytes;

    /// <summary>Terms of a depth block: equal blocks of <see cref="Depth"/> at most.</summary>
    public static int DepthOf(int terms, bool isStreamed, long stride)
    {
        if (isStreamed && stride >= PageBytes)
            return StreamedDepth;
        int blocks = Math.Max(1, Ceiling(terms, Depth));
        return RoundUp(Math.Max(1, Ceiling(terms, blocks)), 16);
    }

    /// <summary>Columns of a block of a deep product, at most.</summary>
    public static unsafe int DeepColumns<T>()
        where T : unmanaged => 2048 / sizeof(T);

    /// <summary>True for a product of many terms and a small result whose operands both lie term by term, as the gradient of a weight has them:
    /// fetching some terms of them is fetching whole rows.</summary>
    public static bool IsDeep(in GemmProblem p, int elementBytes) => p.K >= LeastDeepTerms && p.A.Row == 1 && p.B.Column == 1
        && Math.Min(p.M, p.N) >= LeastDeepSide && (long)p.M * p.N * elementBytes <= MostDeepBytes;

    /// <summary>True if a block of so many columns reads its rows of A where they lie, in L2 by then.</summary>
    public static bool ReadsDeepRowsDirectly(int columns) => columns <= UnpackedColumns;

    /// <summary>Rows of A packed at a time by one thread: with <see cref="Depth"/> 768 KiB, a large part of L2. A multiple of the
    /// tiles' heights, 6 and 8.</summary>
    public static unsafe int Rows<T>()
        where T : unmanaged => 1536 / sizeof(T);

    /// <summary>The longest time that a thread computes over what it would be if all computed equally long, where each takes the next task
    /// when it is done. Blocks and ranges are equal but the last ones, and the tasks are done in order, ranges within blocks.</summary>
    public static double CostOfCut(int tiles, int blocks, int panels, int ranges, int threads)
    {
        const int MostSimulated = 64;
        int height = Ceiling(tiles, blocks), width = Ceiling(panels, ranges);
        (blocks, ranges) = (Ceiling(tiles, height), Ceiling(panels, width));
        int tasks = blocks * ranges;
        if (threads > MostSimulated || tasks > MostSimulated)
            return Math.Max((double)tasks / threads, Ceiling(tasks, threads) - 0.5) * height * width * threads / ((double)tiles * panels);

        Span<long> ends = stackalloc long[threads];
        ends.Clear();
        long last = 0;
        for (int block = 0; block < blocks; block++)
        {
            long rows = Math.Min(height, tiles - block * height);
            for (int range = 0; range < ranges; range++)
            {
                int first = 0;
                for (int thread = 1; thread < threads; thread++)
                {
                    if (ends[thread] < ends[first])
                        first = thread;
                }

                ends[first] += rows * Math.Min(width, panels - range * width);
                last = Math.Max(last, ends[first]);
            }
        }

        return last * threads / ((double)tiles * panels);
    }

    /// <summary>What a cut costs beside the multiply-adds, as a part of them: an element of A is read once a range of panels, and packed
    /// where that is needed, an element of B once a block of rows. Where threads have ranges of their own, packing B hides behind the
    /// multiply-adds. Few tasks leave a late thread's work to nobody.</summary>
    public static double TrafficOfCut(int rows, int columns, int blocks, int ranges, int threads, bool packsRows) =>
        (packsRows ? PackedElement : ReadOfA) * ranges / columns + (ReadOfB * blocks + (ranges < threads ? PackedElement : 0)) / rows
            + Lateness * threads / ((double)blocks * ranges);

    /// <summary>The same of a deep product, whose operands are read and packed behind the multiply-adds once a block.</summary>
    public static double TrafficOfDeepCut(int rows, int columns, int blocks, int ranges, int threads) =>
        ReadOfB * (ranges / (double)columns + blocks / (double)rows) + (threads > 1 ? Lateness * threads / ((double)blocks * ranges) : 0);

    public static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    public static int Ceiling(int value, int divisor) => (int)(((long)value + divisor - 1) / divisor);
}
