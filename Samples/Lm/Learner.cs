using Cotangent.AutoDiff;
using Cotangent.Kernels;
using Cotangent.Optimizers;

namespace Cotangent.Samples.Lm;

/// <summary>The model while it learns: parameters and optimizer state in one arena, the random key, and the compiled functions over
/// them. All that changes is in State cells, so that one compiled program is one step.</summary>
internal sealed class Learner
{
    private readonly TransformerSizes _sizes;
    private readonly Device _device;
    private readonly AdamW<Transformer> _optimizer;
    private readonly State _key;
    private readonly Func<Tensor, Tensor> _step;
    private readonly Func<Tensor, Tensor> _loss;
    private readonly Func<Tensor, Tensor, Tensor> _nextLogits;
    private readonly PrivateLearner? _private;
    private readonly Func<Transformer, Tensor, Tensor> _apply;

    /// <summary>A new model, or the one of a checkpoint.</summary>
    /// <exception cref="UserErrorException">The checkpoint lacks a tensor, or has it in another shape.</exception>
    public Learner(TrainingOptions options, byte[] text, Device device, Checkpoint? checkpoint)
    {
        (_sizes, _device) = (options.Sizes, device);
        RandomKey[] keys = new RandomKey(options.Seed, device).Split(2);
        _key = new State(checkpoint?.Require("key", [2], DType.UInt32) ?? keys[0].Value.Realize());
        Transformer model = Transformer.Create(_sizes, keys[1], device);
        _optimizer = new AdamW<Transformer>(
            checkpoint is null ? model : Load(checkpoint, model), new AdamWOptions { Beta2 = 0.99, WeightDecay = 0.1, MaximumNorm = 1 });
        if (checkpoint is not null) ImportOptimizer(checkpoint);

        Tensor corpus = Tensor.From(text, device);
        _step = Jit.Compile((Tensor rate) =>
        {
            RandomKey[] next = new RandomKey(_key.Value).Split(2);
            _key.Value = next[0].Value;
            Tensor windows = Batches.Random(corpus, next[1], options.Batch, _sizes.Context);
            (Tensor loss, Transformer gradients) = Diff.ValueAndGrad(
                (Transformer p) => p.Loss(windows, _sizes.Heads, fused: !options.Unfused))(_optimizer.Parameters);
            _optimizer.Step(gradients, rate);
            return loss;
        });
        _private = options.Privacy is { } budget ? new PrivateLearner(options, budget, text, device, checkpoint?.PrivacyState) : null;
        _apply = Jit.Compile((Transformer gradients, Tensor rate) => _optimizer.Step(gradients, rate));
        _loss = Jit.Compile((Tensor windows) => _optimizer.Parameters.Loss(windows, _sizes.Heads, fused: !options.Unfused));
        _nextLogits = Jit.Compile((Tensor window, Tensor last) =>
            _optimizer.Parameters.Logits(window, _sizes.Heads).Reshape(_sizes.Context, -1).Gather(last));
    }

    public long ParameterCount => Trees.Flatten(_optimizer.Parameters).Sum(p => p.Size);

    /// <summary>One optimizer step on a random batch; the batch's loss in nats a byte.</summary>
    public float Step(double rate)
    {
        Tensor rateTensor = Tensor.Scalar(rate, device: _device);
        if (_private is null) return _step(rateTensor).Item<float>();
        (Transformer gradients, float loss) = _private.Step(_optimizer.Parameters);
        _apply(gradients, rateTensor).Realize();
        return loss;
    }

    /// <summary>Of a private run: the account, for a checkpoint.</summary>
    public string? PrivacyState => _private?.State;

    /// <summary>Of a private run: what is spent.</summary>
    public string? Spent() => _private?.Spent();

    /// <summary>Mean bits a byte over windows that tile a text.</summary>
    public double Evaluate(byte[] text, int batch, int limit, CancellationToken cancellation = default)
    {
        double nats = 0, bytes = 0;
        foreach (int[,] rows in Batches.Tiling(text, batch, _sizes.Context, limit))
        {
            cancellation.ThrowIfCancellationRequested();
            int predicted = rows.GetLength(0) * _sizes.Context;
            nats += _loss(Tensor.From(rows, _device)).Item<float>() * (double)predicted;
            bytes += predicted;
        }

        return nats / bytes / Math.Log(2);
    }

    /// <summary>Continues a prompt byte by byte: each drawn from the model's distribution at a temperature.</summary>
    public byte[] Generate(ReadOnlySpan<byte> prompt, int count, double temperature, int seed)
    {
        Random random = new(seed);
        List<byte> text = [.. prompt];
        int[,] window = new int[1, _sizes.Context];
        for (int n = 0; n < count; n++)
        {
            int seen = Math.Min(text.Count, _sizes.Context);
            for (int i = 0; i < seen; i++) window[0, i] = text[text.Count - seen + i];
            float[] logits = _nextLogits(Tensor.From(window, _device), Tensor.Scalar(seen - 1, DType.Int32, _device)).ToArray<float>();
            text.Add(Draw(logits, temperature, random));
        }

        return [.. text];
    }

    /// <summary>Parameters, optimizer state and key by name.</summary>
    public Dictionary<string, Tensor> Export()
    {
        Dictionary<string, Tensor> tensors = new() { ["key"] = _key.Value };
        Transformer parameters = _optimizer.Parameters;
        foreach ((string name, Tensor value) in Trees.Names(parameters).Zip(Trees.Flatten(parameters))) tensors[$"model.{name}"] = value;
        foreach ((string name, Tensor value) in _optimizer.Export()) tensors[$"optimizer.{name}"] = value;
        return tensors;
    }

    private static Transformer Load(Checkpoint checkpoint, Transformer like) => Trees.Rebuild(like,
        [.. Trees.Names(like).Zip(Trees.Flatten(like), (name, value) => checkpoint.Require($"model.{name}", value.Shape, value.DType))]);

    private void ImportOptimizer(Checkpoint checkpoint)
    {
        const string prefix = "optimizer.";
        try
        {
            _optimizer.Import(checkpoint.Tensors.Where(t => t.Key.StartsWith(prefix, StringComparison.Ordinal))
                .ToDictionary(t => t.Key[prefix.Length..], t => t.Value));
        }
        catch (OptimizerException e)
        {
            throw new UserErrorException(e.Message);
        }
    }

    private static byte Draw(float[] logits, double temperature, Random random)
    {
        float top = logits.Max();
        double[] weights = [.. logits.Select(x => Math.Exp((x - top) / temperature))];
        double rest = random.NextDouble() * weights.Sum();
        int choice = 0;
        while (choice < weights.Length - 1 && (rest -= weights[choice]) >= 0) choice++;
        return (byte)choice;
    }
}
