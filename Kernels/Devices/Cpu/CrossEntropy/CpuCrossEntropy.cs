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
    public abstract long ScratchBytes(CrossEntropyGradients wanted);

    /// <summary>True if logits are not kept from the first pass to the second.</summary>
    public abstract bool MakesLogitsTwice(CrossEntropyGradients wanted);
}

/// <summary>The same for one set of tiles.</summary>
/// <remarks>
/// <para>Logits lie class by class, the rows of a block side by side: lanes of vectors. Blocks of rows go through the classes twice, chunk by chunk of
/// them: a chunk's rows of C and its logits stay in L2.</para>
/// <para>First pass: logits, largest and sum of exponentials of each row. As attention sums values (Dao, FlashAttention-2, 2023), E's gradient is
/// summed here already, with exponentials relative to the largest logit so far; what was summed under a smaller one is scaled down. So C comes from
/// memory once. Second pass: logits, or the exponentials that were kept, become derivatives, and C's gradient += G·E.</para>
/// <para>The logits of blocks of some 96 to 192 rows are kept between the passes, within a twentieth of the bytes of all logits: three matrix products for value and
/// gradients. C is read and its gradient updated once a block. Few rows, which would make up few blocks or too small ones, have their logits made
/// twice: four products. E's gradient waits for the second pass if classes may be left out, or have weights.</para>
/// <para>Blocks, strips and chunks are cut by the shape alone.</para>
/// <para>Classes whose probabilities are below the filter's bound for all rows of the block are left out of the products, one by one; the rest
/// are gathered.</para>
/// </remarks>
internal sealed unsafe partial class CpuCrossEntropy<TKernels> : CpuCrossEntropy
    where TKernels : struct, IMicroKernels<float>
{
    private readonly CrossEntropyProblem _p;
    private readonly Action<int> _forward;
    private readonly Action<int> _backward;
    private readonly Action<int> _classifierOnly;
    private readonly Action<int> _scatter;
    private readonly Action<int> _scatterLanes;
    private readonly Func<int, int> _chunksOf;
    private readonly StripQueue _queue = new();
    private CpuCrossEntropyShape _shape;
    private Pointers _x;
    private Block _b;

    public CpuCrossEntropy(CrossEntropyProblem problem)
    {
        _p = problem;
        (_forward, _backward, _classifierOnly) = (Forward, Backward, BackwardChunk);
        (_scatter, _scatterLanes, _chunksOf) = (Scatter, ScatterLanes, ChunksOf);
    }

    /// <inheritdoc/>
    public override long ScratchBytes(CrossEntropyGradients wanted) => new CpuCrossEntropyShape(_p, wanted).ScratchBytes;

    /// <inheritdoc/>
    public override bool MakesLogitsTwice(CrossEntropyGradients wanted) => new CpuCrossEntropyShape(_p, wanted) is { HasSecondPass: true, Keeps: false };

    /// <inheritdoc/>
    public override void Run(in CrossEntropyOperands<float> x, IParallel pool, CancellationToken cancellation)
    {
        CrossEntropyGradients wanted = new(x.EmbeddingGradient.Length > 0, x.ClassifierGradient.Length > 0, x.BiasGradient.Length > 0);
        _shape = new(_p, wanted);
        _x = new Pointers(x);
        _b = new Block(_p, _shape, wanted, (byte*)Pointers.Of(x.Scratch));
        int count = RowList.Find(new ReadOnlySpan<int>(_x.Targets, _p.Rows), _p, new Span<int>(_b.List, _p.Rows));
        Clear(x, count);
        for (_b.FirstRow = 0; _b.FirstRow < count; _b.FirstRow += _shape.Rows)
        {
            cancellation.ThrowIfCancellationRequested();
            _b.Count = Math.Min(_shape.Rows, count - _b.FirstRow);
            _b.Rows = GemmBlocking.RoundUp(_b.Count, CpuCrossEntropyShape.Lanes);
            Gather();
            SetTargets();
            PackForLogits();
            if (_x.ClassifierGradient != null && !_shape.SharesPanels) PackForClassifier();
            _queue.Begin(_shape.Strips, _chunksOf);
            pool.Run(Math.Min(pool.Threads, _shape.Strips), _forward);
            Join();
            if (_shape.IsEager)
            {
                pool.Run(_b.Rows / Lanes, _scatterLanes);
                if (_shape.HasSecondPass) RunSecondPassOfClassifier(pool);
                continue;
            }

            if (_shape.HasSecondPass) pool.Run(_shape.Strips, _backward);
            if (_x.EmbeddingGradient != null) pool.Run(_b.Count, _scatter);
        }

        if (_x.Objective != null)
        {
            double sum = 0;
            for (int i = 0; i < _p.Rows; i++) sum += _b.Terms[i];
            *_x.Objective = (float)sum;
        }
    }

    /// <summary>The second pass where E's gradient is done: sums of strips and, where logits are kept, E's panels for them are not needed any more.</summary>
    private void RunSecondPassOfClassifier(IParallel pool)
    {
        if (_shape.SharesPanels && _x.ClassifierGradient != null)
        {
            Gather();
            PackForClassifier();
        }

        pool.Run(_shape.Strips * _shape.Chunks(_p.Vocabulary), _classifierOnly);
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

    /// <summary>The block's rows of E, scaled and padded with zeros.</summary>
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
    }

    /// <summary>The targets of the block's rows, −1 for none.</summary>
    private void SetTargets()
    {
        for (int r = 0; r < _b.Rows; r++)
        {
            int target = r < _b.Count ? _x.Targets[_b.List[_b.FirstRow + r]] - _p.Start : -1;
            _b.Targets[r] = (uint)target < (uint)_p.Vocabulary ? target : -1;
            _b.TargetLogits[r] = 0;
        }
    }

    /// <summary>The first class of a strip; of the one after the last, the end.</summary>
    private int FirstOf(int strip) => (int)((long)_p.Vocabulary * strip / _b.Strips);

    private int ChunksOf(int strip) => GemmBlocking.Ceiling(FirstOf(strip + 1) - FirstOf(strip), _shape.Classes);

    private LogitRows Range(float* logits, int first, int classes) => new()
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
