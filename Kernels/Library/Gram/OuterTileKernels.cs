namespace Cotangent.Kernels.Library;

/// <summary>The operands of a few sums of outer products, [examples, positions, left] and [examples, positions, right].</summary>
/// <param name="First">The first example.</param>
/// <param name="Positions">Terms of each sum.</param>
/// <param name="Left">Rows of each sum.</param>
/// <param name="Right">Its columns.</param>
internal readonly record struct OuterTiles(int First, int Positions, int Left, int Right);

/// <summary>Norms of sums of outer products that are in registers a tile at a time, and never in memory: the first phase of FlashDP (Wang et al. 2025)
/// where an example's sum is more than one group can hold.</summary>
internal static class OuterTileKernels
{
    /// <summary>A group makes 64 × 64 elements of an example's sum, 2·64·64·positions operations, and writes the sum of their squares: grid X along
    /// columns, Y along rows, Z over examples; groups of <see cref="RegisterGemm.Items"/>.</summary>
    /// <remarks>An element is the chain of fused multiply-adds of every product here, its square and all sums of squares are Float64 in a fixed order.
    /// What lies outside of the matrix is 0.</remarks>
    public static void Squares<T, TElement, TWidening>(ArrayView<T> left, ArrayView<T> right, ArrayView<double> squares, OuterTiles shape)
        where T : unmanaged
        where TElement : struct, IGemmElement<T>
        where TWidening : struct, IWidening<T>
    {
        int half = Block4x4<T>.Depth * RegisterGemm.Pitch(Block4x4<T>.Tile);
        ArrayView<Quad<T>> sharedLeft = SharedMemory.Allocate<Quad<T>>(2 * half);
        ArrayView<Quad<T>> sharedRight = SharedMemory.Allocate<Quad<T>>(2 * half);
        long example = (long)(shape.First + Grid.IdxZ) * shape.Positions;
        GemmLanes rows = new(example * shape.Left, Grid.IdxY * Block4x4<T>.Tile, shape.Left, 1, shape.Left);
        GemmLanes columns = new(example * shape.Right, Grid.IdxX * Block4x4<T>.Tile, shape.Right, 1, shape.Right);
        Block4x4<T> tile = RegisterGemm.Products<T, TElement, Block4x4<T>, LaneByLane, LaneByLane>(
            default, left, rows, sharedLeft, right, columns, sharedRight, shape.Positions);
        double sum = Group.ReduceAdd(tile.SumOfSquares<TWidening>());
        if (Group.IdxX == 0)
            squares[(Grid.IdxZ * Grid.DimY + Grid.IdxY) * Grid.DimX + Grid.IdxX] = sum;
    }

    /// <summary>An item a position of an example: ‖a‖‖g‖.</summary>
    public static void Lengths<T, TWidening>(Index1D i, ArrayView<T> left, ArrayView<T> right, ArrayView<double> lengths, OuterTiles shape)
        where T : unmanaged
        where TWidening : struct, IWidening<T>
    {
        TWidening number = default;
        long row = (long)shape.First * shape.Positions + i.X;
        double a = 0, g = 0;
        for (int k = 0; k < shape.Left; k++)
        {
            double x = number.Widen(left[row * shape.Left + k]);
            a += x * x;
        }

        for (int k = 0; k < shape.Right; k++)
        {
            double x = number.Widen(right[row * shape.Right + k]);
            g += x * x;
        }

        lengths[i] = Math.Sqrt(a) * Math.Sqrt(g);
    }

    /// <summary>An item an example: so many numbers added up.</summary>
    public static void Sums(Index1D i, ArrayView<double> numbers, ArrayView<double> sums, int count)
    {
        double sum = 0;
        for (int k = 0; k < count; k++)
            sum += numbers[(long)i.X * count + k];
        sums[i] = sum;
    }
}
