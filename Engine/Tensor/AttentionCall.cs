using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent;

/// <summary>An attention with its operands brought to one form: q [batch, heads, queries, width], k [batch, key heads, keys, width],
/// v [batch, key heads, keys, values], what depends on cells [batch or 1, heads or 1, queries or 1, keys or 1].</summary>
internal sealed class AttentionCall
{
    /// <summary>Queries times keys from which the fused form is faster than the composed one.</summary>
    private const long FusedCells = 96 * 96;

    /// <summary>The same on the CPU for heads of up to <see cref="WidestShort"/> columns.</summary>
    private const long FusedCellsOnCpu = 64 * 64;

    private const int WidestShort = 128;

    /// <summary>The widest heads whose scores are computed once a pass: columns of a tile of the kernels.</summary>
    private const int WidestFused = 64;

    /// <summary>Bytes of scores that are not to be held.</summary>
    private const long MostScoreBytes = 64 << 20;

    private readonly AttentionOptions _options;
    private readonly Shape _rows;
    private readonly DType _result;
    private readonly double _scale;
    private readonly Tensor _q;
    private readonly Tensor _k;
    private readonly Tensor _v;
    private readonly Tensor? _bias;
    private readonly Tensor? _mask;
    private readonly Tensor? _lengths;

    public AttentionCall(Tensor q, Tensor k, Tensor v, AttentionOptions options)
    {
        _options = options;
        string shapes = $"attention: q {q.Shape}, k {k.Shape} and v {v.Shape}";
        Check(shapes, q, k, v, options);
        _result = Tensor.CommonDType("attention", [q, k, v]).Floating();
        DType wide = _result is DType.Float16 or DType.BFloat16 ? DType.Float32 : _result;
        _scale = options.Scale ?? 1 / Math.Sqrt(q.Shape[^1]);

        int rank = Math.Max(3, Math.Max(q.Rank, Math.Max(k.Rank, v.Rank)));
        Shape qs = Padded(q.Shape, rank), ks = Padded(k.Shape, rank), vs = Padded(v.Shape, rank);
        int keyHeads = ks[^3] == 1 ? vs[^3] : ks[^3], heads = qs[^3] == 1 ? keyHeads : qs[^3];
        if ((vs[^3] != keyHeads && vs[^3] != 1) || (keyHeads == 0 ? heads != 0 : heads % keyHeads != 0))
        {
            throw new ShapeMismatchException($"{shapes}: {ks[^3]} heads of keys and {vs[^3]} of values do not divide {qs[^3]} heads of " +
                "queries.");
        }

        Shape batch = Batch(shapes, qs, ks, vs);
        int count = (int)batch.Size;
        _rows = [.. batch, heads, qs[^2]];
        _q = Canonical(q, wide, batch, heads);
        _k = Canonical(k, wide, batch, keyHeads);
        _v = Canonical(v, wide, batch, keyHeads);
        Shape cells = [.. batch, heads, qs[^2], ks[^2]];
        _bias = options.Bias is { } bias ? Cells("bias", bias.Cast(wide), cells) : null;
        _mask = options.Mask is { } mask ? Cells("mask", mask, cells) : null;
        _lengths = options.Lengths?.Cast(DType.Int32).BroadcastTo(batch).Reshape(count);
        if (q.Rank == 2 && k.Rank == 2 && v.Rank == 2) _rows = [qs[^2]];
    }

    /// <summary>True if there are kernels for the fused form.</summary>
    public bool CanFuse => _q.DType == DType.Float32;

    /// <summary>True where the fused form is the one to take unless the caller says which.</summary>
    /// <remarks>
    /// <para>Memory first: on a device whose groups run the kernels, scores that would take <see cref="MostScoreBytes"/> are never held, since
    /// training holds several such matrices a layer.</para>
    /// <para>Then time, from <see cref="FusedCells"/> on, on the CPU from <see cref="FusedCellsOnCpu"/> on. On the CPU (1.0 to 3.8 × for value and
    /// gradient), and on a processor behind OpenCL (1.1 to 2 × at 64 columns), that was measured. On a GPU it is a count: the composed form moves
    /// a dozen float32 numbers a cell in value and gradient, the fused one none, but it computes nine products where the other computes six; with heads of up to <see cref="WidestFused"/> columns the numbers cost more.
    /// Wider heads compute their scores once for each 64 columns, and products on matrix units are several times faster than the fused
    /// kernels': there, memory alone decides.</para>
    /// </remarks>
    public bool PrefersFused
    {
        get
        {
            Device device = _q.Node.Device;
            long cells = (long)_q.Shape[2] * _k.Shape[2];
            int widest = Math.Max(_q.Shape[3], _v.Shape[3]);
            if (device.Kind == DeviceKind.Cpu) return cells >= (widest <= WidestShort ? FusedCellsOnCpu : FusedCells);
            if (device.LargestProductTile == 0) return false;
            if (sizeof(float) * cells * _q.Shape[0] * _q.Shape[1] >= MostScoreBytes) return true;
            bool onMatrixUnits = device.HasMatrixUnits
                && (Tensor.MatMulPrecision != MatMulPrecision.Float32 || _result is DType.Float16 or DType.BFloat16);
            return !onMatrixUnits && cells >= FusedCells && widest <= WidestFused;
        }
    }

