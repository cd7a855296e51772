namespace Cotangent.Kernels.Library;

/// <summary>The launches of a pass, and the memory they share.</summary>
internal sealed class RadixPass<T, TPayload, TOrder> : IDisposable
    where T : unmanaged
    where TPayload : struct, IPayload
    where TOrder : struct, IRadixSortOperation<T>
{
    private readonly Device _device;
    private readonly int _tiles;
    private readonly DeviceBuffer<int> _starts;
    private readonly DeviceBuffer<int> _counts;
    private readonly Action<KernelConfig, ArrayView<T>, ArrayView<T>, TPayload, ArrayView<int>, ArrayView<int>, int> _sortTile;
    private readonly Action<KernelConfig, ArrayView<T>, ArrayView<T>, TPayload, ArrayView<int>, ArrayView<int>, int> _scatter;

    public RadixPass(Device device, int length)
    {
        _device = device;
        _tiles = Lengths.Tiles(length, RadixSortKernels.Tile);
        _starts = device.Allocate<int>((long)_tiles * RadixSortKernels.Digits);
        _counts = device.Allocate<int>((long)_tiles * RadixSortKernels.Digits);
        _sortTile = device.LoadGrouped<ArrayView<T>, ArrayView<T>, TPayload, ArrayView<int>, ArrayView<int>, int>(
            RadixSortKernels.SortTile<T, TPayload, TOrder>);
        _scatter = device.LoadGrouped<ArrayView<T>, ArrayView<T>, TPayload, ArrayView<int>, ArrayView<int>, int>(
            RadixSortKernels.Scatter<T, TPayload, TOrder>);
    }

    /// <summary>Sorts each tile, and finds the places of each tile's digits.</summary>
    public void SortTiles(ArrayView<T> keys, ArrayView<T> sorted, TPayload payload, int shift)
    {
        _sortTile((_tiles, RadixSortKernels.SortItems), keys, sorted, payload, _starts, _counts, shift);
        Scan.Exclusive<int, AddInt32>(_device, _counts, _counts);
    }

    /// <summary>Moves sorted tiles to their places.</summary>
    public void Scatter(ArrayView<T> sorted, ArrayView<T> keys, TPayload payload, int shift) =>
        _scatter((_tiles, RadixSortKernels.ScatterItems), sorted, keys, payload, _starts, _counts, shift);

    /// <inheritdoc/>
    public void Dispose()
    {
        _starts.Dispose();
        _counts.Dispose();
    }
}
