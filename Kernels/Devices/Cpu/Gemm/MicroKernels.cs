using System.Runtime.CompilerServices;

namespace Cotangent.Kernels.Cpu;

/// <summary>The register tiles of one instruction set and element type, chosen by height and by registers across.</summary>
internal unsafe interface IMicroKernels<T>
    where T : unmanaged
{
    /// <summary>Rows of the full tile. The heights 1, 2 and 4 exist beside it, for a matrix's last rows.</summary>
    static abstract int Rows { get; }

    /// <summary>Elements of a register.</summary>
    static abstract int Width { get; }

    /// <summary>Registers across the full tile. Every smaller number exists beside it, for a matrix's last columns.</summary>
    static abstract int Registers { get; }

    /// <summary><see cref="ITile{TRow, T}.Multiply"/> of the tile of that height and width.</summary>
    static abstract void Multiply(
        int rows, int registers, int k, T* a, T* b, T* c, in TileStrides strides, bool accumulate, ref TileAhead ahead);

    /// <summary>The tile of A·B of the full height, in the place of one of before, which goes to a sum: <see cref="ExchangedTile{T}"/>.</summary>
    static abstract void Exchange(int registers, int k, T* a, T* b, in ExchangedTile<T> tile, in TileStrides strides, ref TileAhead ahead);
}

/// <summary>Tiles for 32 vector registers: up to 8 rows of 3.</summary>
internal readonly unsafe struct WideKernels<TOps, TVector, T> : IMicroKernels<T>
    where TOps : struct, IVectorOps<TVector, T>
    where TVector : unmanaged
    where T : unmanaged
{
    public static int Rows => 8;

    public static int Width => TOps.Width;

    public static int Registers => 3;

    public static void Multiply(
        int rows, int registers, int k, T* a, T* b, T* c, in TileStrides strides, bool accumulate, ref TileAhead ahead)
    {
        if (registers == 3)
            Tiles.Wide<Row3<TOps, TVector, T>, T>(rows, k, a, b, c, strides, accumulate, ref ahead);
        else if (registers == 2)
            Tiles.Wide<Row2<TOps, TVector, T>, T>(rows, k, a, b, c, strides, accumulate, ref ahead);
        else
            Tiles.Wide<Row1<TOps, TVector, T>, T>(rows, k, a, b, c, strides, accumulate, ref ahead);
    }

    public static void Exchange(int registers, int k, T* a, T* b, in ExchangedTile<T> tile, in TileStrides strides, ref TileAhead ahead)
    {
        if (registers == 3)
            Tile8<Row3<TOps, TVector, T>, T>.Exchange(k, a, b, tile, strides, ref ahead);
        else if (registers == 2)
            Tile8<Row2<TOps, TVector, T>, T>.Exchange(k, a, b, tile, strides, ref ahead);
        else
            Tile8<Row1<TOps, TVector, T>, T>.Exchange(k, a, b, tile, strides, ref ahead);
    }
}

/// <summary>Tiles for 32 vector registers: up to 6 rows of 4. For 64 columns: two tiles of two registers would read and broadcast
/// more for each multiply-add.</summary>
internal readonly unsafe struct FlatKernels<TOps, TVector, T> : IMicroKernels<T>
    where TOps : struct, IVectorOps<TVector, T>
    where TVector : unmanaged
    where T : unmanaged
{
    public static int Rows => 6;

    public static int Width => TOps.Width;

    public static int Registers => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(
        int rows, int registers, int k, T* a, T* b, T* c, in TileStrides strides, bool accumulate, ref TileAhead ahead)
    {
        if (registers == 4)
            Tiles.Narrow<Row4<TOps, TVector, T>, T>(rows, k, a, b, c, strides, accumulate, ref ahead);
        else if (registers == 3)
            Tiles.Narrow<Row3<TOps, TVector, T>, T>(rows, k, a, b, c, strides, accumulate, ref ahead);
        else if (registers == 2)
            Tiles.Narrow<Row2<TOps, TVector, T>, T>(rows, k, a, b, c, strides, accumulate, ref ahead);
        else
            Tiles.Narrow<Row1<TOps, TVector, T>, T>(rows, k, a, b, c, strides, accumulate, ref ahead);
    }

    public static void Exchange(int registers, int k, T* a, T* b, in ExchangedTile<T> tile, in TileStrides strides, ref TileAhead ahead)
    {
        if (registers == 4)
            Tile6<Row4<TOps, TVector, T>, T>.Exchange(k, a, b, tile, strides, ref ahead);
        else if (registers == 3)
            Tile6<Row3<TOps, TVector, T>, T>.Exchange(k, a, b, tile, strides, ref ahead);
        else if (registers == 2)
            Tile6<Row2<TOps, TVector, T>, T>.Exchange(k, a, b, tile, strides, ref ahead);
        else
            Tile6<Row1<TOps, TVector, T>, T>.Exchange(k, a, b, tile, strides, ref ahead);
    }
}

