using System.Runtime.Intrinsics;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.Cpu;

/// <summary>Clipped sums of outer products on the register tiles of matrix products, in one pass over the operands.</summary>
internal abstract class CpuClippedSum
{
    /// <summary>For one shape.</summary>
    public static CpuClippedSum Create(ScalarType type, ClippedSumProblem problem) => Create(type, problem, CpuGemm.VectorBits);

    /// <summary>The same with vectors of 512, 256 or 128 bits, which the processor must have.</summary>
    internal static CpuClippedSum Create(ScalarType type, ClippedSumProblem problem, int vectorBits) => (type, vectorBits) switch
    {
        (ScalarType.Float32, 512) => new CpuClippedSum<WideKernels<Float512, Vector512<float>, float>, float>(problem),
        (ScalarType.Float32, 256) => new CpuClippedSum<NarrowKernels<Float256, Vector256<float>, float>, float>(problem),
        (ScalarType.Float32, _) => new CpuClippedSum<NarrowKernels<Float128, Vector128<float>, float>, float>(problem),
        (_, 512) => new CpuClippedSum<WideKernels<Double512, Vector512<double>, double>, double>(problem),
        (_, 256) => new CpuClippedSum<NarrowKernels<Double256, Vector256<double>, double>, double>(problem),
        _ => new CpuClippedSum<NarrowKernels<Double128, Vector128<double>, double>, double>(problem),
    };

    /// <summary>Bytes of scratch memory: the result, as much for each example that goes through together, and their packed rows.</summary>
    public abstract long ScratchBytes { get; }

    /// <summary>Computes.</summary>
    /// <param name="x">Where the operands lie.</param>
    /// <param name="pool">The threads.</param>
    public abstract void Run(in ClippedSumOperands x, IParallel pool);
}

