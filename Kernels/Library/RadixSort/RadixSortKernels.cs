namespace Cotangent.Kernels.Library;

/// <summary>One pass of a stable radix sort, by 4 bits of the keys: each tile is sorted by itself, the tiles' counts of digits are
/// scanned, and each tile is scattered.</summary>
/// <remarks>A group of 256 items takes a tile of 4096 keys. To sort it, an item counts the digits of 16 consecutive keys in a column of its
/// own of a shared table, 16 digits × 256 items (16 KiB); the scan of that table in order of digits, then items, gives each item the place
/// of its next key of each digit: stable, and without atomics. Of a sorted tile the keys of a digit are neighbours and go to neighbours,
/// so the scatter writes runs. A pass reads keys three times and writes them twice: 20 bytes a 32-bit key, 160 for all 8 passes, and 16
/// more a pass for 32-bit values; about 40 operations a key and pass.</remarks>
internal static class RadixSortKernels
{
    /// <summary>Items of a group.</summary>
    public const int Items = GroupScan.Items;

    /// <summary>Keys of a group.</summary>
    public const int Tile = PerItem * Items;

    /// <summary>Bits of a digit.</summary>
    public const int Bits = 4;

    /// <summary>Values of a digit.</summary>
    public const int Digits = 1 << Bits;

    private const int PerItem = 16;

    /// <summary>First launch: one group a tile sorts it by a digit.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="sorted">Receives each tile's keys.</param>
    /// <param name="payload">What moves with them, at the same places.</param>
    /// <param name="starts">Receives where each digit begins in its tile: [tile, digit].</param>
    /// <param name="counts">Receives how many keys of a tile have the digit: [digit, tile].</param>
    /// <param name="shift">The lowest bit of the digit.</param>
    public static void SortTile<T, TPayload, TOrder>(
        ArrayView<T> keys, ArrayView<T> sorted, TPayload payload, ArrayView<int> starts, ArrayView<int> counts, int shift)
        where T : unmanaged
        where TPayload : struct, IPayload
        where TOrder : struct, IRadixSortOperation<T>
    {
        ArrayView<int> table = SharedMemory.Allocate<int>(Digits * Items);
        TOrder order = default;
        int item = Group.IdxX;
        int start = Grid.IdxX * Tile;
        int end = start + Math.Min(Tile, keys.IntLength - start);
        int first = start + Math.Min(item * PerItem, end - start);
        int last = first + Math.Min(PerItem, end - first);

        for (int digit = 0; digit < Digits; digit++)
            table[digit * Items + item] = 0;
        for (int i = first; i < last; i++)
            table[order.ExtractRadixBits(keys[i], shift, Digits - 1) * Items + item]++;
        Group.Barrier();

        // As many entries an item as there are digits.
        int total = 0;
        for (int k = 0; k < Digits; k++)
            total += table[item * Digits + k];
        int before = GroupScan.Exclusive<int, AddInt32>(total);
        for (int k = 0; k < Digits; k++)
        {
            int count = table[item * Digits + k];
            table[item * Digits + k] = before;
            before += count;
        }

        Group.Barrier();
        if (item < Digits)
        {
            int from = table[item * Items];
            int to = item < Digits - 1 ? table[(item + 1) * Items] : end - start;
            starts[Grid.IdxX * Digits + item] = from;
            counts[item * Grid.DimX + Grid.IdxX] = to - from;
        }

        Group.Barrier();
        for (int i = first; i < last; i++)
        {
            T key = keys[i];
            int entry = order.ExtractRadixBits(key, shift, Digits - 1) * Items + item;
            int at = table[entry];
            table[entry] = at + 1;
            sorted[start + at] = key;
            payload.Move(i, start + at);
        }
    }

    /// <summary>Last launch: one group a tile moves its keys to their places.</summary>
    /// <param name="sorted">The keys, tile by tile sorted by the digit.</param>
    /// <param name="keys">Receives them, sorted by the digit.</param>
    /// <param name="payload">What moves with them.</param>
    /// <param name="starts">Where each digit begins in its tile: [tile, digit].</param>
    /// <param name="places">Where the keys of each digit and tile begin: [digit, tile].</param>
    /// <param name="shift">The lowest bit of the digit.</param>
    public static void Scatter<T, TPayload, TOrder>(
        ArrayView<T> sorted, ArrayView<T> keys, TPayload payload, ArrayView<int> starts, ArrayView<int> places, int shift)
        where T : unmanaged
        where TPayload : struct, IPayload
        where TOrder : struct, IRadixSortOperation<T>
    {
        ArrayView<int> distance = SharedMemory.Allocate<int>(Digits);
        TOrder order = default;
        int item = Group.IdxX;
        int start = Grid.IdxX * Tile;
        int end = start + Math.Min(Tile, keys.IntLength - start);
        if (item < Digits)
            distance[item] = places[item * Grid.DimX + Grid.IdxX] - starts[Grid.IdxX * Digits + item] - start;
        Group.Barrier();
        for (int i = start + item; i < end; i += Items)
        {
            T key = sorted[i];
            int to = i + distance[order.ExtractRadixBits(key, shift, Digits - 1)];
            keys[to] = key;
            payload.Move(i, to);
        }
    }
}
