namespace Cotangent.Kernels.Cpu;

// Products of many terms and a small result, such as the gradients of weights: both operands are long, and each element is needed once.
internal sealed unsafe partial class GemmJob<TKernels, T>
{
    /// <summary>Registers across a range of columns.</summary>
    private int _rangeRegisters;

    /// <summary>Blocks of C that stay in L2 while all terms pass, each a task: it packs some terms of its rows and columns, and has the next
    /// ones fetched while it multiplies these. Nothing is shared, and no operand is waited for.</summary>
    private void RunDeep(long batch, IParallel pool)
    {
        _slab.Epilogue = _epilogue;
        SetBatch(ref _slab, batch);
        pool.Run(CutDeep(pool.Threads), _deepTask);
    }

    /// <summary>Cuts C into blocks that are small enough: the cut that costs least.</summary>
    private int CutDeep(int threads)
    {
        int tiles = GemmBlocking.Ceiling(_problem.M, TKernels.Rows), registers = GemmBlocking.Ceiling(_problem.N, TKernels.Width);
        int leastBlocks = GemmBlocking.Ceiling(_problem.M, GemmBlocking.DeepRows);
        int leastRanges = GemmBlocking.Ceiling(registers * TKernels.Width, GemmBlocking.DeepColumns<T>());
        int more = threads == 1 ? 1 : TasksPerThread * threads;
        double lowest = double.PositiveInfinity;
        for (int blocks = leastBlocks; blocks <= Math.Min(tiles, leastBlocks * more); blocks++)
        {
            for (int ranges = leastRanges; ranges <= registers && blocks * ranges <= Math.Max(more, leastBlocks * leastRanges * 2); ranges++)
            {
                double cost = GemmBlocking.CostOfCut(tiles, blocks, registers, ranges, threads)
                    * (1 + GemmBlocking.TrafficOfDeepCut(_problem.M, _problem.N, blocks, ranges, threads));
                if (cost >= lowest)
                    continue;
                lowest = cost;
                _blockRows = GemmBlocking.Ceiling(tiles, blocks) * TKernels.Rows;
                _rangeRegisters = GemmBlocking.Ceiling(registers, ranges);
            }
        }

        _blockColumns = GemmBlocking.Ceiling(registers, _rangeRegisters);
        return GemmBlocking.Ceiling(_problem.M, _blockRows) * _blockColumns;
    }

    private void Deep(int task)
    {
        (int block, int range) = Math.DivRem(task, _blockColumns);
        int row = block * _blockRows, rows = Math.Min(_blockRows, _problem.M - row);
        int width = _rangeRegisters * TKernels.Width, column = range * width, columns = Math.Min(width, _problem.N - column);
        GemmSlab<TKernels, T> slab = _slab;
        slab.SetDepth(GemmBlocking.DeepTerms, packsRows: !GemmBlocking.ReadsDeepRowsDirectly(columns));
        for (int start = 0; start < _problem.K; start += GemmBlocking.DeepTerms)
        {
            slab.SetRange(column, columns, start, Math.Min(GemmBlocking.DeepTerms, _problem.K - start));
            slab.SetPacked(GemmScratch.Current.B(slab.PackedBytes));
            slab.FetchTerms(Math.Min(GemmBlocking.DeepTerms, _problem.K - start - GemmBlocking.DeepTerms));
            slab.PackPanels(0, 0, slab.Panels);
            slab.MultiplyBlock(row, rows, 0, slab.Panels);
        }
    }
}