/// <summary>Tiles for 16 vector registers: up to 6 rows of 2.</summary>
internal readonly unsafe struct NarrowKernels<TOps, TVector, T> : IMicroKernels<T>
    where TOps : struct, IVectorOps<TVector, T>
    where TVector : unmanaged
    where T : unmanaged
{
    public static int Rows => 6;

    public static int Width => TOps.Width;

    public static int Registers => 2;

    public static void Multiply(
        int rows, int registers, int k, T* a, T* b, T* c, in TileStrides strides, bool accumulate, ref TileAhead ahead)
    {
        if (registers == 2)
            Tiles.Narrow<Row2<TOps, TVector, T>, T>(rows, k, a, b, c, strides, accumulate, ref ahead);
        else
            Tiles.Narrow<Row1<TOps, TVector, T>, T>(rows, k, a, b, c, strides, accumulate, ref ahead);
    }

    public static void Exchange(int registers, int k, T* a, T* b, in ExchangedTile<T> tile, in TileStrides strides, ref TileAhead ahead)
    {
        if (registers == 2)
            Tile6<Row2<TOps, TVector, T>, T>.Exchange(k, a, b, tile, strides, ref ahead);
        else
            Tile6<Row1<TOps, TVector, T>, T>.Exchange(k, a, b, tile, strides, ref ahead);
    }
}

/// <summary>The choice of a tile by its height.</summary>
internal static unsafe class Tiles
{
    /// <summary>So many bytes further: the sum of a pointer and a register, where a step in elements is scaled again at each term.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T* Step<T>(T* pointer, nint bytes)
        where T : unmanaged => (T*)((byte*)pointer + bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Wide<TRow, T>(int rows, int k, T* a, T* b, T* c, in TileStrides strides, bool accumulate,
        ref TileAhead ahead)
        where TRow : unmanaged, ITileRow<TRow, T>
        where T : unmanaged
    {
        if (rows == 8)
            Tile8<TRow, T>.Multiply(k, a, b, c, strides, accumulate, ref ahead);
        else
            Low<TRow, T>(rows, k, a, b, c, strides, accumulate, ref ahead);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Narrow<TRow, T>(int rows, int k, T* a, T* b, T* c, in TileStrides strides, bool accumulate,
        ref TileAhead ahead)
        where TRow : unmanaged, ITileRow<TRow, T>
        where T : unmanaged
    {
        if (rows == 6)
            Tile6<TRow, T>.Multiply(k, a, b, c, strides, accumulate, ref ahead);
        else
            Low<TRow, T>(rows, k, a, b, c, strides, accumulate, ref ahead);
    }

    private static void Low<TRow, T>(int rows, int k, T* a, T* b, T* c, in TileStrides strides, bool accumulate,
        ref TileAhead ahead)
        where TRow : unmanaged, ITileRow<TRow, T>
        where T : unmanaged
    {
        if (rows == 4)
            Tile4<TRow, T>.Multiply(k, a, b, c, strides, accumulate, ref ahead);
        else if (rows == 2)
            Tile2<TRow, T>.Multiply(k, a, b, c, strides, accumulate, ref ahead);
        else
            Tile1<TRow, T>.Multiply(k, a, b, c, strides, accumulate, ref ahead);
    }
}
