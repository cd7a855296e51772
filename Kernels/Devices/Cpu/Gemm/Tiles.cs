using System.Runtime.CompilerServices;

namespace Cotangent.Kernels.Cpu;

/// <summary>Elements between neighbours in the operands of a tile.</summary>
/// <param name="ARow">From one row of A to the next.</param>
/// <param name="ADepth">From one k of A to the next.</param>
/// <param name="BDepth">From one k of B to the next.</param>
/// <param name="CRow">From one row of C to the next.</param>
internal readonly record struct TileStrides(nint ARow, nint ADepth, nint BDepth, nint CRow);

/// <summary>A register tile of C: a few rows whose sums stay in registers while k runs.</summary>
/// <remarks>The JIT gives each register of each row its own place (a struct of up to four vectors is promoted), so the loop bodies
/// below become bare loads, broadcasts and fused multiply-adds. Each height is written out: a loop over rows would need an array,
/// and an array lives in memory.</remarks>
internal unsafe interface ITile<TRow, T>
    where TRow : unmanaged, ITileRow<TRow, T>
    where T : unmanaged
{
    /// <summary>C = A·B, or C += A·B, over a whole tile. Each element of C is the chain c = fma(a, b, c) in order of k: the same
    /// bits for every tile and blocking.</summary>
    /// <param name="k">Terms of each sum.</param>
    /// <param name="a">The tile's rows of A, packed or where they lie.</param>
    /// <param name="b">The tile's columns of B: a row of them for each k, contiguous, packed or where they lie.</param>
    /// <param name="c">The tile of C.</param>
    /// <param name="strides">The distances between elements.</param>
    /// <param name="accumulate">True to start from C instead of zero.</param>
    /// <param name="ahead">What to fetch into the caches meanwhile.</param>
    static abstract void Multiply(int k, T* a, T* b, T* c, in TileStrides strides, bool accumulate, ref TileAhead ahead);
}

/// <summary>8 rows: with rows of three registers 24 sums, three of B and a broadcast fill 28 of AVX-512's 32 registers.</summary>
internal readonly unsafe struct Tile8<TRow, T> : ITile<TRow, T>
    where TRow : unmanaged, ITileRow<TRow, T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int k, T* a, T* b, T* c, in TileStrides strides, bool accumulate, ref TileAhead ahead)
    {
        TRow c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        nint cRow = strides.CRow;
        T* lower = c + 4 * cRow;
        if (accumulate)
        {
            c0 = TRow.Load(c);
            c1 = TRow.Load(c + cRow);
            c2 = TRow.Load(c + 2 * cRow);
            c3 = TRow.Load(c + 3 * cRow);
            c4 = TRow.Load(lower);
            c5 = TRow.Load(lower + cRow);
            c6 = TRow.Load(lower + 2 * cRow);
            c7 = TRow.Load(lower + 3 * cRow);
        }

        AddTerms(k, a, b, strides, ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7, ref ahead);
        TRow.Store(c0, c);
        TRow.Store(c1, c + cRow);
        TRow.Store(c2, c + 2 * cRow);
        TRow.Store(c3, c + 3 * cRow);
        TRow.Store(c4, lower);
        TRow.Store(c5, lower + cRow);
        TRow.Store(c6, lower + 2 * cRow);
        TRow.Store(c7, lower + 3 * cRow);
    }

    /// <inheritdoc cref="IMicroKernels{T}.Exchange"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Exchange(int k, T* a, T* b, in ExchangedTile<T> tile, in TileStrides strides, ref TileAhead ahead)
    {
        TRow c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default, squares = default;
        AddTerms(k, a, b, strides, ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7, ref ahead);
        tile.Exchange(c0, 0, ref squares);
        tile.Exchange(c1, 1, ref squares);
        tile.Exchange(c2, 2, ref squares);
        tile.Exchange(c3, 3, ref squares);
        tile.Exchange(c4, 4, ref squares);
        tile.Exchange(c5, 5, ref squares);
        tile.Exchange(c6, 6, ref squares);
        tile.Exchange(c7, 7, ref squares);
        TRow.Store(squares, tile.Squares);
    }

    /// <summary>All terms of every sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTerms(int k, T* a, T* b, in TileStrides strides, ref TRow c0, ref TRow c1, ref TRow c2, ref TRow c3, ref TRow c4,
        ref TRow c5, ref TRow c6, ref TRow c7, ref TileAhead ahead)
    {
        nint cRow = strides.CRow, a1 = strides.ARow, a2 = 2 * a1, a3 = 3 * a1, a4 = 4 * a1, a5 = 5 * a1, a6 = 6 * a1, a7 = 7 * a1;
        nint aStep = strides.ADepth * sizeof(T), bStep = strides.BDepth * sizeof(T);
        while (k > 0)
        {
            int terms = ahead.Fetch<TRow, T>(k, cRow);
            k -= terms;
            for (; terms >= 2; terms -= 2)
            {
                Add(a, b, a1, a2, a3, a4, a5, a6, a7, ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7);
                a = Tiles.Step(a, aStep);
                b = Tiles.Step(b, bStep);
                Add(a, b, a1, a2, a3, a4, a5, a6, a7, ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7);
                a = Tiles.Step(a, aStep);
                b = Tiles.Step(b, bStep);
            }

            if (terms > 0)
            {
                Add(a, b, a1, a2, a3, a4, a5, a6, a7, ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7);
                a = Tiles.Step(a, aStep);
                b = Tiles.Step(b, bStep);
            }
        }
    }

    /// <summary>One term of every sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(T* a, T* b, nint a1, nint a2, nint a3, nint a4, nint a5, nint a6, nint a7, ref TRow c0, ref TRow c1,
        ref TRow c2, ref TRow c3, ref TRow c4, ref TRow c5, ref TRow c6, ref TRow c7)
    {
        TRow row = TRow.Load(b);
        TRow.MultiplyAdd(a, row, ref c0);
        TRow.MultiplyAdd(a + a1, row, ref c1);
        TRow.MultiplyAdd(a + a2, row, ref c2);
        TRow.MultiplyAdd(a + a3, row, ref c3);
        TRow.MultiplyAdd(a + a4, row, ref c4);
        TRow.MultiplyAdd(a + a5, row, ref c5);
        TRow.MultiplyAdd(a + a6, row, ref c6);
        TRow.MultiplyAdd(a + a7, row, ref c7);
    }
}

