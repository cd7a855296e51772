namespace Cotangent.Kernels.Cpu;

// The three products of a chunk of classes, on the tiles of matrix products. C's rows and those of its gradient come from memory, and are gone through in
// order, once a block of rows. So tiles of rows pass, each over all panels of the other operand, which stay in L2; meanwhile the rows after them are
// fetched line by line, evenly over the time that there is: in bursts they would hold up the tiles that run.
internal sealed unsafe partial class CpuCrossEntropy<TKernels>
{
    private const int Lanes = CpuCrossEntropyShape.Lanes;

    /// <summary>Terms of a logit that are added at a time.</summary>
    private int Depth => GemmBlocking.DepthOf(_p.Width, isStreamed: false, 0);

    /// <summary>The products of a range of classes, logits[v, r] = Σ_d c[v, d]·e[r, d].</summary>
    private LogitRows Products(float* logits, int first, int classes)
    {
        int rows = _b.Rows, width = _p.Width, depth = Depth;
        TileAhead ahead = TileAhead.None;
        for (int k = 0; k < width; k += depth)
        {
            int terms = Math.Min(depth, width - k);
            TileStrides strides = new(width, 1, 0, rows);
            float* c = _x.Classifier + ((long)first * width) + k;
            for (int v = 0, height; v < classes; v += height, c += (nint)height * width)
            {
                height = HeightOf(classes - v);
                float* tile = logits + ((nint)v * rows);
                for (int r = 0, columns; r < rows; r += columns, tile += columns)
                {
                    columns = ColumnsOf(rows - r);
                    FetchRows(ref ahead, c, terms, r, columns);
                    TKernels.Multiply(height, columns / TKernels.Width, terms, c, _b.PackedForLogits + ((nint)k * rows) + ((nint)r * terms), tile,
                        strides with { BDepth = columns }, k > 0, ref ahead);
                }
            }
        }

        return Range(logits, first, classes);
    }

    /// <summary>Has a panel's share of the rows of C after the present and the next tile fetched; of only a part of each row, those of the next.</summary>
    private void FetchRows(ref TileAhead ahead, float* c, int terms, int column, int columns)
    {
        int width = _p.Width, piece = columns * sizeof(float);
        if (terms == width)
        {
            byte* next = (byte*)(c + (2L * TKernels.Rows * width));
            long bytes = (long)TKernels.Rows * width * sizeof(float), from = bytes * column / _b.Rows, to = bytes * (column + columns) / _b.Rows;
            int requests = (int)((to - from + piece - 1) / piece);
            ahead.SetPacked(next + from, piece, requests);
            ahead.SetTile((byte*)c, 1, Math.Max(1, terms / Math.Max(1, requests)));
            return;
        }

        int share = GemmBlocking.Ceiling(TKernels.Rows * columns, _b.Rows), row = TKernels.Rows * column / _b.Rows;
        ahead.SetRows((byte*)(c + ((long)(TKernels.Rows + row) * width)), (nint)width * sizeof(float), share, terms * sizeof(float), piece);
        ahead.SetTile((byte*)c, 1, TKernels.Rows);
    }

    /// <summary>sum[d, r] (+)= Σ_v c[v, d]·p[v, r].</summary>
    /// <remarks>C's rows are read where they lie, an element each for a vector of p: as right operand they would be vectors at distances that fall into
    /// few sets of L1.</remarks>
    private void SumEmbeddings(float* p, float* c, float* sum, int classes, bool accumulate)
    {
        int rows = _b.Rows, width = _p.Width;
        TileStrides strides = new(1, width, rows, rows);
        TileAhead ahead = TileAhead.None;
        for (int d = 0, height; d < width; d += height)
        {
            height = HeightOf(width - d);
            float* tile = sum + ((nint)d * rows);
            for (int r = 0, columns; r < rows; r += columns, tile += columns)
            {
                columns = ColumnsOf(rows - r);
                ahead.SetTile((byte*)(r + columns < rows ? tile + columns : sum + ((nint)(d + height) * rows)), height, classes);
                TKernels.Multiply(height, columns / TKernels.Width, classes, c + d, p + r, tile, strides, accumulate, ref ahead);
            }
        }
    }