/// <summary>The same for one set of tiles.</summary>
/// <remarks>
/// <para>FlashDP's single pass for few cores with large caches. A tile of an example's inner sum leaves its registers for L1. There it is squared for
/// the norm, and takes the place of the same tile of an example before, whose factor is known by now: that goes to the outer sum. So nothing is
/// computed twice, and tiles move between L2 or L3 and the core while the next one is computed: 16 bytes an element against 2·positions flops.</para>
/// <para>As many examples as fit into L2 go through together: threads meet once for all of them.</para>
/// <para>Both sums lie tile by tile, the longer side of the result across. Tasks and the norms' partial sums are slices of it that depend on the shape
/// alone, and examples are added in order: the same bits for any number of threads.</para>
/// </remarks>
internal sealed unsafe class CpuClippedSum<TKernels, T> : CpuClippedSum
    where TKernels : struct, IMicroKernels<T>
    where T : unmanaged
{
    private const int MostSlices = 64, MostTogether = 8, Alignment = 64;

    /// <summary>Bytes of the inner sums that go through together, which the L2 caches of two cores keep beside the outer sum.</summary>
    private const long TogetherBytes = 2 << 20;

    private readonly ClippedSumProblem _problem;
    private readonly bool _isTurned;
    private readonly int _rows;
    private readonly int _columns;
    private readonly int _strips;
    private readonly int _panels;
    private readonly int _slices;
    private readonly int _together;
    private readonly double[] _factors = new double[MostTogether];
    private readonly Action<int> _pack;
    private readonly Action<int> _add;
    private readonly Action<int> _finish;
    private ClippedSumOperands _x;
    private T* _packed;
    private T* _previous;
    private T* _sum;
    private double* _partial;
    private int _first;
    private int _count;

    public CpuClippedSum(ClippedSumProblem problem)
    {
        _problem = problem;
        _isTurned = problem.Left > problem.Right;
        (_rows, _columns) = _isTurned ? (problem.Right, problem.Left) : (problem.Left, problem.Right);
        _strips = GemmBlocking.Ceiling(_rows, TKernels.Rows);
        _panels = GemmBlocking.Ceiling(_columns, PanelWidth);
        _slices = Math.Clamp(_panels, 1, MostSlices);
        _together = (int)Math.Clamp(TogetherBytes / Math.Max(1, SumSize * sizeof(T)), 1, Math.Clamp(problem.Examples, 1, MostTogether));
        (_pack, _add, _finish) = (Pack, Add, Finish);
    }

    /// <inheritdoc/>
    public override long ScratchBytes =>
        Aligned(PackedSize * _together) + Aligned(SumSize * _together) + Aligned(SumSize) + MostSlices * MostTogether * sizeof(double);

    private static int PanelWidth => TKernels.Width * TKernels.Registers;

    private static int TileSize => TKernels.Rows * PanelWidth;

    /// <summary>Elements of a sum, tile by tile.</summary>
    private long SumSize => (long)_strips * _panels * TileSize;

    /// <summary>Elements of an example's operand along the rows, packed.</summary>
    private long PackedSize => (long)_strips * TKernels.Rows * _problem.Positions;

    /// <inheritdoc/>
    public override void Run(in ClippedSumOperands x, IParallel pool)
    {
        _x = x;
        byte* scratch = x.Scratch;
        _packed = (T*)scratch;
        _previous = (T*)(scratch += Aligned(PackedSize * _together));
        _sum = (T*)(scratch += Aligned(SumSize * _together));
        _partial = (double*)(scratch + Aligned(SumSize));
        _factors.AsSpan().Clear();
        for (_first = 0; _first < _problem.Examples; _first += _together)
        {
            _count = Math.Min(_together, _problem.Examples - _first);
            pool.Run(_count * _strips, _pack);
            pool.Run(_slices, _add);
            SetFactors();
        }

        pool.Run(_slices, _finish);
    }

    // The last examples may be fewer than those before, some of which are then still to be added.
    private void SetFactors()
    {
        // Squares of small numbers lose bits that count where all are small.
        double lost = typeof(T) == typeof(float) ? (double)_problem.Left * _problem.Right * float.Epsilon : 0;
        for (int place = 0; place < _count; place++)
        {
            double square = lost;
            for (int slice = 0; slice < _slices; slice++) square += _partial[slice * MostTogether + place];
            _x.Squares[_first + place] = square;
            _factors[place] = _x.Mask[_first + place] == 0 ? 0 : _problem.Factor(square, *_x.Limit);
        }
    }

    private void Pack(int task)
    {
        (int place, int strip) = Math.DivRem(task, _strips);
        int row = strip * TKernels.Rows, depth = _problem.Positions;
        T* rows = Operand(_isTurned ? _x.Right : _x.Left, _first + place, _rows) + row;
        Packing.Panel(rows, 1, _rows, Math.Min(TKernels.Rows, _rows - row), TKernels.Rows, depth, _packed + PackedSize * place + (nint)row * depth);
    }

    // The examples' part of a slice: a panel of the outer sum stays in L2 until all of them are added.
    private void Add(int slice)
    {
        int depth = _problem.Positions;
        T* b = (T*)GemmScratch.Current.B((long)PanelWidth * depth * sizeof(T) + Alignment);
        Span<double> squares = new(_partial + slice * MostTogether, _count);
        squares.Clear();
        for (int panel = FirstPanel(slice); panel < FirstPanel(slice + 1); panel++)
        {
            int lanes = LanesOf(panel), width = GemmBlocking.RoundUp(lanes, TKernels.Width);
            for (int place = 0; place < _count; place++)
            {
                T* columns = Operand(_isTurned ? _x.Left : _x.Right, _first + place, _columns) + panel * PanelWidth;
                Packing.Panel(columns, 1, _columns, lanes, width, depth, b);
                squares[place] += AddTiles(b, place, panel, width);
            }
        }
    }

    // The tiles of a panel; Σ of their squares.
    private double AddTiles(T* b, int place, int panel, int width)
    {
        TileStrides strides = new(1, TKernels.Rows, width, width);
        TileAhead ahead = TileAhead.None;
        T* tile = (T*)GemmScratch.Current.C(TileSize * sizeof(T));
        T* a = _packed + PackedSize * place, previous = PreviousAt(place, panel), sum = _sum + TileAt(panel);
        int depth = _problem.Positions, count = TKernels.Rows * width, registers = width / TKernels.Width;
        double factor = _factors[place], squares = 0;
        bool isFirst = _first == 0 && place == 0;
        for (int i = 0; i < _strips; i++, a += (nint)TKernels.Rows * depth, previous += TileSize, sum += TileSize)
        {
            ahead.SetTile((byte*)(previous + TileSize), TKernels.Rows, depth);
            if (factor != 0) ahead.SetPacked((byte*)(sum + TileSize), width * sizeof(T), TKernels.Rows);
            TKernels.Multiply(TKernels.Rows, registers, depth, a, b, tile, strides, accumulate: false, ref ahead);
            if (isFirst) new Span<T>(sum, count).Clear();
            squares += factor != 0 ? ClippedTiles.Replace(tile, previous, factor, sum, count) : ClippedTiles.Replace(tile, previous, count);
        }

        return squares;
    }

    // What is still to be added of a slice, and its part of the result.
    private void Finish(int slice)
    {
        for (int panel = FirstPanel(slice); panel < FirstPanel(slice + 1); panel++)
        {
            int lanes = LanesOf(panel), width = GemmBlocking.RoundUp(lanes, TKernels.Width);
            for (int i = 0; i < _strips; i++)
            {
                T* sum = _sum + TileAt(panel) + (nint)i * TileSize;
                if (_problem.Examples == 0) new Span<T>(sum, TileSize).Clear();
                for (int place = 0; place < _together; place++)
                {
                    // In the order of the examples: those that no later one has replaced come first.
                    int next = (place + _count) % _together;
                    if (_factors[next] != 0) ClippedTiles.Add(PreviousAt(next, panel) + (nint)i * TileSize, _factors[next], sum, TKernels.Rows * width);
                }

                Write(sum, width, i * TKernels.Rows, panel * PanelWidth, lanes);
            }
        }
    }

    private void Write(T* tile, int width, int row, int column, int lanes)
    {
        int rows = Math.Min(TKernels.Rows, _rows - row);
        T* to = (T*)_x.Sum;
        if (_isTurned)
        {
            for (int lane = 0; lane < lanes; lane++)
            {
                T* line = to + (long)(column + lane) * _rows + row;
                for (int r = 0; r < rows; r++) line[r] = tile[r * width + lane];
            }

            return;
        }

        for (int r = 0; r < rows; r++)
            new ReadOnlySpan<T>(tile + r * width, lanes).CopyTo(new Span<T>(to + (long)(row + r) * _columns + column, lanes));
    }

    private static long Aligned(long elements) => (elements * sizeof(T) + Alignment - 1) / Alignment * Alignment;

    private int FirstPanel(int slice) => (int)((long)_panels * slice / _slices);

    private int LanesOf(int panel) => Math.Min(PanelWidth, _columns - panel * PanelWidth);

    private T* Operand(nint operand, int example, int width) => (T*)operand + (long)example * _problem.Positions * width;

    private T* PreviousAt(int place, int panel) => _previous + SumSize * place + TileAt(panel);

    private long TileAt(int panel) => (long)panel * _strips * TileSize;
}
