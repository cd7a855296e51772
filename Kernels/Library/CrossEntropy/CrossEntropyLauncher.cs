using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.InteropServices;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Library;

/// <summary>Linear cross-entropy on any device, block of rows by block of rows: a block's logits, what is made of them row by row, then,
/// in their place, the derivative by them and its two products. Three matrix products in all for value and gradients (two where one
/// gradient is not asked for), a block's logits as working memory. Sums have a fixed order: the same bits every time.
/// In single precision, devices with groups find the rows' sums where the logits are made (<see cref="LogitTiles"/>): logits that no gradient needs
/// are never written.</summary>
/// <remarks>Source: Wijmans et al., Cut Your Losses in Large-Vocabulary Language Models (2024); the blocks of rows are those of Liger-Kernel
/// (Hsu et al. 2024). There, gradients are summed in the inputs' type; here in that of the computation.</remarks>
internal sealed partial class CrossEntropyLauncher<T, TMath>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TMath : struct, IRealFunctions<T>
{
    private readonly Device _device;
    private readonly CrossEntropyProblem _p;
    private readonly T _softcap;
    private readonly T _scale;
    private readonly Action<Index1D, ArrayView<T>, ArrayView<int>, ArrayView<T>, CrossEntropyBlock, T> _gather;
    private readonly Action<Index1D, ArrayView<T>, ArrayView<int>, ArrayView<T>, CrossEntropyBlock, T> _scatter;
    private readonly Action<Index1D, ArrayView<T>, T> _fill;
    private readonly Action<Index1D, ArrayView<int>, int> _fillIntegers;
    private readonly Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<int>, CrossEntropyBlock, T, int> _logits;
    private readonly Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<T>, ArrayView<T>,
        ArrayView<int>, ArrayView<T>, CrossEntropyBlock, int, int> _rows;

    private readonly Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<int>, CrossEntropyBlock, T> _gradient;
    private readonly Action<Index1D, ArrayView<T>, ArrayView<T>, CrossEntropyBlock> _addToBias;
    private readonly Action<Index1D, ArrayView<T>, ArrayView<T>, int, int> _sum;
    private readonly Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<T>> _addCompensated;

    private readonly Func<int, int> _tile;
    private readonly MatMulPrecision _precision;
    private readonly ConcurrentDictionary<int, LogitTileLauncher> _tiles = new();

    /// <summary>Compiles.</summary>
    /// <param name="device">The device.</param>
    /// <param name="problem">The problem.</param>
    /// <param name="tile">The side of the tiles of logits, 64 or 128; 0 for the device's own product; null to choose.</param>
    public CrossEntropyLauncher(Device device, CrossEntropyProblem problem, int? tile = null)
    {
        (_device, _p) = (device, problem);
        _precision = device.HasMatrixUnits || tile is not null ? problem.Precision : MatMulPrecision.Float32;
        _tile = typeof(T) == typeof(float) ? pitch => tile ?? LogitTileLauncher.TileFor(device, problem, pitch) : _ => 0;
        (_softcap, _scale) = (T.CreateChecked(problem.Softcap), T.CreateChecked(problem.Scale));
        Action<Index1D, ArrayView<T>, ArrayView<int>, ArrayView<T>, CrossEntropyBlock, T> gather = CrossEntropyKernels.Gather;
        Action<Index1D, ArrayView<T>, ArrayView<int>, ArrayView<T>, CrossEntropyBlock, T> scatter = CrossEntropyKernels.Scatter;
        Action<Index1D, ArrayView<T>, T> fill = CrossEntropyKernels.Fill;
        Action<Index1D, ArrayView<int>, int> fillIntegers = CrossEntropyKernels.Fill;
        Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<int>, CrossEntropyBlock, T, int> logits =
            CrossEntropyKernels.Logits<T, TMath>;
        Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<T>, ArrayView<T>,
            ArrayView<int>, ArrayView<T>, CrossEntropyBlock, int, int> rows = CrossEntropyKernels.Rows<T, TMath>;
        Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<int>, CrossEntropyBlock, T> gradient =
            CrossEntropyKernels.Gradient<T, TMath>;
        Action<Index1D, ArrayView<T>, ArrayView<T>, CrossEntropyBlock> addToBias = CrossEntropyKernels.AddToBias;
        Action<Index1D, ArrayView<T>, ArrayView<T>, int, int> sum = CrossEntropyKernels.Sum;
        Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<T>> addCompensated = CrossEntropyKernels.AddCompensated;
        device.Prepare(gather, scatter, fill, fillIntegers, logits, rows, gradient, addToBias, sum, addCompensated);
        (_gather, _scatter, _fill, _fillIntegers) = (device.Load(gather), device.Load(scatter), device.Load(fill), device.Load(fillIntegers));
        (_logits, _rows, _gradient, _addToBias) = (device.Load(logits), device.Load(rows), device.Load(gradient), device.Load(addToBias));
        (_sum, _addCompensated) = (device.Load(sum), device.Load(addCompensated));
    }

