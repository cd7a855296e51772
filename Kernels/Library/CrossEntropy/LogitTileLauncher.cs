using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Library;

/// <summary>Runs <see cref="LogitTiles"/> on one device, for blocks of one pitch.</summary>
internal sealed class LogitTileLauncher
{
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>,
        ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, CrossEntropyBlock, LogitTileShape> _reduce;

    private readonly Action<Index1D, ArrayView<float>, ArrayView<int>, ArrayView<float>, ArrayView<int>, int, int, int> _merge;

    /// <summary>Compiles.</summary>
    /// <param name="device">The device.</param>
    /// <param name="tile">Rows and columns of a tile: 64 or 128.</param>
    /// <param name="precision">What tiles of 128 are rounded to, on matrix units.</param>
    public LogitTileLauncher(Device device, int tile, MatMulPrecision precision)
    {
        // As for products: large blocks take so many registers that a few more would leave room for one group only. In bfloat16 they do not fit
        // twice; left alone, ptxas spills.
        _reduce = (tile, precision) switch
        {
            (64, _) => Load(device, LogitTiles.Reduce<Block4x4<float>>, groupsAtOnce: 0),
            (_, MatMulPrecision.Tf32) => Load(device, LogitTiles.ReduceRounded<Tf32Word>, groupsAtOnce: 2),
            (_, MatMulPrecision.BFloat16) => Load(device, LogitTiles.ReduceRounded<BFloat16Word>, groupsAtOnce: 1),
            _ => Load(device, LogitTiles.Reduce<Block8x8<float>>, groupsAtOnce: 2),
        };
        Action<Index1D, ArrayView<float>, ArrayView<int>, ArrayView<float>, ArrayView<int>, int, int, int> merge =
            CrossEntropyKernels.Merge<float, SingleFunctions>;
        _merge = device.Load(merge);
    }

    /// <summary>What the tiles of a problem's products are, rows and columns; 0 if the device is to multiply in its own way.</summary>
    public static int TileFor(Device device, CrossEntropyProblem problem, int pitch)
    {
        int shared = sizeof(float) * RegisterGemm.SharedElements<float, Block4x4<float>>();
        if (device.LargestProductTile == 0 || problem.Width == 0 || device.MaxSharedMemoryPerGroup < shared
            || problem.Vocabulary > 64L * GemmLauncher.LargestGridZ)
        {
            return 0;
        }

        MatrixLayout any = new(0, 0, problem.Width, 1);
        GemmProblem product = new(ScalarType.Float32, 1, 1, problem.Vocabulary, pitch, problem.Width, any, any, any, Accumulate: false,
            problem.Precision);
        return GemmVariant.MethodFor(product, device.HasMatrixUnits) switch
        {
            GemmMethod.MatrixUnits => 128,
            GemmMethod.Register128 => device.LargestProductTile,
            _ => 64,
        };
    }

    /// <summary>Logits of a block, if they are kept, and their sums, [3, merged, pitch], by parts of classes.</summary>
    public void Run(ArrayView<float> c, ArrayView<float> bias, ArrayView<float> weights, in CrossEntropyScratch<float> s, CrossEntropyBlock block,
        CrossEntropyPlan plan, float softcap)
    {
        Index3D tiles = new((block.Pitch + plan.Tile - 1) / plan.Tile, plan.TilesOfClasses, 1);
        _reduce(new KernelConfig(tiles, new Index3D(RegisterGemm.Items, 1, 1)), c, s.Block, bias, weights, s.Rows, s.Targets,
            plan.KeepsLogits ? s.Logits : s.Block, s.TilePartials, s.TileBest, s.TargetLogits, block,
            new(plan.TilesOfClasses, plan.KeepsLogits ? 1 : 0, softcap));
        _merge(plan.MergedParts * block.Pitch, s.TilePartials, s.TileBest, s.Partials, s.Best, block.Pitch, plan.TilesOfClasses,
            CrossEntropyPlan.TilesOfPart);
    }

    private static Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>,
        ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, CrossEntropyBlock, LogitTileShape> Load(
            Device device, Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>,
            ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, CrossEntropyBlock, LogitTileShape> reduce, int groupsAtOnce)
    {
        if (device is DebugDevice)
            return device.LoadGrouped(reduce);
        TypedKernel kernel = GroupBounds.Load(device, reduce, groupsAtOnce);
        return (size, c, e, bias, weights, rows, targets, logits, partials, best, ofTargets, block, shape) => kernel.Begin().Add(c).Add(e).Add(bias)
            .Add(weights).Add(rows).Add(targets).Add(logits).Add(partials).Add(best).Add(ofTargets).Add(block).Add(shape).Launch(size);
    }
}
