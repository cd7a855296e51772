namespace Cotangent.Graph;

/// <summary>Inputs of an attention beside queries, keys and values, in this order.</summary>
[Flags]
internal enum AttentionExtras : byte
{
    None = 0,

    /// <summary>Added to the scores: [batch, heads, queries, keys], each extent the call's or 1.</summary>
    Bias = 1,

    /// <summary>Bool, which cells are seen: as the bias.</summary>
    Mask = 2,

    /// <summary>Int32 [batch]: how many keys of each batch are seen.</summary>
    Lengths = 4,

    /// <summary>UInt32 [n, 2]: the dropout's keys.</summary>
    Key = 8,
}

/// <summary>What an attention computes, apart from its operands.</summary>
/// <param name="Scale">What products of queries and keys are multiplied by.</param>
/// <param name="Causal">No query sees a key behind its own; the last query stands at the last key.</param>
/// <param name="Window">A query sees keys at a distance less than this; 0 for all.</param>
/// <param name="Dropout">The probability with which a weight becomes 0.</param>
/// <param name="DropoutBatch">Batches whose cells dropout numbers together: fewer than the call's where a batch of calls was
/// folded.</param>
/// <param name="Extras">The inputs beside q, k and v.</param>
internal sealed record AttentionForm(
    double Scale, bool Causal, int Window, double Dropout, int DropoutBatch, AttentionExtras Extras)
{
    public const int Q = 0, K = 1, V = 2;

    /// <summary>The number of q, k, v and what is beside them.</summary>
    public int Inputs => 3 + Count(Extras);

    /// <summary>The input that an extra is; −1 if it is absent.</summary>
    public int At(AttentionExtras extra) => Extras.HasFlag(extra) ? 3 + Count(Extras & (extra - 1)) : -1;

    private static int Count(AttentionExtras extras) => System.Numerics.BitOperations.PopCount((uint)extras);
}

/// <summary>A call of attention or of one of its derivatives.</summary>
internal abstract record AnyAttention(AttentionForm Form) : CallAttributes;

/// <summary>The call of attention: q, k, v, extras → output, log-sum-exp.</summary>
internal sealed record AttentionAttributes(AttentionForm Form) : AnyAttention(Form)
{
    public const int Value = 0, LogSumExp = 1;

    /// <summary>True if the output is [batch, queries, heads, values], as a layer's next product wants it. Set by <see cref="Fusion.HeadLayouts"/>.</summary>
    public bool IsByTime { get; init; }

    /// <inheritdoc/>
    public override int OutputCount => 2;
}

/// <summary>The gradient: q, k, v, extras, output, log-sum-exp, the output's cotangent, that of the log-sum-exp → the cotangents of q, k, v.</summary>
/// <param name="Form">The attention.</param>
/// <param name="HasLogSumExp">False if the log-sum-exp's cotangent is zero, as where nobody uses it: it is no input then.</param>
internal sealed record AttentionGradAttributes(AttentionForm Form, bool HasLogSumExp = true) : AnyAttention(Form)
{
    /// <summary>Inputs beside q, k, v and the extras.</summary>
    public int More => HasLogSumExp ? 4 : 3;

    /// <summary>The input that is the output's cotangent.</summary>
    public int OutputCotangent => Form.Inputs + 2;

    /// <summary>The input that is the log-sum-exp's cotangent; −1 if it is zero.</summary>
    public int LogSumExpCotangent => HasLogSumExp ? Form.Inputs + 3 : -1;

    /// <summary>True if there is one output, [batch, time, 3, heads, width], with the cotangents of q, k and v, which have one shape: as a layer's
    /// product of all three wants them. Set by <see cref="Fusion.HeadLayouts"/>.</summary>
    public bool IsStacked { get; init; }

    /// <inheritdoc/>
    public override int OutputCount => IsStacked ? 1 : 3;
}

/// <summary>The tangent: q, k, v, extras, output, log-sum-exp, tangents of some of q, k, v, bias → the tangents of output and
/// log-sum-exp.</summary>
/// <param name="Form">The attention.</param>
/// <param name="Given">The tangents given, as bits: 1 for q, 2 for k, 4 for v, 8 for the bias.</param>
internal sealed record AttentionTangentAttributes(AttentionForm Form, int Given) : AnyAttention(Form)
{
    public const int Bias = 3;

    /// <inheritdoc/>
    public override int OutputCount => 2;

    /// <summary>The input that is the tangent of q, k, v or the bias; −1 if it is zero.</summary>
    public int At(AttentionForm form, int which) => (Given >> which & 1) == 0 ? -1
        : form.Inputs + 2 + System.Numerics.BitOperations.PopCount((uint)(Given & ((1 << which) - 1)));
}