    private static ScalarType Type => typeof(T) == typeof(float) ? ScalarType.Float32 : ScalarType.Float64;

    /// <summary>Bytes of working memory.</summary>
    public long ScratchBytes(bool hasGradients, bool hasTangents) =>
        CrossEntropyScratch<T>.BytesOf(_p, CrossEntropyPlan.Of(_p, hasGradients, hasTangents, _tile));

    /// <summary>The results of rows, the objective, and the gradients that are asked for.</summary>
    /// <exception cref="InvalidTargetException">A target is no class.</exception>
    public void Run(in CrossEntropyOperands<T> x, CancellationToken cancellation)
    {
        CrossEntropyPlan plan = CrossEntropyPlan.Of(_p, x.HasGradients, false, _tile);
        CrossEntropyScratch<T> s = CrossEntropyScratch<T>.In(x.Scratch, _p, plan);
        int count = FindRows(x.Targets, s);
        Clear(x, s, count);
        if (plan.Filters) Fill(x.ClassifierGradient, T.Zero);
        for (int first = 0; first < count; first += plan.Pitch)
        {
            cancellation.ThrowIfCancellationRequested();
            CrossEntropyBlock block = Block(first, count, plan, x.Bias, x.ClassWeights);
            Forward(x, s, block, plan, x.Factors);
            if (x.HasGradients) Backward(x, s, block, plan);
        }

        Finish(x, s);
    }

    private CrossEntropyBlock Block(int first, int count, CrossEntropyPlan plan, ArrayView<T> bias, ArrayView<T> weights) =>
        new(_p.Vocabulary, plan.Pitch, Math.Min(plan.Pitch, count - first), first, _p.Width, plan.Part, _p.Rows, _p.Start,
            bias.Length > 0 ? 1 : 0, weights.Length > 0 ? 1 : 0);

    private int FindRows(ArrayView<int> targets, in CrossEntropyScratch<T> s)
    {
        int[] all = new int[_p.Rows], rows = new int[_p.Rows];
        if (all.Length == 0) return 0;
        KernelArgument source = targets.Argument, copy = s.Targets.Argument, list = s.Rows.Argument;
        _device.Read(source.Memory!, source.Bits, MemoryMarshal.AsBytes(all.AsSpan()));
        int count = RowList.Find(all, _p, rows);
        _device.Write(MemoryMarshal.AsBytes(all.AsSpan()), copy.Memory!, copy.Bits);
        _device.Write(MemoryMarshal.AsBytes(rows.AsSpan()), list.Memory!, list.Bits);
        return count;
    }

    /// <summary>What blocks add to, or leave out, begins as zeros.</summary>
    private void Clear(in CrossEntropyOperands<T> x, in CrossEntropyScratch<T> s, int count)
    {
        Fill(s.Results, T.Zero);
        if (s.Predicted.Length > 0) _fillIntegers(s.Predicted.IntLength, s.Predicted, -1);
        Fill(x.BiasGradient, T.Zero);
        if (count < _p.Rows) Fill(x.EmbeddingGradient, T.Zero);
        if (count == 0 || _p.IsCompensated) Fill(x.ClassifierGradient, T.Zero);
        Fill(s.Lost, T.Zero);
        if (x.KeptTiles.Length > 0) _fillIntegers(x.KeptTiles.IntLength, x.KeptTiles, 0);
    }

    private void Fill(ArrayView<T> view, T value)
    {
        const long most = 1 << 30;
        for (long start = 0; start < view.Length; start += most)
        {
            ArrayView<T> part = view.SubView(start, Math.Min(most, view.Length - start));
            _fill(part.IntLength, part, value);
        }
    }

