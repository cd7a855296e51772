using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.Cpu;

/// <summary>Norms of sums of outer products on the register tiles of matrix products.</summary>
internal abstract unsafe class CpuGramNorms
{
    /// <summary>For one shape.</summary>
    public static CpuGramNorms Create(ScalarType type, GramProblem problem) => Create(type, problem, CpuGemm.VectorBits);

    /// <summary>The same with vectors of 512, 256 or 128 bits, which the processor must have.</summary>
    internal static CpuGramNorms Create(ScalarType type, GramProblem problem, int vectorBits) => (type, vectorBits) switch
    {
        (ScalarType.Float32, 512) => new CpuGramNorms<WideKernels<Float512, Vector512<float>, float>, float>(problem),
        (ScalarType.Float32, 256) => new CpuGramNorms<NarrowKernels<Float256, Vector256<float>, float>, float>(problem),
        (ScalarType.Float32, _) => new CpuGramNorms<NarrowKernels<Float128, Vector128<float>, float>, float>(problem),
        (_, 512) => new CpuGramNorms<WideKernels<Double512, Vector512<double>, double>, double>(problem),
        (_, 256) => new CpuGramNorms<NarrowKernels<Double256, Vector256<double>, double>, double>(problem),
        _ => new CpuGramNorms<NarrowKernels<Double128, Vector128<double>, double>, double>(problem),
    };

    /// <summary>Bytes of scratch memory: two numbers a task.</summary>
    public abstract long ScratchBytes { get; }

    /// <summary>Computes.</summary>
    /// <param name="left">a [examples, positions, left].</param>
    /// <param name="right">g [examples, positions, right].</param>
    /// <param name="scratch"><see cref="ScratchBytes"/> bytes.</param>
    /// <param name="norms">Receives ‖Σₜ a[b, t]⊗g[b, t]‖².</param>
    /// <param name="lengths">Receives Σₜ ‖a[b, t]‖‖g[b, t]‖.</param>
    /// <param name="pool">The threads.</param>
    public abstract void Run(nint left, nint right, double* scratch, double* norms, double* lengths, IParallel pool);
}

