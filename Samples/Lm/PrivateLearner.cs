using System.Globalization;
using Cotangent.Kernels;
using Cotangent.Optimizers.Privacy;

namespace Cotangent.Samples.Lm;

/// <summary>Private gradients of the model: a record is a window of the text, and the windows do not overlap.</summary>
internal sealed class PrivateLearner
{
    // The spent budget is computed this many times a run: composing losses takes a good part of a second.
    private const int Accounts = 20;

    // What the logits of a piece may take; their derivatives take as much again.
    private const long MostLogitBytes = 256 << 20;
    private readonly PrivateGradient<Transformer, Tensor> _gradient;
    private readonly PrivacyBudget _budget;
    private readonly Func<Tensor, Tensor> _windows;
    private readonly int _steps;
    private (long Until, double Epsilon) _spent = (0, 0);
    private float _lastLoss;

    public PrivateLearner(TrainingOptions options, PrivacyBudget budget, byte[] text, Device device, string? state)
    {
        int length = options.Sizes.Context + 1;
        (_budget, _steps) = (budget, options.Steps);
        PrivateOptions how = budget.Options(Records(text.Length, options.Sizes.Context), options.Batch, options.Seed);
        bool? fused = options.Unfused ? false : IsCut(options, how.PieceSize) ? true : null;
        _gradient = Private.Wrap((Transformer p, Tensor window) => p.Loss(window.Unsqueeze(0), options.Sizes.Heads, fused: fused), how);
        if (state is not null)
        {
            try
            {
                _gradient.Import(state, new Dictionary<string, Tensor>());
            }
            catch (PrivacyException e)
            {
                throw new UserErrorException(e.Message);
            }
        }

        Tensor corpus = Tensor.From(text, device), within = Tensor.Arange(length).To(device).Realize();
        _windows = Jit.Compile((Tensor numbers) => corpus.Gather((numbers * length).Unsqueeze(1) + within).Cast(DType.Int32));
    }

    /// <summary>True if logits are not held: the head's norms then make them again, and so does its sum where it is clipped with other parameters, one or two more
    /// products than three. That is slower, so it is done where it is asked for or they would fill memory.</summary>
    public static bool IsCut(TrainingOptions options, int windows) =>
        options.CutHead || (long)sizeof(float) * windows * options.Sizes.Context * options.Sizes.Vocabulary > MostLogitBytes;

    /// <summary>The windows of a text.</summary>
    public static long Records(int length, int context) => length / (context + 1);

    /// <summary>What a checkpoint keeps of the account.</summary>
    public string State => _gradient.Export().Text;

    /// <summary>A step's gradient, and the mean loss of its windows; of an empty batch, the loss before.</summary>
    public (Transformer Gradient, float Loss) Step(Transformer parameters)
    {
        (Transformer gradient, PrivateStatistics s) = _gradient.Gradient(parameters, _windows);
        if (s.Records > s.Rejected) _lastLoss = (float)s.Loss;
        return (gradient, _lastLoss);
    }

    /// <summary>The budget spent so far, a bound from above.</summary>
    public string Spent()
    {
        if (_gradient.Ledger.Steps > _spent.Until)
        {
            long stride = Math.Max(1, _steps / Accounts), until = Math.Min(_steps, (_gradient.Ledger.Steps + stride - 1) / stride * stride);
            PrivacyPhase one = _gradient.Ledger.Phases[0] with { Steps = until };
            _spent = (until, PrivacyAccountant.Prv.Epsilon(new PrivacyLedger(one), _budget.Delta).Upper);
        }

        return string.Create(CultureInfo.InvariantCulture, $"ε ≤ {_spent.Epsilon:F2} of {_budget.Epsilon:0.##} at δ {_budget.Delta:0.#e0}");
    }
}