    /// <summary>A block's logits, and its rows' results.</summary>
    private void Forward(in CrossEntropyOperands<T> x, in CrossEntropyScratch<T> s, CrossEntropyBlock block, CrossEntropyPlan plan,
        ArrayView<T> factors)
    {
        _gather(block.Pitch * _p.Width, x.Embeddings, s.Rows, s.Block, block, _scale);
        ArrayView<T> bias = Or(x.Bias, s.Results), weights = Or(x.ClassWeights, s.Results);
        if (plan.Tile > 0)
        {
            // T is float.
            CrossEntropyScratch<float> single = CrossEntropyScratch<float>.In(x.Scratch, _p, plan);
            LogitTileLauncher tiles = _tiles.GetOrAdd(plan.Tile, side => new(_device, side, _precision));
            tiles.Run(x.Classifier.Cast<float>(), bias.Cast<float>(), weights.Cast<float>(), single, block, plan, float.CreateChecked(_softcap));
            _rows(block.Pitch, s.TargetLogits, s.Partials, s.Best, s.Rows, s.Targets, factors, s.Results, s.Predicted, s.Numbers, block,
                plan.MergedParts, 0);
            return;
        }

        int items = plan.Parts * block.Pitch;
        Product(x.Classifier, s.Block, s.Logits, block, accumulate: false);
        _logits(items, s.Logits, bias, weights, s.Partials, s.Best, block, _softcap, items);
        _rows(block.Pitch, s.Logits, s.Partials, s.Best, s.Rows, s.Targets, factors, s.Results, s.Predicted, s.Numbers, block, plan.Parts,
            block.Pitch);
    }

    private void Backward(in CrossEntropyOperands<T> x, in CrossEntropyScratch<T> s, CrossEntropyBlock block, CrossEntropyPlan plan)
    {
        bool wantsE = x.EmbeddingGradient.Length > 0, wantsC = x.ClassifierGradient.Length > 0;
        bool ofE = wantsE && _p.FilterEmbeddings > 0, ofC = wantsC && _p.FilterClassifier > 0;
        if (_p.TileRows > 0 && (ofE || ofC))
        {
            BackwardByTiles(x, s, block, plan, ofE, ofC);
            return;
        }

        // Where most classes are kept, gathering them costs more than the others do.
        int kept = plan.Filters && (ofE || ofC) ? ListClasses(s, block) : _p.Vocabulary;
        bool gathers = kept < _p.Vocabulary / 2;
        Differentiate(x, s, block);
        if (!(gathers && ofE)) MultiplyEmbeddings(x, s, block);
        if (wantsC && !(gathers && ofC)) MultiplyClassifier(x, s, block, accumulate: block.First > 0 || plan.Filters);
        if (gathers) MultiplyListed(x, s, block, kept, ofE, ofC);
    }

    private void BackwardByTiles(in CrossEntropyOperands<T> x, in CrossEntropyScratch<T> s, CrossEntropyBlock block, CrossEntropyPlan plan, bool ofE,
        bool ofC)
    {
        TestTiles(x, s, block, plan);
        Differentiate(x, s, block);

        // The product that leaves out nothing comes first.
        if (!ofE) MultiplyEmbeddings(x, s, block);
        if (ofC) ClearTiles(x, s, block, plan, 1);
        if (x.ClassifierGradient.Length > 0) MultiplyClassifier(x, s, block, accumulate: block.First > 0);
        if (!ofE) return;
        if (!ofC) ClearTiles(x, s, block, plan, 0);
        MultiplyEmbeddings(x, s, block);
    }

    /// <summary>Logits become the objective's derivative by the products; their sums over rows that by the bias.</summary>
    private void Differentiate(in CrossEntropyOperands<T> x, in CrossEntropyScratch<T> s, CrossEntropyBlock block)
    {
        _gradient(_p.Vocabulary * block.Pitch, s.Logits, Or(x.ClassWeights, s.Logits), s.Numbers, s.Targets, block, _softcap);
        if (x.BiasGradient.Length > 0) _addToBias(_p.Vocabulary, s.Logits, x.BiasGradient, block);
    }

    private void MultiplyEmbeddings(in CrossEntropyOperands<T> x, in CrossEntropyScratch<T> s, CrossEntropyBlock block)
    {
        if (x.EmbeddingGradient.Length == 0) return;
        ArrayView<T> result = s.BlockGradient;
        if (!_p.IsCompensated)
        {
            MultiplyByClasses(s.Logits, x.Classifier, result, block, 0, _p.Vocabulary, accumulate: false);
        }
        else
        {
            int length = block.Count * _p.Width;
            ArrayView<T> part = s.Part.SubView(0, length), sum = result.SubView(0, length), lost = s.LostOfBlock.SubView(0, length);
            Fill(sum, T.Zero);
            Fill(lost, T.Zero);
            for (int v = 0; v < _p.Vocabulary; v += CrossEntropyScratch<T>.CompensatedClasses)
            {
                int classes = Math.Min(CrossEntropyScratch<T>.CompensatedClasses, _p.Vocabulary - v);
                MultiplyByClasses(s.Logits, x.Classifier, part, block, v, classes, accumulate: false);
                _addCompensated(length, part, sum, lost);
            }
        }

        _scatter(block.Count * _p.Width, result, s.Rows, x.EmbeddingGradient, block, _scale);
    }

