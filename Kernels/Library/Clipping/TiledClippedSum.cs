using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Library;

/// <summary>Clipped sums of outer products on a device with groups: every inner sum is made once, and as many of them as fit into a cache are in
/// memory.</summary>
/// <remarks>
/// <para>A round of examples is three launches: <see cref="ClippedSumKernels.Products"/>, <see cref="ClippedSumKernels.Factors"/>,
/// <see cref="ClippedSumKernels.Add"/>. An element of an inner sum is written and read once, and the outer sum once a round; all of it stays in the L2
/// cache of a GPU, if an inner sum does.</para>
/// <para>Tiles could add their predecessors before they are made, which saves a launch a round; but the tiles of one place of several examples are made
/// at the same time, as a small matrix has too few for a GPU, and would add to the same elements. An order would need a sum for each of them, and
/// 16 bytes an element where it is 8, and 8 once a round.</para>
/// <para>Factors have a launch of their own: a group reads an example's numbers once, where the groups of the sum would each read those of all examples
/// of the round.</para>
/// <para>Rounds and tiles depend on the shape and the device alone, examples are added in order, and partial numbers in one order: the same bits in
/// every run.</para>
/// </remarks>
internal sealed class TiledClippedSum<T, TElement, TWidening>
    where T : unmanaged
    where TElement : struct, IGemmElement<T>
    where TWidening : struct, IWidening<T>
{
    private const int Alignment = 64, LargeTile = 128, MostItems = 1 << 30;

    private readonly ClippedSumProblem _problem;
    private readonly int _together;
    private readonly int _tiles;
    private readonly Launch _products;
    private readonly Action<KernelConfig, ArrayView<double>, ArrayView<byte>, ArrayView<double>, ArrayView<double>, ArrayView<T>, ClippedSumProblem, int,
        int, double> _factors;
    private readonly Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<T>, ClippedRound> _add;

    /// <summary>Compiles.</summary>
    /// <param name="device">The device, see <see cref="RunsOn"/>.</param>
    /// <param name="problem">The problem.</param>
    /// <param name="tile">Rows and columns of a group's tile, 64 or 128 (Float32 alone); 0 for what suits problem and device.</param>
    /// <param name="together">Examples of a round; 0 for <see cref="Together"/>.</param>
    public TiledClippedSum(Device device, ClippedSumProblem problem, int tile = 0, int together = 0)
    {
        _problem = problem;
        _together = together > 0 ? together : Together(problem);
        if (tile == 0) tile = TileFor(device);
        _tiles = Tiles(problem.Left, tile) * Tiles(problem.Right, tile);

        // As for products: large blocks take so many registers that a few more would leave room for one group only.
        _products = tile == LargeTile
            ? Load(device, ClippedSumKernels.Products<T, TElement, TWidening, Block8x8<T>>, groupsAtOnce: 2)
            : Load(device, ClippedSumKernels.Products<T, TElement, TWidening, Block4x4<T>>, groupsAtOnce: 0);
        Action<ArrayView<double>, ArrayView<byte>, ArrayView<double>, ArrayView<double>, ArrayView<T>, ClippedSumProblem, int, int, double> factors =
            ClippedSumKernels.Factors<T, TWidening>;
        Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<T>, ClippedRound> add = ClippedSumKernels.Add<T, TElement, TWidening>;
        device.Prepare(factors, add);
        (_factors, _add) = (device.LoadGrouped(factors), device.Load(add));
    }

    private delegate void Launch(KernelConfig config, ArrayView<T> left, ArrayView<T> right, ArrayView<T> products, ArrayView<double> squares, OuterTiles shape);

    private delegate void Kernel(ArrayView<T> left, ArrayView<T> right, ArrayView<T> products, ArrayView<double> squares, OuterTiles shape);

    /// <summary>Bytes of scratch memory: the inner sums of a round, a number for each of their tiles, and their factors.</summary>
    public long ScratchBytes => FactorsAt + Aligned<T>(_together);

    private long Size => (long)_problem.Left * _problem.Right;

    private long SquaresAt => Aligned<T>(_together * Size);

    private long FactorsAt => SquaresAt + Aligned<double>((long)_together * _tiles);

    /// <summary>True for devices that have the groups and the shared memory.</summary>
    public static bool RunsOn(Device device) => OuterNorms<T, TElement, TWidening>.RunsOn(device);

    /// <summary>How many examples make a round: what <see cref="ClippedRounds.Bytes"/> hold.</summary>
    public static unsafe int Together(ClippedSumProblem problem) => ClippedRounds.Together(problem, sizeof(T));

    /// <summary>Computes.</summary>
    /// <param name="left">a.</param>
    /// <param name="right">g.</param>
    /// <param name="mask">A byte an example: 0 for those that do not count.</param>
    /// <param name="limit">C, one number.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/> bytes.</param>
    /// <param name="sum">Receives the sum, [left, right].</param>
    /// <param name="norms">Receives the squared norms, [examples].</param>
    public void Run(ArrayView<T> left, ArrayView<T> right, ArrayView<byte> mask, ArrayView<double> limit, ArrayView<byte> scratch, ArrayView<T> sum,
        ArrayView<double> norms)
    {
        ArrayView<T> products = scratch.Cast<T>(), factors = scratch.From(FactorsAt).Cast<T>();
        ArrayView<double> squares = scratch.From(SquaresAt).Cast<double>();
        int items = (int)Math.Min(Size, MostItems), first = 0;

        // Operands without positions have no memory, and are not read.
        if (_problem.Positions == 0) left = right = products;
        Index3D group = new(RegisterGemm.Items, 1, 1);
        do
        {
            int count = Math.Min(_together, _problem.Examples - first);
            if (count > 0)
            {
                if (_tiles > 0)
                {
                    _products(new KernelConfig(new Index3D(_tiles, count, 1), group), left, right, products, squares,
                        new(first, _problem.Positions, _problem.Left, _problem.Right));
                }

                _factors(new KernelConfig(new Index3D(count, 1, 1), group), squares, mask, limit, norms, factors, _problem, first, _tiles, Lost());
            }

            if (items > 0) _add(items, products, factors, sum, new(Size, items, count, first == 0 ? 1 : 0));
            first += _together;
        }
        while (first < _problem.Examples);
    }

    private static Launch Load(Device device, Kernel products, int groupsAtOnce)
    {
        TypedKernel kernel = GroupBounds.Load(device, products, groupsAtOnce);
        return (size, left, right, tiles, squares, shape) => kernel.Begin().Add(left).Add(right).Add(tiles).Add(squares).Add(shape).Launch(size);
    }

    // Squares of small single-precision numbers lose bits that count where all are small; some devices take subnormal numbers for 0.
    private double Lost() => typeof(T) == typeof(float) ? Size * ClippedRounds.SmallestNormal : 0;

    // What the device would multiply a round with.
    private int TileFor(Device device)
    {
        MatrixLayout any = new(0, 0, 1, 1);
        GemmProblem round = new(typeof(T) == typeof(double) ? ScalarType.Float64 : ScalarType.Float32, 1, _together, _problem.Left, _problem.Right,
            _problem.Positions, any, any, any);
        return GemmVariant.MethodFor(round) == GemmMethod.Register128 ? Math.Min(LargeTile, device.LargestProductTile) : Block4x4<T>.Tile;
    }

    private static int Tiles(int extent, int tile) => (int)(((long)extent + tile - 1) / tile);

    private static unsafe long Aligned<TNumber>(long numbers)
        where TNumber : unmanaged => (numbers * sizeof(TNumber) + Alignment - 1) / Alignment * Alignment;
}