/// <summary>6 rows: with rows of two registers 12 sums, two of B and a broadcast fill 15 of AVX2's 16 registers.</summary>
internal readonly unsafe struct Tile6<TRow, T> : ITile<TRow, T>
    where TRow : unmanaged, ITileRow<TRow, T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int k, T* a, T* b, T* c, in TileStrides strides, bool accumulate, ref TileAhead ahead)
    {
        TRow c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        nint cRow = strides.CRow;
        T* lower = c + 4 * cRow;
        if (accumulate)
        {
            c0 = TRow.Load(c);
            c1 = TRow.Load(c + cRow);
            c2 = TRow.Load(c + 2 * cRow);
            c3 = TRow.Load(c + 3 * cRow);
            c4 = TRow.Load(lower);
            c5 = TRow.Load(lower + cRow);
        }

        AddTerms(k, a, b, strides, ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref ahead);
        TRow.Store(c0, c);
        TRow.Store(c1, c + cRow);
        TRow.Store(c2, c + 2 * cRow);
        TRow.Store(c3, c + 3 * cRow);
        TRow.Store(c4, lower);
        TRow.Store(c5, lower + cRow);
    }

    /// <inheritdoc cref="IMicroKernels{T}.Exchange"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Exchange(int k, T* a, T* b, in ExchangedTile<T> tile, in TileStrides strides, ref TileAhead ahead)
    {
        TRow c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, squares = default;
        AddTerms(k, a, b, strides, ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref ahead);
        tile.Exchange(c0, 0, ref squares);
        tile.Exchange(c1, 1, ref squares);
        tile.Exchange(c2, 2, ref squares);
        tile.Exchange(c3, 3, ref squares);
        tile.Exchange(c4, 4, ref squares);
        tile.Exchange(c5, 5, ref squares);
        TRow.Store(squares, tile.Squares);
    }

    /// <summary>All terms of every sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTerms(int k, T* a, T* b, in TileStrides strides, ref TRow c0, ref TRow c1, ref TRow c2, ref TRow c3, ref TRow c4,
        ref TRow c5, ref TileAhead ahead)
    {
        nint cRow = strides.CRow, a1 = strides.ARow, a2 = 2 * a1, a3 = 3 * a1, a4 = 4 * a1, a5 = 5 * a1;
        nint aStep = strides.ADepth * sizeof(T), bStep = strides.BDepth * sizeof(T);
        while (k > 0)
        {
            int terms = ahead.Fetch<TRow, T>(k, cRow);
            k -= terms;
            for (; terms > 0; terms--, a = Tiles.Step(a, aStep), b = Tiles.Step(b, bStep))
            {
                TRow row = TRow.Load(b);
                TRow.MultiplyAdd(a, row, ref c0);
                TRow.MultiplyAdd(a + a1, row, ref c1);
                TRow.MultiplyAdd(a + a2, row, ref c2);
                TRow.MultiplyAdd(a + a3, row, ref c3);
                TRow.MultiplyAdd(a + a4, row, ref c4);
                TRow.MultiplyAdd(a + a5, row, ref c5);
            }
        }
    }
}