    private void MultiplyClassifier(in CrossEntropyOperands<T> x, in CrossEntropyScratch<T> s, CrossEntropyBlock block, bool accumulate)
    {
        if (!_p.IsCompensated)
        {
            MultiplyByRows(s.Logits, s.Block, x.ClassifierGradient, block, 0, _p.Vocabulary, accumulate);
            return;
        }

        for (int v = 0; v < _p.Vocabulary; v += CrossEntropyScratch<T>.CompensatedClasses)
        {
            int classes = Math.Min(CrossEntropyScratch<T>.CompensatedClasses, _p.Vocabulary - v), length = classes * _p.Width;
            ArrayView<T> part = s.Part.SubView(0, length);
            MultiplyByRows(s.Logits, s.Block, part, block, v, classes, accumulate: false);
            long start = (long)v * _p.Width;
            _addCompensated(length, part, x.ClassifierGradient.SubView(start, length), s.Lost.SubView(start, length));
        }
    }

    /// <summary>Copies what is wanted of the rows' results, and adds up the objective.</summary>
    private void Finish(in CrossEntropyOperands<T> x, in CrossEntropyScratch<T> s)
    {
        CopyLine(s.Results, 0, x.LogSumExp);
        CopyLine(s.Results, 1, x.TargetLogits);
        CopyLine(s.Results, 2, x.WeightedLogits);
        CopyLine(s.Results, 3, x.BestLogits);
        if (x.Predicted.Length > 0) MatrixProducts.Copy(_device, s.Predicted, x.Predicted);
        if (x.Objective.Length == 0) return;
        if (_p.Rows == 0)
        {
            Fill(x.Objective, T.Zero);
            return;
        }

        _sum(CrossEntropyPlan.SumItems, s.Results.SubView(4L * _p.Rows, _p.Rows), s.Sums, _p.Rows, CrossEntropyPlan.SumItems);
        _sum(1, s.Sums, x.Objective, CrossEntropyPlan.SumItems, 1);
    }

    private void CopyLine(ArrayView<T> lines, int line, ArrayView<T> result)
    {
        if (result.Length > 0) MatrixProducts.Copy(_device, lines.SubView((long)line * _p.Rows, _p.Rows), result);
    }

    /// <summary>z[v, r] (+)= Σ_d c[v, d]·e[r, d].</summary>
    private void Product(ArrayView<T> c, ArrayView<T> e, ArrayView<T> z, CrossEntropyBlock block, bool accumulate) =>
        Gemm((_p.Vocabulary, block.Pitch, _p.Width), (c, _p.Width, 1), (e, 1, _p.Width), (z, block.Pitch, 1), accumulate);

    /// <summary>Of some classes: result[r, d] (+)= Σ_v g[v, r]·c[v, d].</summary>
    private void MultiplyByClasses(ArrayView<T> g, ArrayView<T> c, ArrayView<T> result, CrossEntropyBlock block, int first, int classes,
        bool accumulate) =>
        Gemm((block.Count, _p.Width, classes), (g.From((long)first * block.Pitch), 1, block.Pitch),
            (c.From((long)first * _p.Width), _p.Width, 1), (result, _p.Width, 1), accumulate);

    /// <summary>Of some classes: result[v, d] (+)= Σ_r g[v, r]·e[r, d].</summary>
    private void MultiplyByRows(ArrayView<T> g, ArrayView<T> e, ArrayView<T> result, CrossEntropyBlock block, int first, int classes,
        bool accumulate) =>
        Gemm((classes, _p.Width, block.Count), (g.From((long)first * block.Pitch), block.Pitch, 1), (e, _p.Width, 1),
            (result, _p.Width, 1), accumulate);

    private void Gemm((int M, int N, int K) extents, (ArrayView<T> View, long Row, long Column) a, (ArrayView<T> View, long Row, long Column) b,
        (ArrayView<T> View, long Row, long Column) c, bool accumulate)
    {
        if (extents.N == 0) return;
        _device.Gemm(new GemmProblem(Type, 1, 1, extents.M, extents.N, extents.K, new(0, 0, a.Row, a.Column), new(0, 0, b.Row, b.Column),
            new(0, 0, c.Row, c.Column), accumulate, _p.Precision), a.View.Argument, b.View.Argument, c.View.Argument);
    }

    /// <summary>Kernels take a view for each parameter, also for one that they do not read.</summary>
    private static ArrayView<T> Or(ArrayView<T> view, ArrayView<T> other) => view.Length > 0 ? view : other;
}
