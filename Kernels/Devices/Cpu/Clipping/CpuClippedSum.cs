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
/// <para>FlashDP's single pass for few cores with large caches. A tile of an example's inner sum leaves its registers for the place of the same tile of an
/// example before (<see cref="ExchangedTile{T}"/>), whose factor is known by now, and is squared for the norm on the way. So nothing is computed twice, and
/// tiles move between L2 or L3 and the core while the next one is computed: 16 bytes an element against 2·positions flops.</para>
/// <para>A round takes as many examples as fit into L2. A thread goes over a range of panels that is its own (<see cref="PanelRanges"/>): forwards in one
/// round and backwards in the next, so that it begins with what its L2 still has. The next panel is fetched and packed between the tiles of this one; threads
/// meet once a round, and who comes first packs rows for the next round.</para>
/// <para>Both sums lie tile by tile, the longer side of the result across. A panel's part of a norm is one number, and examples are added in order: the same
/// bits for any number of threads.</para>
/// </remarks>
internal sealed unsafe class CpuClippedSum<TKernels, T> : CpuClippedSum
    where TKernels : struct, IMicroKernels<T>
    where T : unmanaged
{
    private const int MostTogether = 8, Alignment = 64;

    /// <summary>Bytes of the inner sums that go through together, which the L2 caches of two cores keep beside the outer sum.</summary>
    private const long TogetherBytes = 2 << 20;

    private readonly ClippedSumProblem _problem;
    private readonly bool _isTurned;
    private readonly int _rows;
    private readonly int _columns;
    private readonly int _strips;
    private readonly int _panels;
    private readonly int _blocks;
    private readonly int _together;
    private readonly double[] _factors = new double[MostTogether];
    private readonly Action<int> _pack;
    private readonly Action<int> _add;
    private readonly Action<int> _finish;
    private ClippedSumOperands _x;
    private T* _packed;
    private T* _packedNext;
    private T* _previous;
    private T* _sum;
    private double* _partial;
    private int _first;
    private int _count;
    private int _countNext;
    private int _claimed;
    private PanelRanges? _ranges;

    public CpuClippedSum(ClippedSumProblem problem)
    {
        _problem = problem;
        _isTurned = problem.Left > problem.Right;
        (_rows, _columns) = _isTurned ? (problem.Right, problem.Left) : (problem.Left, problem.Right);
        _strips = GemmBlocking.Ceiling(_rows, TKernels.Rows);
        _panels = GemmBlocking.Ceiling(_columns, PanelWidth);
        _blocks = GemmBlocking.Ceiling(_strips, Packing.Strips);
        _together = (int)Math.Clamp(TogetherBytes / Math.Max(1, SumSize * sizeof(T)), 1, Math.Clamp(problem.Examples, 1, MostTogether));
        (_pack, _add, _finish) = (PackBlock, Add, Finish);
    }

    /// <inheritdoc/>
    public override long ScratchBytes =>
        2 * Aligned(PackedSize * _together) + Aligned(SumSize * _together) + Aligned(SumSize) + (long)_panels * MostTogether * sizeof(double);

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
        _packedNext = (T*)(scratch += Aligned(PackedSize * _together));
        _previous = (T*)(scratch += Aligned(PackedSize * _together));
        _sum = (T*)(scratch += Aligned(SumSize * _together));
        _partial = (double*)(scratch + Aligned(SumSize));
        _factors.AsSpan().Clear();
        if (_ranges?.Count != Math.Min(pool.Threads, _panels)) _ranges = new(_panels, Math.Min(pool.Threads, _panels));
        (_first, _count, _countNext) = (-_together, 0, Math.Min(_together, _problem.Examples));
        pool.Run(_countNext * _blocks, _pack);
        while (_countNext > 0)
        {
            _first += _together;
            T* packed = _packed;
            _packed = _packedNext;
            _packedNext = packed;
            (_count, _countNext) = (_countNext, Math.Clamp(_problem.Examples - _first - _together, 0, _together));
            _claimed = 0;
            _ranges.Start();
            pool.Run(_ranges.Count, _add);
            SetFactors();
        }

        _ranges.Start();
        pool.Run(_ranges.Count, _finish);
    }

    // The last examples may be fewer than those before, some of which are then still to be added.
    private void SetFactors()
    {
        // Squares of small numbers lose bits that count where all are small.
        double lost = typeof(T) == typeof(float) ? (double)_problem.Left * _problem.Right * float.Epsilon : 0;
        for (int place = 0; place < _count; place++)
        {
            double square = lost;
            for (int panel = 0; panel < _panels; panel++) square += _partial[(long)panel * MostTogether + place];
            _x.Squares[_first + place] = square;
            _factors[place] = _x.Mask[_first + place] == 0 ? 0 : _problem.Factor(square, *_x.Limit);
        }
    }

    // Some strips of an example of the next round.
    private void PackBlock(int task)
    {
        (int place, int block) = Math.DivRem(task, _blocks);
        int depth = _problem.Positions, strip = block * Packing.Strips, height = Packing.Strips * TKernels.Rows;
        int row = strip * TKernels.Rows;
        T* rows = RowsOf(_first + _together + place) + row, packed = _packedNext + PackedSize * place + (nint)row * depth;
        if (row + height <= _rows)
        {
            Packing.Panels(rows, _rows, TKernels.Rows, depth, packed);
            return;
        }

        for (int end = Math.Min(strip + Packing.Strips, _strips); strip < end; strip++, row += TKernels.Rows, rows += TKernels.Rows, packed += (nint)TKernels.Rows * depth)
            Packing.Panel(rows, 1, _rows, Math.Min(TKernels.Rows, _rows - row), TKernels.Rows, depth, packed);
    }

    // A thread's part of a round: its own range of panels, then what others have left of theirs, each claimed before the one before it is computed so that
    // it can be packed meanwhile; then strips of the next round.
    private void Add(int task)
    {
        int depth = _problem.Positions, state;
        nint size = (nint)PanelWidth * depth;
        T* b = (T*)GemmScratch.Current.B(2 * size * sizeof(T) + Alignment), other = b + size;
        int range = _ranges!.Take();
        int panel = _ranges.Next(range);
        PanelAhead<T> ahead = default;
        if (panel >= 0)
        {
            SetAhead(ref ahead, panel, 0, b, &state);
            ahead.Finish();
        }

        while (panel >= 0)
        {
            int next = _ranges.Next(range);
            for (int place = 0; place < _count; place++)
            {
                bool isLast = place == _count - 1;
                if (!isLast || next >= 0) SetAhead(ref ahead, isLast ? next : panel, isLast ? 0 : place + 1, other, &state);
                _partial[(long)panel * MostTogether + place] = AddTiles(b, place, panel, ref ahead);
                ahead.Finish();
                T* done = b;
                b = other;
                other = done;
            }

            panel = next;
        }

        for (int claim; (claim = Interlocked.Increment(ref _claimed) - 1) < _countNext * _blocks;) PackBlock(claim);
    }

    // The panel after this one is packed while this one is computed, and a part of the rows that are packed for the next round is fetched.
    private void SetAhead(ref PanelAhead<T> ahead, int panel, int place, T* to, int* state)
    {
        int depth = _problem.Positions;
        ahead = default;
        ahead.Set(ColumnsOf(_first + place) + panel * PanelWidth, _columns, LanesOf(panel), WidthOf(panel), depth, to, state, 1);
        if (place >= _countNext) return;
        int first = (int)((long)depth * panel / _panels), end = (int)((long)depth * (panel + 1) / _panels), bytes = _rows * sizeof(T);
        T* rows = RowsOf(_first + _together + place) + (long)first * _rows;
        ahead.SetNext(new FetchedRegion((nint)rows, bytes, end - first, bytes), PanelWidth * sizeof(T));
    }

    // The tiles of a panel; Σ of their squares.
    private double AddTiles(T* b, int place, int panel, ref PanelAhead<T> ahead)
    {
        int width = WidthOf(panel), depth = _problem.Positions, registers = width / TKernels.Width;
        TileStrides strides = new(1, TKernels.Rows, width, width);
        T* row = stackalloc T[PanelWidth];
        T* a = _packed + PackedSize * place, previous = PreviousAt(place, panel), sum = _sum + TileAt(panel);
        T factor = ClippedTiles.Narrow<T>(_factors[place]);
        bool isFirst = _first == 0 && place == 0, isAdded = _factors[place] != 0;
        double squares = 0;
        if (isFirst) new Span<T>(sum, _strips * TileSize).Clear();
        ahead.Fetches.SetBeside((isAdded ? (nint)((byte*)sum - (byte*)previous) : 0, 0));
        for (int i = 0; i < _strips; i++, a += (nint)TKernels.Rows * depth, previous += TileSize, sum += TileSize)
        {
            ahead.Fetches.SetTile((byte*)(previous + TileSize), TKernels.Rows, depth);
            TKernels.Exchange(registers, depth, a, b, new ExchangedTile<T>(previous, isAdded ? sum : null, &factor, row), strides, ref ahead.Fetches);
            squares += ClippedTiles.Sum(row, width);
            ahead.Follow();
        }

        return squares;
    }

    private void Finish(int task)
    {
        int range = _ranges!.Take();
        for (int panel; (panel = _ranges.Next(range)) >= 0;) FinishPanel(panel);
    }

    // What is still to be added of a panel, and its part of the result.
    private void FinishPanel(int panel)
    {
        int lanes = LanesOf(panel), width = WidthOf(panel);
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

    private int LanesOf(int panel) => Math.Min(PanelWidth, _columns - panel * PanelWidth);

    private int WidthOf(int panel) => GemmBlocking.RoundUp(LanesOf(panel), TKernels.Width);

    // An example's operand along the rows of the sums as they lie here, and that along their columns.
    private T* RowsOf(int example) => (T*)(_isTurned ? _x.Right : _x.Left) + (long)example * _problem.Positions * _rows;

    private T* ColumnsOf(int example) => (T*)(_isTurned ? _x.Left : _x.Right) + (long)example * _problem.Positions * _columns;

    private T* PreviousAt(int place, int panel) => _previous + SumSize * place + TileAt(panel);

    private long TileAt(int panel) => (long)panel * _strips * TileSize;
}
