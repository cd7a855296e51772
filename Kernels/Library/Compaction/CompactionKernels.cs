using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>Stable compaction: counts of tiles, their scan, then each tile moves what it keeps.</summary>
/// <remarks>A group of 256 items takes a tile of 3840 positions. It counts with neighbours at neighbours; it moves with 15 consecutive
/// positions an item, whose places begin at the group's scan of the items' counts. n elements tested twice, the kept ones read and
/// written; n/3840 counts.</remarks>
internal static class CompactionKernels
{
    /// <summary>Items of a group.</summary>
    public const int Items = GroupScan.Items;

    /// <summary>Positions of a group.</summary>
    public const int Tile = PerItem * Items;

    private const int PerItem = 15;

    /// <summary>One group a tile: how many of its elements are kept.</summary>
    public static void Count<TSelector>(TSelector selector, ArrayView<int> counts, int length)
        where TSelector : struct, ISelector
    {
        int start = Grid.IdxX * Tile;
        int end = start + Math.Min(Tile, length - start);
        int kept = 0;
        for (int i = start + Group.IdxX; i < end; i += Items)
            kept += selector.Test(i) ? 1 : 0;
        kept = GroupExtensions.AllReduce<int, AddInt32>(kept);
        if (Group.IdxX == 0)
            counts[Grid.IdxX] = kept;
    }

    /// <summary>One group a tile moves its elements.</summary>
    /// <param name="selector">Says which to keep.</param>
    /// <param name="payload">Moves an element to its place among the kept ones.</param>
    /// <param name="before">For each tile how many elements before it are kept.</param>
    /// <param name="count">Receives how many are kept.</param>
    /// <param name="length">The number of elements.</param>
    public static void Move<TSelector, TPayload>(
        TSelector selector, TPayload payload, ArrayView<int> before, ArrayView<int> count, int length)
        where TSelector : struct, ISelector
        where TPayload : struct, IPayload
    {
        int start = Grid.IdxX * Tile;
        int size = Math.Min(Tile, length - start);
        int first = Group.IdxX * PerItem;

        // Only the last tile may be partly filled: in the others all items do the same, without conditions.
        int kept = 0;
        if (size == Tile)
        {
            for (int k = 0; k < PerItem; k++)
                kept |= selector.Test(start + first + k) ? 1 << k : 0;
        }
        else
        {
            for (int k = 0; k < PerItem && first + k < size; k++)
                kept |= selector.Test(start + first + k) ? 1 << k : 0;
        }

        int at = before[Grid.IdxX] + GroupScan.Exclusive<int, AddInt32>(BitOperations.PopCount((uint)kept));
        for (int k = 0; k < PerItem; k++)
        {
            if ((kept & (1 << k)) != 0)
            {
                payload.Move(start + first + k, at);
                at++;
            }
        }

        if (Group.IdxX == Items - 1 && Grid.IdxX == Grid.DimX - 1)
            count[0] = at;
    }

    /// <summary>Nothing is kept of nothing.</summary>
    public static void SetZero(Index1D i, ArrayView<int> count) => count[i] = 0;
}
