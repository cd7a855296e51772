namespace Cotangent.Kernels.Library;

/// <summary>Norms of sums of outer products on a device with groups, by tiles of the sums themselves: less work than Gram matrices where there are many
/// positions, 2·positions·left·right operations an example.</summary>
internal sealed class OuterNorms<T, TElement, TWidening>
    where T : unmanaged
    where TElement : struct, IGemmElement<T>
    where TWidening : struct, IWidening<T>
{
    /// <summary>Bytes of partial sums of the examples that are done at a time.</summary>
    private const long PieceBytes = 2 << 20;

    private const int Alignment = 64;
    private readonly GramProblem _problem;
    private readonly Index3D _tiles;
    private readonly int _piece;
    private readonly Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<double>, OuterTiles> _squares;
    private readonly Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<double>, OuterTiles> _lengths;
    private readonly Action<Index1D, ArrayView<double>, ArrayView<double>, int> _sums;

    /// <summary>Compiles.</summary>
    public OuterNorms(Device device, GramProblem problem)
    {
        _problem = problem;
        _tiles = new(Tiles(problem.Right), Tiles(problem.Left), 1);
        _piece = Piece(problem);
        Action<ArrayView<T>, ArrayView<T>, ArrayView<double>, OuterTiles> squares = OuterTileKernels.Squares<T, TElement, TWidening>;
        Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<double>, OuterTiles> lengths = OuterTileKernels.Lengths<T, TWidening>;
        Action<Index1D, ArrayView<double>, ArrayView<double>, int> sums = OuterTileKernels.Sums;
        device.Prepare(squares, lengths, sums);
        (_squares, _lengths, _sums) = (device.LoadGrouped(squares), device.Load(lengths), device.Load(sums));
    }

    /// <summary>Bytes of scratch memory: a number for each tile and each position of the examples of a piece.</summary>
    public long ScratchBytes => SquareBytes + Aligned((long)_piece * _problem.Positions);

    /// <summary>How many launches a problem is.</summary>
    public static int Launches(GramProblem problem) => 4 * ((problem.Examples + Piece(problem) - 1) / Piece(problem));

    private long SquareBytes => Aligned((long)_piece * _tiles.X * _tiles.Y);

    /// <summary>True for devices that have the groups and the shared memory.</summary>
    public static unsafe bool RunsOn(Device device) => device.LargestProductTile >= Block4x4<T>.Tile
        && device.MaxSharedMemoryPerGroup >= sizeof(T) * RegisterGemm.SharedElements<T, Block4x4<T>>() + sizeof(double) * RegisterGemm.Items;

    /// <summary>Computes what <see cref="GramNorms{T, TWidening}.Run"/> does.</summary>
    public void Run(ArrayView<T> left, ArrayView<T> right, ArrayView<byte> scratch, ArrayView<double> norms, ArrayView<double> lengths)
    {
        int tiles = _tiles.X * _tiles.Y;
        ArrayView<double> squares = scratch.Cast<double>(), products = scratch.From(SquareBytes).Cast<double>();
        for (int first = 0; first < _problem.Examples; first += _piece)
        {
            int count = Math.Min(_piece, _problem.Examples - first);
            OuterTiles shape = new(first, _problem.Positions, _problem.Left, _problem.Right);
            if (tiles > 0)
                _squares(new KernelConfig(new Index3D(_tiles.X, _tiles.Y, count), new Index3D(RegisterGemm.Items, 1, 1)), left, right, squares, shape);
            _sums(count, squares, norms.SubView(first, count), tiles);
            if (_problem.Positions > 0)
                _lengths(count * _problem.Positions, left, right, products, shape);
            _sums(count, products, lengths.SubView(first, count), _problem.Positions);
        }
    }

    private static int Piece(GramProblem problem)
    {
        long bytes = sizeof(double) * ((long)Tiles(problem.Right) * Tiles(problem.Left) + problem.Positions);
        return (int)Math.Clamp(PieceBytes / Math.Max(1, bytes), 1, Math.Clamp(problem.Examples, 1, GemmLauncher.LargestGridZ));
    }

    private static int Tiles(int extent) => (extent + Block4x4<T>.Tile - 1) / Block4x4<T>.Tile;

    private static long Aligned(long numbers) => (numbers * sizeof(double) + Alignment - 1) / Alignment * Alignment;
}
