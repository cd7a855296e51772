namespace Cotangent.Kernels.Library;

// Derivatives along a direction.
internal sealed partial class CrossEntropyLauncher<T, TMath>
{
    /// <summary>The tangents of the rows' results along a direction: one matrix product for the logits and one for each of the direction's
    /// parts along E and C.</summary>
    public void RunTangent(in CrossEntropyOperands<T> x, CancellationToken cancellation) => RunAlong(x, hessian: false, cancellation);

    /// <summary>The product of the objective's second derivatives with a direction: seven matrix products at most.</summary>
    public void RunHessian(in CrossEntropyOperands<T> x, CancellationToken cancellation) => RunAlong(x, hessian: true, cancellation);

    private void RunAlong(in CrossEntropyOperands<T> x, bool hessian, CancellationToken cancellation)
    {
        CrossEntropyPlan plan = CrossEntropyPlan.Of(_p, x.HasGradients, true, _tile);
        CrossEntropyScratch<T> s = CrossEntropyScratch<T>.In(x.Scratch, _p, plan);
        int count = FindRows(x.Targets, s);
        Clear(x, s, count);
        Fill(s.Zeros, T.Zero);
        for (int first = 0; first < count; first += plan.Pitch)
        {
            cancellation.ThrowIfCancellationRequested();
            CrossEntropyBlock block = Block(first, count, plan, x.Bias, x.ClassWeights);

            Forward(x, s, block, plan, hessian ? x.Factors : s.Zeros);
            Along(x, s, block, plan);
            if (hessian && x.HasGradients) BackwardAlong(x, s, block);
        }

        if (hessian) return;
        CopyLine(s.Results, 0, x.LogSumExp);
        CopyLine(s.Results, 1, x.TargetLogits);
        CopyLine(s.Results, 2, x.WeightedLogits);
    }

    /// <summary>Tangents of a block's logits.</summary>
    private void Along(in CrossEntropyOperands<T> x, in CrossEntropyScratch<T> s, CrossEntropyBlock block, CrossEntropyPlan plan)
    {
        bool ofE = x.EmbeddingTangents.Length > 0, ofC = x.ClassifierTangents.Length > 0;
        if (ofE)
        {
            _gather(block.Pitch * _p.Width, x.EmbeddingTangents, s.Rows, s.BlockTangents, block, _scale);
            Product(x.Classifier, s.BlockTangents, s.Tangents, block, accumulate: false);
        }

        if (ofC) Product(x.ClassifierTangents, s.Block, s.Tangents, block, accumulate: ofE);
        if (!ofE && !ofC) Fill(s.Tangents, T.Zero);

        int items = plan.Parts * block.Pitch;
        CrossEntropyBlock ofBias = block with { HasBias = x.BiasTangents.Length > 0 ? 1 : 0 };
        Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, CrossEntropyBlock, T, int> logits =
            CrossEntropyTangentKernels.Logits<T, TMath>;
        _device.Load(logits)(items, s.Logits, s.Tangents, Or(x.BiasTangents, s.Logits), Or(x.ClassWeights, s.Logits), s.Partials, s.Numbers,
            ofBias, _softcap, items);
        Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<int>, ArrayView<int>, ArrayView<T>, ArrayView<T>, CrossEntropyBlock, int> rows =
            CrossEntropyTangentKernels.Rows;
        _device.Load(rows)(block.Pitch, s.Tangents, s.Partials, s.Rows, s.Targets, s.Results, s.Numbers, block, plan.Parts);
    }

    /// <summary>A product is linear in both factors: the tangent of G·C is Ġ·C + G·Ċ.</summary>
    private void BackwardAlong(in CrossEntropyOperands<T> x, in CrossEntropyScratch<T> s, CrossEntropyBlock block)
    {
        Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<int>, CrossEntropyBlock, T> hessian =
            CrossEntropyTangentKernels.Hessian<T, TMath>;
        _device.Load(hessian)(_p.Vocabulary * block.Pitch, s.Logits, s.Tangents, Or(x.ClassWeights, s.Logits), s.Numbers, s.Targets, block,
            _softcap);
        if (x.BiasGradient.Length > 0) _addToBias(_p.Vocabulary, s.Tangents, x.BiasGradient, block);
        if (x.EmbeddingGradient.Length > 0)
        {
            MultiplyByClasses(s.Tangents, x.Classifier, s.BlockGradient, block, 0, _p.Vocabulary, accumulate: false);
            if (x.ClassifierTangents.Length > 0)
                MultiplyByClasses(s.Logits, x.ClassifierTangents, s.BlockGradient, block, 0, _p.Vocabulary, accumulate: true);
            _scatter(block.Count * _p.Width, s.BlockGradient, s.Rows, x.EmbeddingGradient, block, _scale);
        }

        if (x.ClassifierGradient.Length == 0) return;
        MultiplyByRows(s.Tangents, s.Block, x.ClassifierGradient, block, 0, _p.Vocabulary, accumulate: block.First > 0);
        if (x.EmbeddingTangents.Length > 0)
            MultiplyByRows(s.Logits, s.BlockTangents, x.ClassifierGradient, block, 0, _p.Vocabulary, accumulate: true);
    }
}