    /// <summary>The fused form: output and log-sum-exp.</summary>
    public (Tensor Output, Tensor LogSumExp) Fused()
    {
        AttentionExtras extras = (_bias is null ? 0 : AttentionExtras.Bias) | (_mask is null ? 0 : AttentionExtras.Mask)
            | (_lengths is null ? 0 : AttentionExtras.Lengths) | (_options.Dropout > 0 ? AttentionExtras.Key : 0);
        AttentionForm form = new(_scale, _options.Causal, _options.Window ?? 0, _options.Dropout, Math.Max(1, _q.Shape[0]), extras);
        Tensor? key = _options.Dropout > 0 ? _options.Key!.Value.Reshape(1, 2) : null;
        Node[] inputs = [.. new[] { _q, _k, _v, _bias, _mask, _lengths, key }.OfType<Tensor>().Select(t => t.Node)];
        AttentionAttributes call = new(form);
        return (Result(new Node(Ops.Attention, [.. inputs], call), _v.Shape[^1]),
            Result(new Node(Ops.Attention, [.. inputs], call.At(AttentionAttributes.LogSumExp)), null));
    }

    /// <summary>The same of primitives, with a matrix of scores.</summary>
    public (Tensor Output, Tensor LogSumExp) Composed()
    {
        (int batch, int heads, int queries, int keys) = (_q.Shape[0], _q.Shape[1], _q.Shape[2], _k.Shape[2]);
        int keyHeads = _k.Shape[1], group = keyHeads == 0 ? 1 : heads / keyHeads;
        Shape cells = [batch, keyHeads, group, queries, keys];
        Tensor q = _q.Reshape(batch, keyHeads, group, queries, _q.Shape[3]);
        Tensor scores = q.MatMul(_k.Unsqueeze(2).Transpose()) * _scale;
        if (_bias is not null) scores += Grouped(_bias, keyHeads, group);
        Tensor? seen = Seen(keyHeads, group);
        if (seen is not null) scores = Tensor.Where(seen, scores, double.NegativeInfinity);

        // A row that sees nothing has the largest score −∞: relative to 0 its weights are 0.
        Tensor largest = scores.StopGradient().Max(-1, keepDims: true);
        Tensor reference = Tensor.Where(largest.Equal(double.NegativeInfinity), 0, largest);
        Tensor weights = (scores - reference).Exp(), sum = weights.Sum(-1, keepDims: true);
        Tensor isEmpty = sum.Equal(0), divisor = Tensor.Where(isEmpty, 1, sum);
        Tensor lse = Tensor.Where(isEmpty, double.NegativeInfinity, divisor.Log() + reference);
        weights /= divisor;
        if (_options.Dropout > 0)
        {
            float keep = 1 - (float)_options.Dropout;
            Tensor kept = _options.Key!.Bernoulli(Tensor.Scalar(keep), [batch, heads, queries, keys]).Reshape(cells);
            weights = Tensor.Where(kept, weights * (1.0 / keep), 0);
        }

        return (Result(weights.MatMul(_v.Unsqueeze(2)).Node, _v.Shape[^1]), Result(lse.Node, null));
    }

    /// <summary>Which cells are seen; null if all are.</summary>
    private Tensor? Seen(int keyHeads, int group)
    {
        int queries = _q.Shape[2], keys = _k.Shape[2];
        Shape plane = [queries, keys];
        Tensor? seen = null;
        Tensor own = Tensor.Iota(plane, 0) + (keys - queries), key = Tensor.Iota(plane, 1);
        if (_options.Causal) And(key <= own);
        if (_options.Window is { } window) And(own - key < window & (key - own < window));
        if (_lengths is not null) And(Tensor.Iota([1, 1, 1, 1, keys], 4) < _lengths.Reshape(-1, 1, 1, 1, 1));
        if (_mask is not null) And(Grouped(_mask, keyHeads, group));
        return seen;

        void And(Tensor other) => seen = seen is null ? other : seen & other;
    }

