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
/// <para>A block of rows is 96 at most, lying side by side: lanes of vectors. Its logits are the product C·Eᵀ, chunk of classes by chunk: C is read where it
/// lies, once, E's rows are packed once. While a chunk is in L2 its largest logits and sums of exponentials are found.</para>
/// <para>Then, chunk by chunk again, logits become derivatives, and both products follow while these are in cache: C's gradient += G·E and E's
/// gradient += Gᵀ·C, the latter in strips of classes that are summed at the end. Chunks and strips are cut by the shape alone.</para>
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
        _b = new Block(_p, shape, (byte*)Pointers.Of(x.Scratch));
        int count = RowList.Find(new ReadOnlySpan<int>(_x.Targets, _p.Rows), _p, new Span<int>(_b.List, _p.Rows));
        Clear(x, count);
        for (_b.FirstRow = 0; _b.FirstRow < count; _b.FirstRow += shape.Rows)
        {
            cancellation.ThrowIfCancellationRequested();
            _b.Count = Math.Min(shape.Rows, count - _b.FirstRow);
            Gather();
            pool.Run(shape.Chunks, _forward);
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

        Pack(ref _logits, new(ScalarType.Float32, 1, 1, _p.Vocabulary, _b.Rows, width, new(0, 0, width, 1), new(0, 0, 1, width),
            new(0, 0, _b.Rows, 1)), _x.Classifier, _b.Embeddings, _b.Logits, _b.PackedForLogits);
        if (_x.ClassifierGradient == null) return;
        Pack(ref _classifier, new(ScalarType.Float32, 1, 1, _p.Vocabulary, width, _b.Rows, new(0, 0, _b.Rows, 1), new(0, 0, width, 1),
            new(0, 0, width, 1), Accumulate: _b.FirstRow > 0 || _p.FilterClassifier > 0), _b.Logits, _b.Embeddings, _x.ClassifierGradient,
            _b.PackedForClassifier);
    }

    private static void Pack(ref GemmSlab<TKernels, float> slab, in GemmProblem problem, float* a, float* b, float* c, float* packed)
    {
        slab.SetBatch(problem, a, b, c, 0, 0);
        slab.SetRange(0, problem.N, 0, problem.K);
        slab.SetPacked(packed);
        for (int block = 0; block < slab.DepthBlocks; block++) slab.PackPanels(block, 0, slab.Panels);
    }

    private void Forward(int chunk)
    {
        int first = chunk * CpuCrossEntropyShape.ForwardClasses;
        int classes = Math.Min(CpuCrossEntropyShape.ForwardClasses, _p.Vocabulary - first);
        _logits.MultiplyBlock(first, classes, 0, _logits.Panels);
        nint at = (nint)chunk * _b.Rows;
        Range(first, classes).Sum(_b.Largest + at, _b.Sums + at, _b.Weighted + at,
            _x.Predicted != null || _x.BestLogits != null ? _b.Best + at : null);
    }

    private LogitRows Range(int first, int classes) => new()
    {
        Logits = _b.Logits + ((long)first * _b.Rows),
        First = first,
        Classes = classes,
        Rows = _b.Rows,
        Bias = _x.Bias,
        Weights = _x.ClassWeights,
        Softcap = (float)_p.Softcap,
    };

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
