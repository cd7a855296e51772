using System.Runtime.InteropServices;

namespace Cotangent.Kernels.Library;

// Classes, or tiles of them, that are left out of gradients.
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

    /// <summary>The classes that count for some row of the block go to the list.</summary>
    /// <returns>How many there are: this waits for the device.</returns>
    private int ListClasses(in CrossEntropyScratch<T> s, CrossEntropyBlock block)
    {
        Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<int>, ArrayView<byte>, CrossEntropyBlock, T> keep =
            CrossEntropyClassKernels.Keep<T, TMath>;
        _device.Load(keep)(_p.Vocabulary, s.Logits, s.Numbers, s.Targets, s.KeptFlags, block,
            T.CreateChecked(Math.Max(_p.FilterEmbeddings, _p.FilterClassifier)));
        Compaction.Move(_device, new FlagSelector(s.KeptFlags), new PositionPayload(s.KeptClasses), s.KeptCount, _p.Vocabulary);
        int count = 0;
        KernelArgument source = s.KeptCount.Argument;
        _device.Read(source.Memory!, source.Bits, MemoryMarshal.AsBytes(new Span<int>(ref count)));
        return count;
    }

    /// <summary>The products of the listed classes alone, some classes at a time: their derivatives and their rows of C are gathered, the
    /// results added to their rows of C's gradient.</summary>
    private void MultiplyListed(in CrossEntropyOperands<T> x, in CrossEntropyScratch<T> s, CrossEntropyBlock block, int count, bool ofE, bool ofC)
    {
        Action<Index1D, ArrayView<T>, ArrayView<int>, ArrayView<T>, int, int> gather = CrossEntropyClassKernels.Gather;
        Action<Index1D, ArrayView<T>, ArrayView<int>, ArrayView<T>, int, int> addTo = CrossEntropyClassKernels.AddTo;
        Action<Index1D, ArrayView<T>, ArrayView<int>, ArrayView<T>, int, int> take = _device.Load(gather), add = _device.Load(addTo);
        int most = CrossEntropyScratch<T>.GatheredClasses(_p), width = _p.Width;
        if (ofE && count == 0) Fill(s.BlockGradient, T.Zero);
        for (int first = 0; first < count; first += most)
        {
            int classes = Math.Min(most, count - first);
            take(classes * block.Pitch, s.Logits, s.KeptClasses, s.KeptDerivatives, first, block.Pitch);
            if (ofE)
            {
                take(classes * width, x.Classifier, s.KeptClasses, s.KeptRows, first, width);
                MultiplyByClasses(s.KeptDerivatives, s.KeptRows, s.BlockGradient, block, 0, classes, accumulate: first > 0);
            }

            if (!ofC) continue;
            MultiplyByRows(s.KeptDerivatives, s.Block, s.KeptRows, block, 0, classes, accumulate: false);
            add(classes * width, s.KeptRows, s.KeptClasses, x.ClassifierGradient, first, width);
        }

        if (ofE) _scatter(block.Count * width, s.BlockGradient, s.Rows, x.EmbeddingGradient, block, _scale);
    }
}
