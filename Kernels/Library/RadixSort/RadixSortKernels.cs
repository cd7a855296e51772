namespace Cotangent.Kernels.Library;

/// <summary>One pass of a stable radix sort, by 8 bits of the keys: each tile is sorted by itself, the tiles' counts of digits are
/// scanned, and each tile is scattered.</summary>
/// <remarks>A group takes a tile of 8192 keys. To sort it, each of 32 items counts the digits of 256 consecutive keys in a column of its
/// own of a shared table, 256 digits × 32 items (32 KiB); the scan of that table in order of digits, then items, gives each item the place
/// of its next key of each digit: stable, and without atomics. Of a sorted tile the keys of a digit are neighbours and go to neighbours,
/// so the scatter, by 256 items, writes runs of about 32. A pass reads keys three times and writes them twice: 20 bytes a 32-bit key, 80
/// for all 4 passes, and 16 more a pass for 32-bit values; about 20 operations a key and pass. With digits of 4 bits there are twice the
/// passes, and an item meets its own last counter so often that loads wait for stores.</remarks>
internal static class RadixSortKernels
{
    /// <summary>Items of a group that sorts a tile: a warp, whose totals one warp scan adds.</summary>
    public const int SortItems = 32;

    /// <summary>Items of a group that scatters a tile.</summary>
    public const int ScatterItems = 256;

    /// <summary>Keys of a group.</summary>
    public const int Tile = PerItem * SortItems;

    /// <summary>Bits of a digit.</summary>
    public const int Bits = 8;

    /// <summary>Values of a digit.</summary>
    public const int Digits = 1 << Bits;

    private const int PerItem = 256;

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
        ArrayView<int> table = SharedMemory.Allocate<int>(Digits * SortItems);
        int item = Group.IdxX;
        int start = Grid.IdxX * Tile;
        int length = Math.Min(Tile, keys.IntLength - start);
        int first = start + Math.Min(item * PerItem, length);
        int last = start + Math.Min(item * PerItem + PerItem, length);
        for (int digit = 0; digit < Digits; digit++)
            table[digit * SortItems + item] = 0;

        // Only the last tile may be partly filled: in the others all items do the same, without conditions.
        if (length == Tile)
        {
            for (int k = 0; k < PerItem; k++)
                table[Entry<T, TOrder>(keys[start + item * PerItem + k], shift)]++;
        }
        else
        {
            for (int i = first; i < last; i++)
                table[Entry<T, TOrder>(keys[i], shift)]++;
        }

        Group.Barrier();
        ScanTable(table);
        Group.Barrier();
        for (int digit = item; digit < Digits; digit += SortItems)
        {
            int from = table[digit * SortItems];
            int to = digit < Digits - 1 ? table[(digit + 1) * SortItems] : length;
            starts[Grid.IdxX * Digits + digit] = from;
            counts[digit * Grid.DimX + Grid.IdxX] = to - from;
        }

        Group.Barrier();
        if (length == Tile)
        {
            for (int k = 0; k < PerItem; k++)
                Place<T, TPayload, TOrder>(keys, sorted, payload, table, start + item * PerItem + k, start, shift);
        }
        else
        {
            for (int i = first; i < last; i++)
                Place<T, TPayload, TOrder>(keys, sorted, payload, table, i, start, shift);
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
        int start = Grid.IdxX * Tile;
        int end = start + Math.Min(Tile, keys.IntLength - start);
        for (int digit = Group.IdxX; digit < Digits; digit += ScatterItems)
            distance[digit] = places[digit * Grid.DimX + Grid.IdxX] - starts[Grid.IdxX * Digits + digit] - start;
        Group.Barrier();
        for (int i = start + Group.IdxX; i < end; i += ScatterItems)
        {
            T key = sorted[i];
            int to = i + distance[order.ExtractRadixBits(key, shift, Digits - 1)];
            keys[to] = key;
            payload.Move(i, to);
        }
    }

    /// <summary>The own counter of a key's digit.</summary>
    private static int Entry<T, TOrder>(T key, int shift)
        where T : unmanaged
        where TOrder : struct, IRadixSortOperation<T> =>
        default(TOrder).ExtractRadixBits(key, shift, Digits - 1) * SortItems + Group.IdxX;

    /// <summary>Each entry becomes the sum of the entries before it; an item does as many consecutive ones as there are digits.</summary>
    private static void ScanTable(ArrayView<int> table)
    {
        int first = Group.IdxX * Digits;
        int total = 0;
        for (int k = 0; k < Digits; k++)
            total += table[first + k];
        int before = WarpExtensions.ExclusiveScan<int, AddInt32>(total);
        for (int k = 0; k < Digits; k++)
        {
            int count = table[first + k];
            table[first + k] = before;
            before += count;
        }
    }

    private static void Place<T, TPayload, TOrder>(
        ArrayView<T> keys, ArrayView<T> sorted, TPayload payload, ArrayView<int> table, int i, int start, int shift)
        where T : unmanaged
        where TPayload : struct, IPayload
        where TOrder : struct, IRadixSortOperation<T>
    {
        T key = keys[i];
        int entry = Entry<T, TOrder>(key, shift);
        int at = table[entry];
        table[entry] = at + 1;
        sorted[start + at] = key;
        payload.Move(i, start + at);
    }
}
