namespace Cotangent.Kernels.Library;

// Tiles that are left out of gradients.
internal sealed partial class CrossEntropyLauncher<T, TMath>
{
    private void TestTiles(in CrossEntropyOperands<T> x, in CrossEntropyScratch<T> s, CrossEntropyBlock block, CrossEntropyPlan plan)
    {
        CrossEntropyTiles tiles = plan.Tiles;
        Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<int>, ArrayView<int>, ArrayView<int>, CrossEntropyBlock, CrossEntropyTiles, T, T>
            test = CrossEntropyFilterKernels.Test<T, TMath>;
        _device.Load(test)(tiles.Count, s.Logits, s.Numbers, s.Targets, x.Order.Length > 0 ? x.Order : s.Rows, s.Keep, block, tiles,
            T.CreateChecked(_p.FilterEmbeddings), T.CreateChecked(_p.FilterClassifier));
        if (x.KeptTiles.Length == 0) return;
        Action<Index1D, ArrayView<int>, ArrayView<int>, CrossEntropyTiles, int> count = CrossEntropyFilterKernels.Count;
        _device.Load(count)(2, s.Keep, x.KeptTiles, tiles, (block.Count + tiles.Rows - 1) / tiles.Rows);
    }

    private void ClearTiles(in CrossEntropyOperands<T> x, in CrossEntropyScratch<T> s, CrossEntropyBlock block, CrossEntropyPlan plan,
        int which)
    {
        Action<Index1D, ArrayView<T>, ArrayView<int>, ArrayView<int>, CrossEntropyBlock, CrossEntropyTiles, int> clear =
            CrossEntropyFilterKernels.Clear;
        _device.Load(clear)(_p.Vocabulary * block.Pitch, s.Logits, x.Order.Length > 0 ? x.Order : s.Rows, s.Keep, block, plan.Tiles, which);
    }
}
