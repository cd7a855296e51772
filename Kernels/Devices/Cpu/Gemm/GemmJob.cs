namespace Cotangent.Kernels.Cpu;

/// <summary>The schedule of a whole problem: over threads within each batch, or over batches, or on the calling thread alone.</summary>
/// <remarks>One object a thread that issues products, kept for the next: a product allocates nothing in steady state.</remarks>
internal sealed unsafe partial class GemmJob<TKernels, T>
    where TKernels : struct, IMicroKernels<T>
    where T : unmanaged
{
    /// <summary>Tasks a thread, so that a thread that starts late or is interrupted does not hold up the rest.</summary>
    private const int TasksPerThread = 4;

    [ThreadStatic]
    private static GemmJob<TKernels, T>? s_current;

    private readonly Action<int> _multiplyTask;
    private readonly Action<int> _batchTask;
    private readonly Action<int> _deepTask;
    private readonly Action<int> _directTask;
    private GemmProblem _problem;
    private T* _a;
    private T* _b;
    private T* _c;
    private GemmEpilogue? _epilogue;
    private GemmSlab<TKernels, T> _slab;
    private int _blockRows;
    private int _blockPanels;
    private int _blockColumns;
    private int _batchTasks;

    private GemmJob()
    {
        _multiplyTask = Multiply;
        _batchTask = Batches;
        _deepTask = Deep;
        _directTask = Direct;
    }

    /// <summary>The calling thread's job.</summary>
    public static GemmJob<TKernels, T> Current => s_current ??= new();

    public void Run(in GemmProblem problem, nint a, nint b, nint c, GemmEpilogue? epilogue, IParallel pool)
    {
        _problem = problem;
        _a = (T*)a;
        _b = (T*)b;
        _c = (T*)c;
        _epilogue = epilogue;
        try
        {
            Schedule(pool);
        }
        finally
        {
            _epilogue = null;
            _slab = default;
        }
    }

    private void Schedule(IParallel pool)
    {
        long batches = (long)_problem.Batch0 * _problem.Batch1;
        long work = (long)_problem.M * _problem.N * Math.Max(1, _problem.K);
        int threads = pool.Threads;
        if (batches == 1 && work >= GemmBlocking.SerialWork && GemmBlocking.IsDeep(_problem, sizeof(T)))
        {
            RunDeep(0, pool);
        }
        else if (threads == 1 || work * batches < GemmBlocking.SerialWork)
        {
            RunBatches(0, batches);
        }
        else if (batches >= TasksPerThread * threads || (batches >= threads && batches % threads == 0))
        {
            _batchTasks = (int)Math.Min(batches, (long)TasksPerThread * threads);
            pool.Run(_batchTasks, _batchTask);
        }
        else
        {
            for (long batch = 0; batch < batches; batch++)
                RunThreaded(batch, work < GemmBlocking.SerialWork ? SerialParallel.Instance : pool);
        }
    }

    private void Batches(int task)
    {
        long batches = (long)_problem.Batch0 * _problem.Batch1;
        RunBatches(batches * task / _batchTasks, batches * (task + 1) / _batchTasks);
    }

    /// <summary>A range of batches on the calling thread. Shares nothing with other calls but the problem.</summary>
    private void RunBatches(long first, long end)
    {
        GemmSlab<TKernels, T> slab = new() { Epilogue = _epilogue };
        GemmScratch scratch = GemmScratch.Current;
        for (long batch = first; batch < end; batch++)
        {
            SetBatch(ref slab, batch);
            (int column, int start) = (0, 0);
            do
            {
                SetRange(ref slab, column, start, out int columns, out int depth);
                slab.SetPacked(scratch.B(slab.PackedBytes));
                if (slab.PacksColumns)
                    slab.PackOnDemand(scratch.States(slab.Panels * slab.DepthBlocks), isGradual: true);
                for (int row = 0; row < _problem.M; row += GemmBlocking.Rows<T>())
                    slab.MultiplyBlock(row, Math.Min(GemmBlocking.Rows<T>(), _problem.M - row), 0, slab.Panels);
                Advance(ref column, ref start, columns, depth);
            }
            while (column < _problem.N);
        }
    }

    /// <summary>One batch, its blocks spread over the pool.</summary>
    private void RunThreaded(long batch, IParallel pool)
    {
        _slab.Epilogue = _epilogue;
        SetBatch(ref _slab, batch);
        GemmScratch scratch = GemmScratch.Current;
        (int column, int start) = (0, 0);
        do
        {
            SetRange(ref _slab, column, start, out int columns, out int depth);
            _slab.SetPacked(scratch.B(_slab.PackedBytes));
            int tasks = CutTasks(pool.Threads);
            if (_slab.PacksColumns)
                _slab.PackOnDemand(scratch.States(_slab.Panels * _slab.DepthBlocks), isGradual: _blockColumns >= pool.Threads);
            pool.Run(tasks, _multiplyTask);
            Advance(ref column, ref start, columns, depth);
        }
        while (column < _problem.N);
    }

    private void SetBatch(ref GemmSlab<TKernels, T> slab, long batch) =>
        slab.SetBatch(_problem, _a, _b, _c, (int)(batch / _problem.Batch1), (int)(batch % _problem.Batch1));

    /// <summary>The next slab: all of k for a range of columns if that fits the slab's bytes, else whole depth blocks of it.</summary>
    private void SetRange(ref GemmSlab<TKernels, T> slab, int column, int start, out int columns, out int depth)
    {
        columns = Math.Min(_problem.N - column, GemmBlocking.Columns);
        long fitting = GemmBlocking.SlabBytes / ((long)columns * sizeof(T)) / slab.BlockDepth * slab.BlockDepth;
        depth = (int)Math.Min(_problem.K - start, Math.Max(fitting, slab.BlockDepth));
        slab.SetRange(column, columns, start, depth);
    }

    private void Advance(ref int column, ref int start, int columns, int depth)
    {
        start += depth;
        if (start >= _problem.K)
            (column, start) = (column + columns, 0);
    }

    /// <summary>Cuts a slab into blocks of rows and ranges of panels, at most <see cref="TasksPerThread"/> tasks a thread where the rows allow:
    /// the cut that costs least.</summary>
    private int CutTasks(int threads)
    {
        int most = TasksPerThread * threads, tiles = GemmBlocking.Ceiling(_problem.M, TKernels.Rows);
        int least = GemmBlocking.Ceiling(_problem.M, GemmBlocking.Rows<T>());
        double lowest = double.PositiveInfinity;
        for (int blocks = least; blocks <= Math.Clamp(tiles, least, Math.Max(least, most)); blocks++)
        {
            for (int ranges = 1; ranges == 1 || (ranges <= _slab.Panels && blocks * ranges <= Math.Max(most, least * threads)); ranges++)
            {
                double cost = GemmBlocking.CostOfCut(tiles, blocks, _slab.Panels, ranges, threads)
                    * (1 + GemmBlocking.TrafficOfCut(_problem.M, _problem.N, blocks, ranges, threads, _slab.PacksRows));
                if (cost >= lowest)
                    continue;
                lowest = cost;
                _blockRows = GemmBlocking.Ceiling(tiles, blocks) * TKernels.Rows;
                _blockPanels = GemmBlocking.Ceiling(_slab.Panels, ranges);
            }
        }

        _blockColumns = GemmBlocking.Ceiling(_slab.Panels, _blockPanels);
        return GemmBlocking.Ceiling(_problem.M, _blockRows) * _blockColumns;
    }

    private void Multiply(int task)
    {
        (int block, int column) = Math.DivRem(task, _blockColumns);
        int row = block * _blockRows;
        int first = column * _blockPanels;
        _slab.MultiplyBlock(row, Math.Min(_blockRows, _problem.M - row), first, Math.Min(first + _blockPanels, _slab.Panels));
    }
}
