namespace Cotangent.Kernels.Library;

/// <summary>Attention and its derivatives on a device with groups: float32, any widths. See <see cref="AttentionKernels"/>.</summary>
internal sealed class FlashAttention
{
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<byte>, ArrayView<int>,
        ArrayView<uint>, ArrayView<float>, ArrayView<float>, AttentionShape>? _forward;

    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int>? _deltas;

    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, AttentionExtrasViews, ArrayView<float>,
        ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, AttentionShape>? _keyGradients;

    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, AttentionExtrasViews, ArrayView<float>,
        ArrayView<float>, ArrayView<float>, ArrayView<float>, AttentionShape>? _queryGradients;

    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, AttentionExtrasViews, ArrayView<float>,
        ArrayView<float>, AttentionTangents, ArrayView<float>, ArrayView<float>, AttentionShape>? _tangent;

    private readonly AttentionProblem _problem;
    private readonly AttentionShape _shape;

    private FlashAttention(Device device, in AttentionProblem problem, bool hasDropout, AttentionKernel kernel)
    {
        (_problem, _shape) = (problem, AttentionShape.Of(problem, hasDropout));
        switch (kernel)
        {
            case AttentionKernel.Forward:
                _forward = device.LoadGrouped<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<byte>, ArrayView<int>,
                    ArrayView<uint>, ArrayView<float>, ArrayView<float>, AttentionShape>(AttentionKernels.Forward);
                break;
            case AttentionKernel.Backward:
                Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int> deltas = AttentionKernels.Deltas;
                Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, AttentionExtrasViews, ArrayView<float>, ArrayView<float>, ArrayView<float>,
                    ArrayView<float>, ArrayView<float>, AttentionShape> keys = AttentionKernels.KeyGradients;
                Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, AttentionExtrasViews, ArrayView<float>, ArrayView<float>, ArrayView<float>,
                    ArrayView<float>, AttentionShape> queries = AttentionKernels.QueryGradients;
                device.Prepare(deltas, keys, queries);
                _deltas = device.Load(deltas);
                _keyGradients = device.LoadGrouped(keys);
                _queryGradients = device.LoadGrouped(queries);
                break;
            default:
                _tangent = device.LoadGrouped<ArrayView<float>, ArrayView<float>, ArrayView<float>, AttentionExtrasViews, ArrayView<float>,
                    ArrayView<float>, AttentionTangents, ArrayView<float>, ArrayView<float>, AttentionShape>(AttentionKernels.Tangent);
                break;
        }
    }

    /// <summary>Compiles the kernels of one pass.</summary>
    public static FlashAttention Create(Device device, in AttentionProblem problem, bool hasDropout, AttentionKernel kernel) =>
        new(device, problem, hasDropout, kernel);

    /// <summary>Writes output and log-sum-exp.</summary>
    public void Forward(ArrayView<float> q, ArrayView<float> k, ArrayView<float> v, AttentionExtrasViews extras, ArrayView<float> output,
        ArrayView<float> lse)
    {
        if (lse.Length > 0)
            _forward!(Rows(_problem.Values), q, k, v, extras.Bias, extras.Mask, extras.Lengths, extras.Key, output, lse, _shape);
    }

    /// <summary>Writes dq, dk and dv; deltas is scratch memory of an element a row.</summary>
    public void Backward(ArrayView<float> q, ArrayView<float> k, ArrayView<float> v, AttentionExtrasViews extras, ArrayView<float> output,
        ArrayView<float> lse, ArrayView<float> dOutput, ArrayView<float> dLse, ArrayView<float> deltas, ArrayView<float> dq, ArrayView<float> dk,
        ArrayView<float> dv)
    {
        if (lse.Length > 0)
            _deltas!(new Index1D((int)lse.Length), output, dOutput, dLse, deltas, _shape.Values);
        if (_problem.Batch * _problem.KeyHeads * _problem.Keys > 0)
            _keyGradients!(Keys(), q, k, v, extras, lse, dOutput, deltas, dk, dv, _shape);
        if (lse.Length > 0)
            _queryGradients!(Rows(_problem.Width), q, k, v, extras, lse, dOutput, deltas, dq, _shape);
    }

    /// <summary>Writes the tangents of output and log-sum-exp.</summary>
    public void Tangent(ArrayView<float> q, ArrayView<float> k, ArrayView<float> v, AttentionExtrasViews extras, ArrayView<float> output,
        ArrayView<float> lse, AttentionTangents given, ArrayView<float> dOutput, ArrayView<float> dLse)
    {
        if (lse.Length > 0)
            _tangent!(Rows(_problem.Values), q, k, v, extras, output, lse, given, dOutput, dLse, _shape);
    }

    private KernelConfig Rows(int columns) => new(
        new Index3D(_problem.Batch * _problem.Heads * Tiles(_problem.Queries), Math.Max(1, Tiles(columns)), 1), new Index3D(ScoreBlock.Items, 1, 1));

    private KernelConfig Keys() => new(
        new Index3D(_problem.Batch * _problem.KeyHeads * Tiles(_problem.Keys), Math.Max(1, Tiles(Math.Max(_problem.Width, _problem.Values))), 1),
        new Index3D(ScoreBlock.Items, 1, 1));

    private static int Tiles(int extent) => (extent + ScoreBlock.Tile - 1) / ScoreBlock.Tile;
}

/// <summary>The passes of an attention.</summary>
internal enum AttentionKernel
{
    Forward,
    Backward,
    Tangent,
}
