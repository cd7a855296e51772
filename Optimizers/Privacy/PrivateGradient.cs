using System.Text.Json;
using Cotangent.AutoDiff;

namespace Cotangent.Optimizers.Privacy;

/// <summary>A private gradient function: draws a batch, clips and adds up its records' gradients, adds noise once, divides by the expected size, and
/// keeps the account. See <see cref="Private.Wrap"/>.</summary>
/// <remarks>Not safe for concurrent calls.</remarks>
/// <typeparam name="TParameters">A tree of floating tensors. All are trained, and all get noise: keep frozen ones outside.</typeparam>
/// <typeparam name="TRecord">A tree of tensors: a record, or a batch of them along the first axis.</typeparam>
public sealed class PrivateGradient<TParameters, TRecord>
{
    private const string Format = "cotangent-private-gradient/1";
    private readonly Func<TParameters, TRecord, Tensor> _loss;
    private readonly PrivateNoise _noise;
    private readonly CompiledFunction<TParameters, TRecord, (Tensor Mask, Tensor Bound), PrivateSum, (PrivateSum Sum, Tensor Norms)> _accumulate;
    private readonly CompiledFunction<PrivateSum, Tensor, Tensor[], (Tensor[] Gradient, Tensor[] Error)> _release;
    private Action<TParameters, TRecord>? _requireSeparate;
    private Clipping? _clipping;
    private double? _bound;
    private Tensor[]? _error;

