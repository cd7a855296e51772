using System.Runtime.CompilerServices;

namespace Cotangent.Kernels.Cpu;

/// <summary>A register tile of C: a few rows whose sums stay in registers while k runs.</summary>
/// <remarks>The JIT gives each register of each row its own place (a struct of up to four vectors is promoted), so the loop bodies
/// below become bare loads, broadcasts and fused multiply-adds. Each height is written out: a loop over rows would need an array,
/// and an array lives in memory.</remarks>
internal unsafe interface ITile<TRow, T>
    where TRow : unmanaged, ITileRow<TRow, T>
    where T : unmanaged
{
    /// <summary>C = A·B, or C += A·B, over a whole tile: a is packed, k by k, one element a row; b has bStride elements from one k
    /// to the next. Each element of C is the chain c = fma(a, b, c) in order of k: the same bits for every tile and blocking.</summary>
    static abstract void Multiply(int k, T* a, T* b, nint bStride, T* c, nint cStride, bool accumulate);
}

/// <summary>8 rows: with rows of three registers 24 sums, three of B and a broadcast fill 28 of AVX-512's 32 registers.</summary>
internal readonly unsafe struct Tile8<TRow, T> : ITile<TRow, T>
    where TRow : unmanaged, ITileRow<TRow, T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int k, T* a, T* b, nint bStride, T* c, nint cStride, bool accumulate)
    {
        TRow c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        T* lower = c + 4 * cStride;
        if (accumulate)
        {
            c0 = TRow.Load(c);
            c1 = TRow.Load(c + cStride);
            c2 = TRow.Load(c + 2 * cStride);
            c3 = TRow.Load(c + 3 * cStride);
            c4 = TRow.Load(lower);
            c5 = TRow.Load(lower + cStride);
            c6 = TRow.Load(lower + 2 * cStride);
            c7 = TRow.Load(lower + 3 * cStride);
        }

        for (; k > 0; k--, a += 8, b += bStride)
        {
            TRow row = TRow.Load(b);
            c0 = TRow.MultiplyAdd(a, row, c0);
            c1 = TRow.MultiplyAdd(a + 1, row, c1);
            c2 = TRow.MultiplyAdd(a + 2, row, c2);
            c3 = TRow.MultiplyAdd(a + 3, row, c3);
            c4 = TRow.MultiplyAdd(a + 4, row, c4);
            c5 = TRow.MultiplyAdd(a + 5, row, c5);
            c6 = TRow.MultiplyAdd(a + 6, row, c6);
            c7 = TRow.MultiplyAdd(a + 7, row, c7);
        }

        TRow.Store(c0, c);
        TRow.Store(c1, c + cStride);
        TRow.Store(c2, c + 2 * cStride);
        TRow.Store(c3, c + 3 * cStride);
        TRow.Store(c4, lower);
        TRow.Store(c5, lower + cStride);
        TRow.Store(c6, lower + 2 * cStride);
        TRow.Store(c7, lower + 3 * cStride);
    }
}

/// <summary>6 rows: with rows of two registers 12 sums, two of B and a broadcast fill 15 of AVX2's 16 registers.</summary>
internal readonly unsafe struct Tile6<TRow, T> : ITile<TRow, T>
    where TRow : unmanaged, ITileRow<TRow, T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int k, T* a, T* b, nint bStride, T* c, nint cStride, bool accumulate)
    {
        TRow c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        T* lower = c + 4 * cStride;
        if (accumulate)
        {
            c0 = TRow.Load(c);
            c1 = TRow.Load(c + cStride);
            c2 = TRow.Load(c + 2 * cStride);
            c3 = TRow.Load(c + 3 * cStride);
            c4 = TRow.Load(lower);
            c5 = TRow.Load(lower + cStride);
        }

        for (; k > 0; k--, a += 6, b += bStride)
        {
            TRow row = TRow.Load(b);
            c0 = TRow.MultiplyAdd(a, row, c0);
            c1 = TRow.MultiplyAdd(a + 1, row, c1);
            c2 = TRow.MultiplyAdd(a + 2, row, c2);
            c3 = TRow.MultiplyAdd(a + 3, row, c3);
            c4 = TRow.MultiplyAdd(a + 4, row, c4);
            c5 = TRow.MultiplyAdd(a + 5, row, c5);
        }

        TRow.Store(c0, c);
        TRow.Store(c1, c + cStride);
        TRow.Store(c2, c + 2 * cStride);
        TRow.Store(c3, c + 3 * cStride);
        TRow.Store(c4, lower);
        TRow.Store(c5, lower + cStride);
    }
}

/// <summary>4 rows, for the last rows of a matrix.</summary>
internal readonly unsafe struct Tile4<TRow, T> : ITile<TRow, T>
    where TRow : unmanaged, ITileRow<TRow, T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int k, T* a, T* b, nint bStride, T* c, nint cStride, bool accumulate)
    {
        TRow c0 = default, c1 = default, c2 = default, c3 = default;
        if (accumulate)
        {
            c0 = TRow.Load(c);
            c1 = TRow.Load(c + cStride);
            c2 = TRow.Load(c + 2 * cStride);
            c3 = TRow.Load(c + 3 * cStride);
        }

        for (; k > 0; k--, a += 4, b += bStride)
        {
            TRow row = TRow.Load(b);
            c0 = TRow.MultiplyAdd(a, row, c0);
            c1 = TRow.MultiplyAdd(a + 1, row, c1);
            c2 = TRow.MultiplyAdd(a + 2, row, c2);
            c3 = TRow.MultiplyAdd(a + 3, row, c3);
        }

        TRow.Store(c0, c);
        TRow.Store(c1, c + cStride);
        TRow.Store(c2, c + 2 * cStride);
        TRow.Store(c3, c + 3 * cStride);
    }
}

/// <summary>2 rows, for the last rows of a matrix.</summary>
internal readonly unsafe struct Tile2<TRow, T> : ITile<TRow, T>
    where TRow : unmanaged, ITileRow<TRow, T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int k, T* a, T* b, nint bStride, T* c, nint cStride, bool accumulate)
    {
        TRow c0 = default, c1 = default;
        if (accumulate)
        {
            c0 = TRow.Load(c);
            c1 = TRow.Load(c + cStride);
        }

        for (; k > 0; k--, a += 2, b += bStride)
        {
            TRow row = TRow.Load(b);
            c0 = TRow.MultiplyAdd(a, row, c0);
            c1 = TRow.MultiplyAdd(a + 1, row, c1);
        }

        TRow.Store(c0, c);
        TRow.Store(c1, c + cStride);
    }
}

/// <summary>A single row.</summary>
internal readonly unsafe struct Tile1<TRow, T> : ITile<TRow, T>
    where TRow : unmanaged, ITileRow<TRow, T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int k, T* a, T* b, nint bStride, T* c, nint cStride, bool accumulate)
    {
        TRow c0 = default;
        if (accumulate)
        {
            c0 = TRow.Load(c);
        }

        for (; k > 0; k--, a += 1, b += bStride)
        {
            TRow row = TRow.Load(b);
            c0 = TRow.MultiplyAdd(a, row, c0);
        }

        TRow.Store(c0, c);
    }
}