    /// <summary>gradient[v, d] (+)= Σ_r g[v, r]·e[r, d].</summary>
    private void MultiplyClassifier(float* g, int first, int classes)
    {
        int rows = _b.Rows, width = _p.Width;
        bool accumulates = _b.FirstRow > 0 || _p.FilterClassifier > 0;
        float* spare = stackalloc float[TKernels.Rows * PanelColumns];
        float* to = _x.ClassifierGradient + ((long)first * width);
        TileAhead ahead = TileAhead.None;
        for (int v = 0, height; v < classes; v += height, g += (nint)height * rows, to += (nint)height * width)
        {
            height = HeightOf(classes - v);
            byte* next = (byte*)(to + ((nint)height * width));
            for (int d = 0, columns; d < width; d += columns)
            {
                columns = ColumnsOf(width - d);
                TileStrides strides = new(rows, 1, columns, width);
                int valid = Math.Min(columns, width - d);
                ahead.SetPacked(next + ((nint)d * height * sizeof(float)), columns * sizeof(float), height);
                ahead.SetTile((byte*)(to + d + columns), height, rows);
                float* e = _b.PackedForClassifier + ((nint)d * rows);
                if (valid == columns)
                {
                    TKernels.Multiply(height, columns / TKernels.Width, rows, g, e, to + d, strides, accumulates, ref ahead);
                    continue;
                }

                // The last columns, whose vectors hang over the matrix.
                for (int i = 0; i < height && accumulates; i++) Copy(to + d + ((nint)i * width), spare + (i * columns), valid, columns);
                TKernels.Multiply(height, columns / TKernels.Width, rows, g, e, spare, strides with { CRow = columns }, accumulates, ref ahead);
                for (int i = 0; i < height; i++) Copy(spare + (i * columns), to + d + ((nint)i * width), valid, valid);
            }
        }
    }

    /// <summary>Packs the block's rows of E for logits.</summary>
    private void PackForLogits()
    {
        int rows = _b.Rows, width = _p.Width, depth = Depth;
        for (int k = 0; k < width; k += depth)
        {
            int terms = Math.Min(depth, width - k);
            for (int r = 0, columns; r < rows; r += columns)
            {
                columns = ColumnsOf(rows - r);
                Packing.Panel(_b.Embeddings + ((nint)r * width) + k, width, 1, columns, columns, terms,
                    _b.PackedForLogits + ((nint)k * rows) + ((nint)r * terms));
            }
        }
    }

    /// <summary>Packs the block's rows of E for C's gradient.</summary>
    private void PackForClassifier()
    {
        int rows = _b.Rows, width = _p.Width;
        for (int d = 0, columns; d < width; d += columns)
        {
            columns = ColumnsOf(width - d);
            Packing.Panel(_b.Embeddings + d, 1, width, Math.Min(columns, width - d), columns, rows, _b.PackedForClassifier + ((nint)d * rows));
        }
    }

    private static int PanelColumns => TKernels.Registers * TKernels.Width;

    /// <summary>The width of the next panel where so many columns are left. Two panels of two registers rather than one of three and one of a single
    /// register, which would wait for itself.</summary>
    private static int ColumnsOf(int left)
    {
        int registers = GemmBlocking.Ceiling(left, TKernels.Width);
        return TKernels.Width * (registers == TKernels.Registers + 1 ? (registers + 1) / 2 : Math.Min(registers, TKernels.Registers));
    }

    /// <summary>The height of the next tile where so many rows are left.</summary>
    private static int HeightOf(int left) => left >= TKernels.Rows ? TKernels.Rows : left >= 4 ? 4 : left >= 2 ? 2 : 1;

    /// <summary>Numbers, zeros behind them.</summary>
    private static void Copy(float* from, float* to, int length, int padded)
    {
        new ReadOnlySpan<float>(from, length).CopyTo(new Span<float>(to, length));
        new Span<float>(to + length, padded - length).Clear();
    }
}
