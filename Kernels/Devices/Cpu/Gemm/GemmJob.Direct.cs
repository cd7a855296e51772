using System.Runtime.CompilerServices;

namespace Cotangent.Kernels.Cpu;

// Products so small that all operands are in L1 or close by: read where they lie, nothing fetched ahead, no buffer asked for. What the general
// schedule does before and between its tiles is a tenth of the time of a product of 64×64 matrices.
internal sealed unsafe partial class GemmJob<TKernels, T>
{
    /// <summary>Runs a product for which this pays, and says whether it did.</summary>
    public static bool TryRunDirect(in GemmProblem problem, nint a, nint b, nint c, IParallel pool)
    {
        if (!GemmBlocking.IsDirect(problem, TKernels.Width, sizeof(T)))
            return false;

        long work = (long)problem.M * problem.N * problem.K;
        int tiles = GemmBlocking.Ceiling(problem.M, TKernels.Rows);
        if (pool.Threads > 1 && work >= GemmBlocking.SerialWork && tiles >= pool.Threads)
            Current.RunDirect(problem, (T*)a, (T*)b, (T*)c, tiles, pool);
        else
            MultiplyDirect(problem, (T*)a, (T*)b, (T*)c, 0, problem.M);
        return true;
    }

    private void RunDirect(in GemmProblem problem, T* a, T* b, T* c, int tiles, IParallel pool)
    {
        _problem = problem;
        _a = a;
        _b = b;
        _c = c;
        _blockRows = GemmBlocking.Ceiling(tiles, Math.Min(tiles, GemmBlocking.DirectTasksPerThread * pool.Threads)) * TKernels.Rows;
        pool.Run(GemmBlocking.Ceiling(problem.M, _blockRows), _directTask);
    }

    private void Direct(int task) =>
        MultiplyDirect(_problem, _a, _b, _c, task * _blockRows, Math.Min(_problem.M, (task + 1) * _blockRows));

    /// <summary>Some rows of C, tile by tile. The last rows are tiles of 4, 2 and 1, columns are cut evenly: no tile hangs over the matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyDirect(in GemmProblem p, T* a, T* b, T* c, int row, int end)
    {
        TileStrides strides = new((nint)p.A.Row, (nint)p.A.Column, (nint)p.B.Row, (nint)p.C.Row);
        TileAhead ahead = TileAhead.None;
        int registers = p.N / TKernels.Width, panels = GemmBlocking.Ceiling(registers, TKernels.Registers);
        for (int panel = 0, first = 0; panel < panels; panel++)
        {
            int last = registers * (panel + 1) / panels, column = first * TKernels.Width;
            for (int i = row, height; i < end; i += height)
            {
                int rest = end - i;
                height = rest >= TKernels.Rows ? TKernels.Rows : rest >= 4 ? 4 : Math.Min(rest, 2);
                TKernels.Multiply(height, last - first, p.K, a + i * strides.ARow, b + column, c + i * strides.CRow + column, strides,
                    p.Accumulate, ref ahead);
            }

            first = last;
        }
    }
}