    internal PrivateGradient(Func<TParameters, TRecord, Tensor> loss, PrivateOptions options, Action<TParameters, TRecord>? requireSeparate)
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _requireSeparate = requireSeparate;
        (_loss, Options, _noise) = (loss, options, new PrivateNoise(options));
        _accumulate = Jit.Compile((TParameters p, TRecord piece, (Tensor Mask, Tensor Bound) m, PrivateSum sum) =>
        {
            (PrivateSum more, Tensor norms) = ClippedSum(p, piece, m.Mask, m.Bound, isGuarded: false);
            return (sum.Add(more), norms);
        });
        _release = Jit.Compile((PrivateSum sum, Tensor bound, Tensor[] random) => Release(sum, bound, random));
    }

    /// <summary>The options.</summary>
    public PrivateOptions Options { get; }

    /// <summary>The steps made so far.</summary>
    public PrivacyLedger Ledger { get; private set; } = new();

    /// <summary>What the steps made so far have spent at δ.</summary>
    /// <param name="delta">δ in (0, 1), well below 1/records.</param>
    /// <param name="accountant">Who says; <see cref="PrivacyAccountant.Prv"/>, unless given.</param>
    public PrivacyBound Epsilon(double delta, PrivacyAccountant? accountant = null) => (accountant ?? PrivacyAccountant.Prv).Epsilon(Ledger, delta);

    /// <summary>A step's gradient: of a Poisson sample, clipped, with noise, over the expected batch size. It is recorded in the
    /// <see cref="Ledger"/>.</summary>
    /// <param name="parameters">Where the gradient is taken.</param>
    /// <param name="fetch">Numbers of records, Int32 [n] → those records, as the batch of n. Called for pieces of at most
    /// <see cref="PrivateOptions.PieceSize"/>, always as many; numbers may repeat.</param>
    /// <returns>The gradient, like the parameters, and what happened, which is not private.</returns>
    /// <exception cref="NotScalarException">The loss of a record is not a scalar.</exception>
    /// <exception cref="ShapeMismatchException">What was fetched is not one record for each number.</exception>
    public (TParameters Gradient, PrivateStatistics Statistics) Gradient(TParameters parameters, Func<Tensor, TRecord> fetch)
    {
        ArgumentNullException.ThrowIfNull(fetch);
        return Step(parameters, fetch, _noise.Batch(Ledger.Steps));
    }

    /// <summary>The clipped sum of a batch's gradients, without noise: a function of tensors that may be traced, compiled and added up. <b>It is not
    /// private.</b></summary>
    /// <param name="parameters">Where the gradients are taken.</param>
    /// <param name="batch">The records, along the first axis of each tensor.</param>
    /// <param name="mask">Bool [records]: those that count; null for all.</param>
    /// <param name="bound">√ΣC², a Float64 scalar; null for the options'.</param>
    /// <exception cref="ShapeMismatchException">The mask has another number of records than the batch.</exception>
    /// <returns>The sum, and the norms before clipping, Float64 [groups, records]. A record whose gradient is NaN or infinite counts as 0.</returns>
    public (PrivateSum Sum, Tensor Norms) ClippedSum(TParameters parameters, TRecord batch, Tensor? mask = null, Tensor? bound = null) =>
        ClippedSum(parameters, batch, mask, bound, isGuarded: true);

    /// <summary>How each parameter's norms are computed, a line each: what the gradients are products of, and the flops by which the way was chosen.</summary>
    public string Describe(TParameters parameters, TRecord batch)
    {
        IReadOnlyList<string> plan = SampleGradients.Of(_loss, parameters, batch, Options.Method == ClippingMethod.Materialised).Plan(ClippingOf(parameters).IsAlone);
        return string.Join('\n', Trees.Names(parameters).Zip(plan, (name, line) => name.Length == 0 ? line : $"{name}: {line}"));
    }

    /// <summary>All that a checkpoint must keep: numbers and the ledger as text, and tensors by name. With <see cref="ErrorFeedback"/> it is as
    /// confidential as the data.</summary>
    public (string Text, IReadOnlyDictionary<string, Tensor> Tensors) Export()
    {
        Dictionary<string, Tensor> tensors = [];
        for (int i = 0; i < _error?.Length; i++) tensors[$"error.{i}"] = _error[i];
        return (JsonSerializer.Serialize(new Saved(Format, _bound, _error?.Length ?? 0, Ledger.ToJson())), tensors);
    }

    /// <summary>Takes up an exported state: training continues, bit for bit where <see cref="PrivateOptions.Seed"/> is given.</summary>
    /// <exception cref="PrivacyException">The text is not of this class, or a tensor is missing.</exception>
    public void Import(string text, IReadOnlyDictionary<string, Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(tensors);
        Saved? saved;
        try
        {
            saved = JsonSerializer.Deserialize<Saved>(text);
        }
        catch (JsonException e)
        {
            throw new PrivacyException($"The saved private gradient cannot be read: {e.Message}");
        }

        if (saved is not { Format: Format, Ledger: { } ledger } || saved.Bound is <= 0 || saved.Errors < 0)
            throw new PrivacyException($"The saved private gradient is not of the format '{Format}'.");
        PrivacyLedger spent = PrivacyLedger.FromJson(ledger);
        Tensor[] error = [.. Enumerable.Range(0, saved.Errors).Select(i => tensors.GetValueOrDefault($"error.{i}")
            ?? throw new PrivacyException($"The saved private gradient has no tensor 'error.{i}'."))];
        (Ledger, _bound, _error) = (spent, saved.Bound, error.Length == 0 ? null : error);
    }

    /// <summary>As the public one; unguarded, a record whose gradient is NaN or infinite may make the sum NaN, and is only counted.</summary>
    internal (PrivateSum Sum, Tensor Norms) ClippedSum(TParameters parameters, TRecord batch, Tensor? mask, Tensor? bound, bool isGuarded)
    {
        Clipping clipping = ClippingOf(parameters);
        _requireSeparate?.Invoke(parameters, batch);
        _requireSeparate = null;
        SampleGradients gradients = SampleGradients.Of(_loss, parameters, batch, Options.Method == ClippingMethod.Materialised);
        mask ??= Tensor.Full([gradients.Examples], 1, DType.Bool, gradients.Losses.Device);
        if (mask.Shape != [gradients.Examples])
        {
            throw new ShapeMismatchException($"private gradient: the batch has {gradients.Examples} records and the mask the shape {mask.Shape}; they must " +
                "be as many. A function that fetches records must return one for each number that it is given.");
        }

        return clipping.Sum(gradients, mask, bound ?? Tensor.Scalar(clipping.Total, DType.Float64, gradients.Losses.Device), isGuarded);
    }

    /// <summary>As <see cref="Gradient"/>, of given records.</summary>
    internal (TParameters Gradient, PrivateStatistics Statistics) Step(TParameters parameters, Func<Tensor, TRecord> fetch, int[] records)
    {
        Clipping clipping = ClippingOf(parameters);
        Tensor[] leaves = Trees.Flatten(parameters);
        double bound = _bound ??= clipping.Total;
        Tensor boundTensor = Tensor.Scalar(bound, DType.Float64, leaves[0].Device).Realize();
        PrivateSum sum = Clipping.Empty(leaves, Options.ErrorFeedback is not null);
        int rejected = 0;
        foreach (int[] chunk in records.Chunk(Options.PieceSize))
        {
            // The program is the one without guards; a piece with records to be rejected is computed again without them.
            for (int[] piece = chunk; piece.Length > 0;)
            {
                (PrivateSum next, Tensor norms) = Accumulate(parameters, fetch, piece, boundTensor, sum);
                int[] sound = Sound(piece, norms);
                if (sound.Length == piece.Length) sum = next;
                rejected += piece.Length - sound.Length;
                piece = sound.Length == piece.Length ? [] : sound;
            }
        }

        // The data have been looked at: the step counts from here on, whatever happens to its result.
        long step = Ledger.Steps;
        Ledger.Record(Options.SampleRate, Options.NoiseMultiplier);
        Tensor[] random = Options.NoiseMultiplier == 0 ? []
            : Options.Source == RandomSource.Seed ? [_noise.GradientKey(step).To(leaves[0].Device).Realize()]
            : PrivateNoise.FromSystem(sum.Sum);
        if (Options.ErrorFeedback is not null) random = [.. random, .. _error ?? Clipping.Empty(leaves, true).Raw];
        (Tensor[] gradient, Tensor[] error) = _release.Invoke(sum, boundTensor, random);
        if (error.Length > 0) _error = error;

        int unclipped = (int)sum.Unclipped.Item<double>();
        if (Options.Adaptive is { } adaptive)
        {
            double noisy = unclipped + (Options.NoiseMultiplier == 0 ? 0 : Options.CountNoise * _noise.Count(step));
            _bound = adaptive.Next(bound, noisy / Options.ExpectedBatch);
        }

        PrivateStatistics statistics = new(records.Length, unclipped, rejected, sum.Loss.Item<double>() / (records.Length - rejected), bound,
            Options.GradientNoise * Sensitivity(bound) / Options.ExpectedBatch);
        return (Trees.Rebuild(parameters, [.. gradient.Select((g, i) => g.Cast(leaves[i].DType))]), statistics);
    }

    // Adds a piece to a sum. Pieces are all of one size, so that one program serves: the last is filled up with records that do not count.
    private (PrivateSum Sum, Tensor Norms) Accumulate(
        TParameters parameters, Func<Tensor, TRecord> fetch, int[] piece, Tensor bound, PrivateSum sum)
    {
        int[] padded = [.. piece, .. Enumerable.Repeat(piece[0], Options.PieceSize - piece.Length)];
        bool[] counts = [.. padded.Select((_, i) => i < piece.Length)];
        return _accumulate.Invoke(parameters, fetch(Tensor.From(padded, bound.Device)), (Tensor.From(counts, bound.Device), bound), sum);
    }

    // The records of a piece whose norms are finite in all groups.
    private static int[] Sound(int[] piece, Tensor norms)
    {
        double[] values = norms.ToArray<double>();
        int width = norms.Shape[1];
        return [.. piece.Where((_, i) => Enumerable.Range(0, norms.Shape[0]).All(g => double.IsFinite(values[g * width + i])))];
    }

    /// <summary>The mean over the expected batch with noise; with error feedback, what is fed back is added and the rest is kept.</summary>
    /// <param name="sum">The sum over all pieces.</param>
    /// <param name="bound">√ΣC², a Float64 scalar.</param>
    /// <param name="random">The noise's key or the normals themselves, then the errors so far.</param>
    internal (Tensor[] Gradient, Tensor[] Error) Release(PrivateSum sum, Tensor bound, Tensor[] random)
    {
        int count = sum.Sum.Length;
        Tensor[] mean = [.. sum.Sum.Select(s => s / Options.ExpectedBatch)], error = [];
        double feedback = Options.ErrorFeedback is null ? 0 : FeedbackBound;
        if (Options.ErrorFeedback is not null)
        {
            Tensor[] e = random[^count..];
            random = random[..^count];
            Tensor norm = Clip.GlobalNorm(e), scale = Tensor.Where(norm <= feedback, Tensor.OnesLike(norm), feedback / norm);
            mean = [.. mean.Select((m, i) => m + e[i] * scale.Cast(e[i].DType))];
            error = [.. mean.Select((m, i) => e[i] + sum.Raw[i] / Options.ExpectedBatch - m)];
        }

        if (random.Length == 0) return (mean, error);
        Tensor deviation = bound * (Options.GradientNoise * Sensitivity(1) / Options.ExpectedBatch);
        if (Options.Source != RandomSource.Seed) return (Noisy(mean, random, deviation), error);
        Tensor[] normal = PrivateNoise.FromKey(random[0], sum.Sum);
        if (Options.ErrorFeedback is not null) return (Noisy(mean, normal, deviation), error);

        // Most tensors need no normals in memory.
        Tensor scales = Tensor.Stack(0, (1 / Options.ExpectedBatch * Tensor.OnesLike(deviation)).Cast(DType.Float32), deviation.Cast(DType.Float32));
        Tensor?[] added = PrivateNoise.Added(random[0], sum.Sum, scales);
        return ([.. Noisy(mean, normal, deviation).Select((slow, i) => added[i] ?? slow)], error);

        static Tensor[] Noisy(Tensor[] mean, Tensor[] normal, Tensor deviation) => [.. mean.Select((m, i) => m + normal[i] * deviation.Cast(m.DType))];
    }

    private double FeedbackBound => Options.ErrorFeedback?.Bound ?? _clipping!.Total;

    // Of a sum clipped to a bound; with error feedback as the authors calibrate it.
    private double Sensitivity(double bound) => Options.ErrorFeedback is null ? bound : bound * Math.Sqrt(1 + 2 * FeedbackBound / _clipping!.Total);

    private Clipping ClippingOf(TParameters parameters) => _clipping ??= new Clipping(Trees.Names(parameters), Options);

    private sealed record Saved(string Format, double? Bound, int Errors, string Ledger);
}
