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
    public LogitTileLauncher(Device device, int tile)
    {
        _reduce = tile == 128 ? Load<Block8x8<float>>(device, groupsAtOnce: 2) : Load<Block4x4<float>>(device, groupsAtOnce: 0);
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
        GemmProblem product = new(ScalarType.Float32, 1, 1, problem.Vocabulary, pitch, problem.Width, any, any, any, Accumulate: false);
        return GemmVariant.MethodFor(product) == GemmMethod.Register128 ? device.LargestProductTile : 64;
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
        ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, CrossEntropyBlock, LogitTileShape> Load<TBlock>(
            Device device, int groupsAtOnce)
        where TBlock : struct, IRegisterBlock<float>
    {
        Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<float>,
            ArrayView<float>, ArrayView<int>, ArrayView<float>, CrossEntropyBlock, LogitTileShape> reduce = LogitTiles.Reduce<TBlock>;
        if (device is DebugDevice)
            return device.LoadGrouped(reduce);
        TypedKernel kernel = GroupBounds.Load(device, reduce, groupsAtOnce);
        return (size, c, e, bias, weights, rows, targets, logits, partials, best, ofTargets, block, shape) => kernel.Begin().Add(c).Add(e).Add(bias)
            .Add(weights).Add(rows).Add(targets).Add(logits).Add(partials).Add(best).Add(ofTargets).Add(block).Add(shape).Launch(size);
    }
}
