using System.Runtime.CompilerServices;

namespace Cotangent.Kernels.Cpu;

/// <summary>One row of a product tile: one to four registers side by side.</summary>
internal unsafe interface ITileRow<TSelf, T>
    where TSelf : unmanaged, ITileRow<TSelf, T>
    where T : unmanaged
{
    /// <summary>Elements of a row.</summary>
    static abstract int Width { get; }

    static abstract TSelf Load(T* source);

    static abstract void Store(TSelf row, T* destination);

    /// <summary>c = *scalar·b + c, element by element, each with one rounding.</summary>
    /// <remarks>By reference: of a fused multiply-add whose result goes into its own third operand the JIT overwrites that operand's register.
    /// Of one that returns a new value it overwrites the broadcast's, and copies that: a copy for every row of a tile, a quarter of its time.</remarks>
    static abstract void MultiplyAdd(T* scalar, TSelf b, ref TSelf c);

    /// <summary>c = row·row + c, element by element, each with one rounding.</summary>
    static abstract void AddSquares(TSelf row, ref TSelf c);
}

/// <summary>A row of one register.</summary>
internal unsafe struct Row1<TOps, TVector, T> : ITileRow<Row1<TOps, TVector, T>, T>
    where TOps : struct, IVectorOps<TVector, T>
    where TVector : unmanaged
    where T : unmanaged
{
    private TVector _v0;

    public static int Width => TOps.Width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row1<TOps, TVector, T> Load(T* source)
    {
        Row1<TOps, TVector, T> row;
        row._v0 = TOps.Load(source);
        return row;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Row1<TOps, TVector, T> row, T* destination) => TOps.Store(row._v0, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd(T* scalar, Row1<TOps, TVector, T> b, ref Row1<TOps, TVector, T> c)
    {
        c._v0 = TOps.FusedMultiplyAdd(TOps.Broadcast(scalar), b._v0, c._v0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSquares(Row1<TOps, TVector, T> row, ref Row1<TOps, TVector, T> c)
    {
        c._v0 = TOps.FusedMultiplyAdd(row._v0, row._v0, c._v0);
    }
}

/// <summary>A row of two registers.</summary>
internal unsafe struct Row2<TOps, TVector, T> : ITileRow<Row2<TOps, TVector, T>, T>
    where TOps : struct, IVectorOps<TVector, T>
    where TVector : unmanaged
    where T : unmanaged
{
    private TVector _v0;
    private TVector _v1;

    public static int Width => 2 * TOps.Width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row2<TOps, TVector, T> Load(T* source)
    {
        Row2<TOps, TVector, T> row;
        row._v0 = TOps.Load(source);
        row._v1 = TOps.Load(source + TOps.Width);
        return row;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Row2<TOps, TVector, T> row, T* destination)
    {
        TOps.Store(row._v0, destination);
        TOps.Store(row._v1, destination + TOps.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd(T* scalar, Row2<TOps, TVector, T> b, ref Row2<TOps, TVector, T> c)
    {
        TVector x = TOps.Broadcast(scalar);
        c._v0 = TOps.FusedMultiplyAdd(x, b._v0, c._v0);
        c._v1 = TOps.FusedMultiplyAdd(x, b._v1, c._v1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSquares(Row2<TOps, TVector, T> row, ref Row2<TOps, TVector, T> c)
    {
        c._v0 = TOps.FusedMultiplyAdd(row._v0, row._v0, c._v0);
        c._v1 = TOps.FusedMultiplyAdd(row._v1, row._v1, c._v1);
    }
}

/// <summary>A row of three registers.</summary>
internal unsafe struct Row3<TOps, TVector, T> : ITileRow<Row3<TOps, TVector, T>, T>
    where TOps : struct, IVectorOps<TVector, T>
    where TVector : unmanaged
    where T : unmanaged
{
    private TVector _v0;
    private TVector _v1;
    private TVector _v2;

    public static int Width => 3 * TOps.Width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row3<TOps, TVector, T> Load(T* source)
    {
        Row3<TOps, TVector, T> row;
        row._v0 = TOps.Load(source);
        row._v1 = TOps.Load(source + TOps.Width);
        row._v2 = TOps.Load(source + 2 * TOps.Width);
        return row;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Row3<TOps, TVector, T> row, T* destination)
    {
        TOps.Store(row._v0, destination);
        TOps.Store(row._v1, destination + TOps.Width);
        TOps.Store(row._v2, destination + 2 * TOps.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd(T* scalar, Row3<TOps, TVector, T> b, ref Row3<TOps, TVector, T> c)
    {
        TVector x = TOps.Broadcast(scalar);
        c._v0 = TOps.FusedMultiplyAdd(x, b._v0, c._v0);
        c._v1 = TOps.FusedMultiplyAdd(x, b._v1, c._v1);
        c._v2 = TOps.FusedMultiplyAdd(x, b._v2, c._v2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSquares(Row3<TOps, TVector, T> row, ref Row3<TOps, TVector, T> c)
    {
        c._v0 = TOps.FusedMultiplyAdd(row._v0, row._v0, c._v0);
        c._v1 = TOps.FusedMultiplyAdd(row._v1, row._v1, c._v1);
        c._v2 = TOps.FusedMultiplyAdd(row._v2, row._v2, c._v2);
    }
}

/// <summary>A row of four registers.</summary>
internal unsafe struct Row4<TOps, TVector, T> : ITileRow<Row4<TOps, TVector, T>, T>
    where TOps : struct, IVectorOps<TVector, T>
    where TVector : unmanaged
    where T : unmanaged
{
    private TVector _v0;
    private TVector _v1;
    private TVector _v2;
    private TVector _v3;

    public static int Width => 4 * TOps.Width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row4<TOps, TVector, T> Load(T* source)
    {
        Row4<TOps, TVector, T> row;
        row._v0 = TOps.Load(source);
        row._v1 = TOps.Load(source + TOps.Width);
        row._v2 = TOps.Load(source + 2 * TOps.Width);
        row._v3 = TOps.Load(source + 3 * TOps.Width);
        return row;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Row4<TOps, TVector, T> row, T* destination)
    {
        TOps.Store(row._v0, destination);
        TOps.Store(row._v1, destination + TOps.Width);
        TOps.Store(row._v2, destination + 2 * TOps.Width);
        TOps.Store(row._v3, destination + 3 * TOps.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd(T* scalar, Row4<TOps, TVector, T> b, ref Row4<TOps, TVector, T> c)
    {
        TVector x = TOps.Broadcast(scalar);
        c._v0 = TOps.FusedMultiplyAdd(x, b._v0, c._v0);
        c._v1 = TOps.FusedMultiplyAdd(x, b._v1, c._v1);
        c._v2 = TOps.FusedMultiplyAdd(x, b._v2, c._v2);
        c._v3 = TOps.FusedMultiplyAdd(x, b._v3, c._v3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSquares(Row4<TOps, TVector, T> row, ref Row4<TOps, TVector, T> c)
    {
        c._v0 = TOps.FusedMultiplyAdd(row._v0, row._v0, c._v0);
        c._v1 = TOps.FusedMultiplyAdd(row._v1, row._v1, c._v1);
        c._v2 = TOps.FusedMultiplyAdd(row._v2, row._v2, c._v2);
        c._v3 = TOps.FusedMultiplyAdd(row._v3, row._v3, c._v3);
    }
}