/// <summary>4 rows, for the last rows of a matrix.</summary>
internal readonly unsafe struct Tile4<TRow, T> : ITile<TRow, T>
    where TRow : unmanaged, ITileRow<TRow, T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int k, T* a, T* b, T* c, in TileStrides strides, bool accumulate, ref TileAhead ahead)
    {
        TRow c0 = default, c1 = default, c2 = default, c3 = default;
        nint cRow = strides.CRow, a1 = strides.ARow, a2 = 2 * a1, a3 = 3 * a1;
        nint aStep = strides.ADepth * sizeof(T), bStep = strides.BDepth * sizeof(T);
        if (accumulate)
        {
            c0 = TRow.Load(c);
            c1 = TRow.Load(c + cRow);
            c2 = TRow.Load(c + 2 * cRow);
            c3 = TRow.Load(c + 3 * cRow);
        }

        while (k > 0)
        {
            int terms = ahead.Fetch<TRow, T>(k, cRow);
            k -= terms;
            for (; terms > 0; terms--, a = Tiles.Step(a, aStep), b = Tiles.Step(b, bStep))
            {
                TRow row = TRow.Load(b);
                TRow.MultiplyAdd(a, row, ref c0);
                TRow.MultiplyAdd(a + a1, row, ref c1);
                TRow.MultiplyAdd(a + a2, row, ref c2);
                TRow.MultiplyAdd(a + a3, row, ref c3);
            }
        }

        TRow.Store(c0, c);
        TRow.Store(c1, c + cRow);
        TRow.Store(c2, c + 2 * cRow);
        TRow.Store(c3, c + 3 * cRow);
    }
}

/// <summary>2 rows, for the last rows of a matrix.</summary>
internal readonly unsafe struct Tile2<TRow, T> : ITile<TRow, T>
    where TRow : unmanaged, ITileRow<TRow, T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int k, T* a, T* b, T* c, in TileStrides strides, bool accumulate, ref TileAhead ahead)
    {
        TRow c0 = default, c1 = default;
        nint cRow = strides.CRow, a1 = strides.ARow;
        nint aStep = strides.ADepth * sizeof(T), bStep = strides.BDepth * sizeof(T);
        if (accumulate)
        {
            c0 = TRow.Load(c);
            c1 = TRow.Load(c + cRow);
        }

        while (k > 0)
        {
            int terms = ahead.Fetch<TRow, T>(k, cRow);
            k -= terms;
            for (; terms > 0; terms--, a = Tiles.Step(a, aStep), b = Tiles.Step(b, bStep))
            {
                TRow row = TRow.Load(b);
                TRow.MultiplyAdd(a, row, ref c0);
                TRow.MultiplyAdd(a + a1, row, ref c1);
            }
        }

        TRow.Store(c0, c);
        TRow.Store(c1, c + cRow);
    }
}

/// <summary>A single row.</summary>
internal readonly unsafe struct Tile1<TRow, T> : ITile<TRow, T>
    where TRow : unmanaged, ITileRow<TRow, T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int k, T* a, T* b, T* c, in TileStrides strides, bool accumulate, ref TileAhead ahead)
    {
        TRow c0 = default;
        nint aStep = strides.ADepth * sizeof(T), bStep = strides.BDepth * sizeof(T);
        if (accumulate)
        {
            c0 = TRow.Load(c);
        }

        while (k > 0)
        {
            int terms = ahead.Fetch<TRow, T>(k, strides.CRow);
            k -= terms;
            for (; terms > 0; terms--, a = Tiles.Step(a, aStep), b = Tiles.Step(b, bStep))
            {
                TRow row = TRow.Load(b);
                TRow.MultiplyAdd(a, row, ref c0);
            }
        }

        TRow.Store(c0, c);
    }
}
