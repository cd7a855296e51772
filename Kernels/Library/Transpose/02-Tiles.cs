namespace Cotangent.Kernels.Library;

/// <summary>Transposition, second version, the one in use: through a tile in shared memory, so that reads and writes go along rows.</summary>
/// <remarks>A group of 32 × 8 items takes 32 × 32 elements, four an item; a row of items loads a row of the tile and stores a row of its
/// transpose. Rows of the tile are 33 apart, so that a column's elements lie in different banks. n elements read, n written.</remarks>
internal static class TransposeTiles
{
    /// <summary>Rows and columns of a group's tile, and items of a group along X.</summary>
    public const int Side = 32;

    /// <summary>Items of a group along Y.</summary>
    public const int ItemRows = 8;

    private const int Pitch = Side + 1;

    /// <summary>One group a tile: grid X along columns, Y along rows of the input.</summary>
    public static void Run<T>(ArrayView<T> input, ArrayView<T> output, int rows, int columns)
        where T : unmanaged
    {
        ArrayView<T> tile = SharedMemory.Allocate<T>(Side * Pitch);
        int column = Grid.IdxX * Side + Group.IdxX;
        for (int k = 0; k < Side; k += ItemRows)
        {
            int row = Grid.IdxY * Side + Group.IdxY + k;
            if (row < rows && column < columns)
                tile[(Group.IdxY + k) * Pitch + Group.IdxX] = input[(long)row * columns + column];
        }

        Group.Barrier();
        int outColumn = Grid.IdxY * Side + Group.IdxX;
        for (int k = 0; k < Side; k += ItemRows)
        {
            int outRow = Grid.IdxX * Side + Group.IdxY + k;
            if (outRow < columns && outColumn < rows)
                output[(long)outRow * rows + outColumn] = tile[Group.IdxX * Pitch + Group.IdxY + k];
        }
    }
}