    private static Tensor Grouped(Tensor cells, int keyHeads, int group) => cells.Shape[1] == 1
        ? cells.Unsqueeze(2)
        : cells.Reshape(cells.Shape[0], keyHeads, group, cells.Shape[2], cells.Shape[3]);

    /// <summary>A node by rows in the shape and dtype of the call's.</summary>
    private Tensor Result(Node n, int? width) =>
        new Tensor(n).Reshape(width is { } w ? Shape.From(_rows.Append(w)) : _rows).Cast(width is null && _result != _q.DType ? _q.DType : _result);

    private static Tensor Canonical(Tensor x, DType type, Shape batch, int heads)
    {
        Shape shape = [.. batch, heads, x.Shape[^2], x.Shape[^1]];
        return x.Cast(type).BroadcastTo(shape).Reshape((int)batch.Size, heads, x.Shape[^2], x.Shape[^1]);
    }

    /// <summary>What depends on cells, with one batch axis.</summary>
    private static Tensor Cells(string what, Tensor x, Shape cells)
    {
        bool fits = x.Rank <= cells.Rank && x.Shape.Select((n, i) => n == 1 || n == cells[cells.Rank - x.Rank + i]).All(ok => ok);
        if (!fits) throw new ShapeMismatchException($"attention: the {what} {x.Shape} does not broadcast to {cells}.");
        Shape shape = Padded(x.Shape, cells.Rank), tail = [.. shape.TakeLast(3)];
        bool isShared = shape.SkipLast(3).All(n => n == 1);
        Shape batch = isShared ? [1] : [(int)Shape.From(cells.SkipLast(3)).Size];
        return (isShared ? x : x.BroadcastTo([.. cells.SkipLast(3), .. tail])).Reshape(Shape.From(batch.Concat(tail)));
    }

    private static Shape Padded(Shape shape, int rank) => [.. Enumerable.Repeat(1, Math.Max(0, rank - shape.Rank)), .. shape];

    private static Shape Batch(string shapes, params Shape[] operands)
    {
        int[] batch = [.. operands[0].SkipLast(3)];
        foreach (Shape operand in operands.Skip(1))
        {
            for (int i = 0; i < batch.Length; i++)
            {
                if (batch[i] != operand[i] && batch[i] != 1 && operand[i] != 1)
                    throw new ShapeMismatchException($"{shapes}: the axes before the heads' do not broadcast.");
                if (batch[i] == 1) batch[i] = operand[i];
            }
        }

        return Shape.Create(batch);
    }

    private static void Check(string shapes, Tensor q, Tensor k, Tensor v, AttentionOptions options)
    {
        if (q.Rank < 2 || k.Rank < 2 || v.Rank < 2)
            throw new ShapeMismatchException($"{shapes} need two axes at least: time and width.");
        if (q.Shape[^1] != k.Shape[^1])
            throw new ShapeMismatchException($"{shapes}: q and k must have the same width.");
        if (k.Shape[^2] != v.Shape[^2]) throw new ShapeMismatchException($"{shapes}: k and v must have as many rows.");
        if (options.Causal && q.Shape[^2] > k.Shape[^2])
            throw new ShapeMismatchException($"{shapes}: causal attention needs at least as many keys as queries.");
        if (options.Mask is { DType: not DType.Bool } mask)
            throw new DTypeMismatchException($"attention: the mask is {mask.DType}; it must be Bool, true for what is seen.");
        if (options.Lengths is { } lengths && !lengths.DType.IsInteger())
            throw new DTypeMismatchException($"attention: lengths are {lengths.DType}; they must be integers.");
        if (options.Window is < 1)
            throw new ArgumentOutOfRangeException(nameof(options), $"attention: the window is {options.Window}; it must be 1 or more.");
        if (options.Dropout is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(options), $"attention: dropout is {options.Dropout}; it must be in [0, 1).");
        if (options.Dropout > 0 && options.Key is null)
            throw new ArgumentException("attention: dropout needs a Key, which decides what is kept.", nameof(options));
    }
}
