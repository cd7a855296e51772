using System.Runtime.CompilerServices;

namespace Cotangent.Kernels.Cpu;

/// <summary>The place of a tile, its rows side by side: the tile of before, whose factor is known by now, goes from there to a sum, and a new one comes
/// from its registers, squared on the way.</summary>
/// <param name="place">The tile of before, then the new one.</param>
/// <param name="sum">What the tile of before is added to; null for nothing.</param>
/// <param name="factor">Its factor.</param>
/// <param name="squares">Receives the squares.</param>
internal readonly unsafe struct ExchangedTile<T>(T* place, T* sum, T* factor, T* squares)
    where T : unmanaged
{
    private readonly T* _place = place;
    private readonly T* _sum = sum;
    private readonly T* _factor = factor;

    /// <summary>Receives a row: the sums of the squares of the new tile's columns.</summary>
    public readonly T* Squares = squares;

    /// <summary>Exchanges a row of the tile: its sum, its place, its squares.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exchange<TRow>(TRow row, int index, ref TRow squares)
        where TRow : unmanaged, ITileRow<TRow, T>
    {
        T* place = _place + index * TRow.Width;
        if (_sum != null)
        {
            T* to = _sum + index * TRow.Width;
            TRow sum = TRow.Load(to);
            TRow.MultiplyAdd(_factor, TRow.Load(place), ref sum);
            TRow.Store(sum, to);
        }

        TRow.Store(row, place);
        TRow.AddSquares(row, ref squares);
    }
}
