using System.Runtime.Intrinsics;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.Cpu;

/// <summary>Linear cross-entropy in single precision on the CPU's product core.</summary>
internal abstract class CpuCrossEntropy
{
    /// <summary>For one shape.</summary>
    public static CpuCrossEntropy Create(CrossEntropyProblem problem) => CpuGemm.VectorBits switch
    {
        512 => new CpuCrossEntropy<WideKernels<Float512, Vector512<float>, float>>(problem),
        256 => new CpuCrossEntropy<NarrowKernels<Float256, Vector256<float>, float>>(problem),
        _ => new CpuCrossEntropy<NarrowKernels<Float128, Vector128<float>, float>>(problem),
    };

    /// <summary>True for problems that it is for: others go the way of all devices.</summary>
    public static bool Takes(CrossEntropyProblem p) => !p.IsCompensated && p.TileRows == 0 && p.Width > 0;

    /// <summary>As <see cref="CrossEntropyLauncher{T, TMath}.Run"/>.</summary>
    public abstract void Run(in CrossEntropyOperands<float> x, IParallel pool, CancellationToken cancellation);

    /// <summary>Bytes of working memory.</summary>
    public abstract long ScratchBytes(bool hasGradients);
}

/// <summary>The same for one set of tiles.</summary>
/// <remarks>
/// <para>Logits lie class by class, the rows of a block side by side: lanes of vectors. A thread has those of 192 classes at a time, and they never
/// leave its L2. First the largest logits and sums of exponentials are found. Then the same logits are made once more, become derivatives, and both
/// products follow: C's gradient += G·E, and E's gradient += Gᵀ·C, the latter in strips of classes that are summed at the end. So value and
/// gradients take four matrix products, not three; but keeping a block's logits for all classes from the first pass to the second would, within a
/// twentieth of their bytes, leave 80 rows a block: C and its gradient then go through memory 26 times at 2048 rows, and that
/// takes longer (2.5 s where FMA's limit for three products is 1.0 s).</para>
/// <para>Chunks and strips are cut by the shape alone.</para>
/// <para>Classes whose probabilities are below the filter's bound for all rows of the block are left out of the products, one by one; the rest
/// are gathered.</para>
/// </remarks>
internal sealed unsafe partial class CpuCrossEntropy<TKernels> : CpuCrossEntropy
    where TKernels : struct, IMicroKernels<float>
{
    private readonly CrossEntropyProblem _p;
    private readonly Action<int> _forward;
    private readonly Action<int> _backward;
    private readonly Action<int> _scatter;
    private Pointers _x;
    private Block _b;
    private GemmSlab<TKernels, float> _logits;
    private GemmSlab<TKernels, float> _classifier;
    private GemmProblem _logitsProblem;
    private GemmProblem _classifierProblem;

    public CpuCrossEntropy(CrossEntropyProblem problem)
    {
        _p = problem;
        (_forward, _backward, _scatter) = (Forward, Backward, Scatter);
    }

    /// <inheritdoc/>
    public override long ScratchBytes(bool hasGradients) => new CpuCrossEntropyShape(_p, hasGradients).ScratchBytes;

    /// <inheritdoc/>
    public override void Run(in CrossEntropyOperands<float> x, IParallel pool, CancellationToken cancellation)
    {
        CpuCrossEntropyShape shape = new(_p, x.HasGradients);
        _x = new Pointers(x);
        _b = new Block(_p, shape, x.HasGradients, (byte*)Pointers.Of(x.Scratch));
        int count = RowList.Find(new ReadOnlySpan<int>(_x.Targets, _p.Rows), _p, new Span<int>(_b.List, _p.Rows));
        Clear(x, count);
        for (_b.FirstRow = 0; _b.FirstRow < count; _b.FirstRow += shape.Rows)
        {
            cancellation.ThrowIfCancellationRequested();
            _b.Count = Math.Min(shape.Rows, count - _b.FirstRow);
            Gather();
            pool.Run(shape.Strips, _forward);
            Join();
            if (!x.HasGradients) continue;
            pool.Run(shape.Strips, _backward);
            if (_x.EmbeddingGradient != null) pool.Run(_b.Count, _scatter);
        }

        if (_x.Objective != null)
        {
            double sum = 0;
            for (int i = 0; i < _p.Rows; i++) sum += _b.Terms[i];
            *_x.Objective = (float)sum;
        }
    }

    private void Clear(in CrossEntropyOperands<float> x, int count)
    {
        new Span<float>(_b.Terms, _p.Rows).Clear();
        Zero(x.BiasGradient);
        if (count == 0 || _p.FilterClassifier > 0) Zero(x.ClassifierGradient);
        if (count == _p.Rows) return;
        Zero(x.EmbeddingGradient);
        Zero(x.LogSumExp);
        Zero(x.TargetLogits);
        Zero(x.WeightedLogits);
        Zero(x.BestLogits);
        if (_x.Predicted != null) new Span<int>(_x.Predicted, _p.Rows).Fill(-1);
    }

    private static void Zero(ArrayView<float> view)
    {
        const int most = 1 << 28;
        float* x = view.Length == 0 ? null : (float*)Pointers.Of(view.Argument);
        for (long start = 0; start < view.Length; start += most)
            new Span<float>(x + start, (int)Math.Min(most, view.Length - start)).Clear();
    }

    /// <summary>The block's rows of E, scaled and padded with zeros, packed for both products that they take part in.</summary>
    private void Gather()
    {
        int width = _p.Width;
        float scale = (float)_p.Scale;
        for (int r = 0; r < _b.Rows; r++)
        {
            Span<float> to = new(_b.Embeddings + (nint)r * width, width);
            if (r >= _b.Count)
            {
                to.Clear();
                continue;
            }

            ReadOnlySpan<float> from = new(_x.Embeddings + ((long)_b.List[_b.FirstRow + r] * width), width);
            if (scale == 1)
            {
                from.CopyTo(to);
                continue;
            }

            for (int d = 0; d < width; d++) to[d] = scale * from[d];
        }

        _logitsProblem = new(ScalarType.Float32, 1, 1, _p.Vocabulary, _b.Rows, width, new(0, 0, width, 1), new(0, 0, 1, width), new(0, 0, _b.Rows, 1));
        Pack(ref _logits, _logitsProblem, _b.PackedForLogits);
        for (int r = 0; r < _b.Rows; r++)
        {
            int target = r < _b.Count ? _x.Targets[_b.List[_b.FirstRow + r]] - _p.Start : -1;
            _b.Targets[r] = (uint)target < (uint)_p.Vocabulary ? target : -1;
            _b.TargetLogits[r] = 0;
        }

        if (_x.ClassifierGradient == null) return;
        _classifierProblem = new(ScalarType.Float32, 1, 1, _p.Vocabulary, width, _b.Rows, new(0, 0, _b.Rows, 1), new(0, 0, width, 1),
            new(0, 0, width, 1), Accumulate: _b.FirstRow > 0 || _p.FilterClassifier > 0);
        Pack(ref _classifier, _classifierProblem, _b.PackedForClassifier);
    }

    /// <summary>Packs the block's rows of E for a product.</summary>
    private void Pack(ref GemmSlab<TKernels, float> slab, in GemmProblem problem, float* packed)
    {
        slab.SetBatch(problem, null, _b.Embeddings, null, 0, 0);
        slab.SetRange(0, problem.N, 0, problem.K);
        slab.SetPacked(packed);
        for (int block = 0; block < slab.DepthBlocks; block++) slab.PackPanels(block, 0, slab.Panels);
    }

    /// <summary>The first class of a strip; of the one after the last, the end.</summary>
    private int FirstOf(int strip) => (int)((long)_p.Vocabulary * strip / _b.Strips);

    /// <summary>The products of a range of classes.</summary>
    private LogitRows Products(float* logits, int first, int classes)
    {
        GemmSlab<TKernels, float> slab = _logits;
        slab.SetBatch(_logitsProblem, _x.Classifier, _b.Embeddings, logits - ((nint)first * _b.Rows), 0, 0);
        slab.MultiplyBlock(first, classes, 0, slab.Panels);
        return new()
        {
            Logits = logits,
            First = first,
            Classes = classes,
            Rows = _b.Rows,
            Bias = _x.Bias,
            Weights = _x.ClassWeights,
            Softcap = (float)_p.Softcap,
        };
    }

    /// <summary>A strip of classes: what its logits sum to.</summary>
    private void Forward(int strip)
    {
        int end = FirstOf(strip + 1), rows = _b.Rows;
        float* own = ThreadRows.Of((CpuCrossEntropyShape.Classes + 4L) * rows), logits = own + (4L * rows);
        StripSums total = new(_b.Largest + ((nint)strip * rows), _b.Sums + ((nint)strip * rows), _b.Weighted + ((nint)strip * rows),
            _x.Predicted != null || _x.BestLogits != null ? _b.Best + ((nint)strip * rows) : null, rows);
        for (int first = FirstOf(strip), classes; first < end; first += classes)
        {
            classes = Math.Min(CpuCrossEntropyShape.Classes, end - first);
            LogitRows range = Products(logits, first, classes);
            StripSums chunk = new(own, own + rows, own + (2L * rows), total.Best == null ? null : (int*)(own + (3L * rows)), rows);
            range.Sum(chunk.Largest, chunk.Sums, chunk.Weighted, chunk.Best);
            if (first == FirstOf(strip)) total.Set(chunk);
            else total.Add(chunk);
            for (int r = 0; r < _b.Count; r++)
            {
                int v = _b.Targets[r] - first;
                if (_b.Targets[r] >= 0 && (uint)v < (uint)classes) _b.TargetLogits[r] = logits[((nint)v * rows) + r];
            }
        }
    }

    /// <summary>A row of E's gradient: the sum of the strips.</summary>
    private void Scatter(int r)
    {
        int width = _p.Width;
        float scale = (float)_p.Scale;
        Span<float> to = new(_x.EmbeddingGradient + ((long)_b.List[_b.FirstRow + r] * width), width);
        to.Clear();
        for (int s = 0; s < _b.Strips; s++)
        {
            ReadOnlySpan<float> from = new(_b.StripGradients + ((((long)s * _b.Rows) + r) * width), width);
            for (int d = 0; d < width; d++) to[d] += from[d];
        }

        if (scale == 1) return;
        for (int d = 0; d < width; d++) to[d] *= scale;
    }
}