/// <summary>The same for one set of tiles.</summary>
/// <remarks>
/// <para>A task is a pair of blocks of positions of one example, on and below the diagonal of its Gram matrices; those below count twice. Both
/// matrices' parts are made in the thread's own memory, some hundred kilobytes that stay in L2, multiplied and summed there, in double precision.</para>
/// <para>Positions lie side by side in what a tile reads: as many terms of all of a block's as L1 holds are packed at a time, and serve as both
/// operands. What is packed next is fetched meanwhile: rows lie far apart, where the processor fetches nothing by itself.</para>
/// <para>An element of a Gram matrix is the chain of fused multiply-adds of <see cref="CpuGemm"/>, and tasks and sums are cut by the shape
/// alone: the same bits for any number of threads.</para>
/// </remarks>
internal sealed unsafe class CpuGramNorms<TKernels, T> : CpuGramNorms
    where TKernels : struct, IMicroKernels<T>
    where T : unmanaged
{
    /// <summary>Positions of a block, at most: two squares of them stay in L2.</summary>
    private const int LargestBlock = 256;

    /// <summary>Bytes of packed terms: with a tile of the result they stay in L1.</summary>
    private const int PackedBytes = 32 << 10;

    private const int LeastTerms = 16, Line = 64;

    /// <summary>Positions of a single example that are work for more threads than one: two blocks, three tasks.</summary>
    private const int LeastDivided = 64;
    private readonly GramProblem _problem;
    private readonly int _blocks;
    private readonly int _rows;
    private readonly int _width;
    private readonly int _terms;
    private readonly Action<int> _task;
    private T* _left;
    private T* _right;
    private double* _partial;

    public CpuGramNorms(GramProblem problem)
    {
        _problem = problem;
        _blocks = Math.Max(problem.Examples == 1 && problem.Positions >= LeastDivided ? 2 : 1, GemmBlocking.Ceiling(problem.Positions, LargestBlock));
        _rows = GemmBlocking.Ceiling(problem.Positions, _blocks);

        // Whole tiles down, whole vectors across.
        int grain = TKernels.Width;
        while (grain % TKernels.Rows != 0) grain += TKernels.Width;
        _width = Math.Max(grain, GemmBlocking.RoundUp(_rows, grain));
        _terms = Math.Max(LeastTerms, PackedBytes / (_width * sizeof(T)) / LeastTerms * LeastTerms);
        _task = Pair;
    }

    /// <inheritdoc/>
    public override long ScratchBytes => 2L * sizeof(double) * _problem.Examples * Pairs;

    private int Pairs => _blocks * (_blocks + 1) / 2;

    /// <inheritdoc/>
    public override void Run(nint left, nint right, double* scratch, double* norms, double* lengths, IParallel pool)
    {
        _left = (T*)left;
        _right = (T*)right;
        _partial = scratch;
        pool.Run(_problem.Examples * Pairs, _task);
        for (int example = 0; example < _problem.Examples; example++)
        {
            (norms[example], lengths[example]) = (0, 0);
            for (int pair = 0; pair < Pairs; pair++, scratch += 2)
            {
                norms[example] += scratch[0];
                lengths[example] += scratch[1];
            }
        }
    }

    private void Pair(int task)
    {
        (int example, int pair) = Math.DivRem(task, Pairs);
        int row = 0;
        for (; pair > row; row++) pair -= row + 1;
        GemmScratch scratch = GemmScratch.Current;
        T* a = (T*)scratch.C(2L * _width * _width * sizeof(T)), g = a + (long)_width * _width;
        Block left = BlockOf(_left, example, _problem.Left, row, pair), right = BlockOf(_right, example, _problem.Right, row, pair);
        T* packed = (T*)scratch.B(2L * _width * _terms * sizeof(T));
        Gram(left, right, packed, a);
        Gram(right, right, packed, g);
        double* partial = _partial + 2L * task;
        (partial[0], partial[1]) = Sum(a, g, left);
    }

    private Block BlockOf(T* operand, int example, int terms, int row, int column)
    {
        T* first = operand + (long)example * _problem.Positions * terms;
        return new()
        {
            Rows = first + (long)row * _rows * terms,
            Columns = first + (long)column * _rows * terms,
            RowCount = Math.Min(_rows, _problem.Positions - row * _rows),
            ColumnCount = Math.Min(_rows, _problem.Positions - column * _rows),
            Terms = terms,
            IsDiagonal = row == column,
        };
    }

    /// <summary>A pair of blocks' part of a Gram matrix, [_width, _width]; of a diagonal one the tiles on and below the diagonal.</summary>
    private void Gram(in Block x, in Block next, T* packed, T* result)
    {
        if (x.Terms == 0) new Span<T>(result, _width * _width).Clear();
        for (int first = 0; first < x.Terms; first += _terms)
        {
            int terms = Math.Min(_terms, x.Terms - first);
            T* columns = x.IsDiagonal ? packed : packed + (nint)_width * _terms;
            Packing.Panel(x.Rows + first, x.Terms, 1, x.RowCount, _width, terms, packed);
            if (!x.IsDiagonal) Packing.Panel(x.Columns + first, x.Terms, 1, x.ColumnCount, _width, terms, columns);
            bool isLast = first + terms == x.Terms;
            Multiply(x, packed, columns, terms, result, first > 0, isLast ? next : x, isLast ? 0 : first + terms);
        }
    }

    private void Multiply(in Block x, T* rows, T* columns, int terms, T* result, bool accumulate, in Block next, int nextFirst)
    {
        TileStrides strides = new(1, _width, _width, _width);
        TileAhead ahead = TileAhead.None;
        for (int strip = 0; strip < x.RowCount; strip += TKernels.Rows)
        {
            int end = GemmBlocking.RoundUp(x.IsDiagonal ? Math.Min(strip + TKernels.Rows, x.RowCount) : x.ColumnCount, TKernels.Width);
            Fetch(next.Rows + nextFirst, strip, next.RowCount, next.Terms, nextFirst);
            if (!x.IsDiagonal) Fetch(next.Columns + nextFirst, strip, next.ColumnCount, next.Terms, nextFirst);
            for (int column = 0; column < end;)
            {
                int left = (end - column) / TKernels.Width;
                int registers = left == TKernels.Registers + 1 ? (left + 1) / 2 : Math.Min(left, TKernels.Registers);
                TKernels.Multiply(TKernels.Rows, registers, terms, rows + strip, columns + column,
                    result + (nint)strip * _width + column, strides, accumulate, ref ahead);
                column += registers * TKernels.Width;
            }
        }
    }

    /// <summary>Asks for the terms that are packed next, of a strip's positions.</summary>
    private void Fetch(T* source, int strip, int count, int stride, int first)
    {
        if (!Sse.IsSupported) return;
        int bytes = Math.Min(_terms, stride - first) * sizeof(T), end = Math.Min(count, strip + TKernels.Rows);
        for (int row = strip; row < end; row++)
        {
            byte* line = (byte*)(source + (nint)row * stride);
            for (int offset = 0; offset < bytes; offset += Line) Sse.Prefetch1(line + offset);
        }
    }

    /// <summary>Σ a·g over a pair of blocks, what is below the diagonal twice, and Σ √(a·g) along the diagonal.</summary>
    private (double Sum, double Lengths) Sum(T* a, T* g, in Block block)
    {
        (double sum, double diagonal, double lengths) = (0, 0, 0);
        for (int row = 0; row < block.RowCount; row++, a += _width, g += _width)
        {
            sum += GramRows.Dot(a, g, block.IsDiagonal ? row : block.ColumnCount);
            if (!block.IsDiagonal) continue;
            (double x, double y) = (GramRows.Widen(a + row), GramRows.Widen(g + row));
            diagonal += x * y;
            lengths += Math.Sqrt(x) * Math.Sqrt(y);
        }

        return (2 * sum + diagonal, lengths);
    }

    /// <summary>An operand's positions that make up a pair of blocks.</summary>
    private struct Block
    {
        public T* Rows;
        public T* Columns;
        public int RowCount;
        public int ColumnCount;
        public int Terms;
        public bool IsDiagonal;
    }
}
