using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Attention;

/// <summary>An attention with random operands: one table serves values, all derivatives, batching and memory.</summary>
/// <param name="Name">The name.</param>
/// <param name="Q">The shape of q.</param>
/// <param name="K">The shape of k.</param>
/// <param name="Values">The width of v.</param>
/// <param name="Options">From the bias, which is differentiated too.</param>
internal sealed record AttentionCase(string Name, Shape Q, Shape K, int Values, Func<Tensor?, AttentionOptions> Options)
{
    /// <summary>The shape of the bias; null for none.</summary>
    public Shape? Bias { get; init; }

    /// <summary>Roundings of the largest element that an error may be, apart from the composed form's.</summary>
    public double Roundings { get; init; } = 64;

    /// <summary>What the operands are multiplied by.</summary>
    public double Size { get; init; } = 1;

    public static IReadOnlyList<AttentionCase> All { get; } =
    [
        new("plain", [2, 3, 40, 16], [2, 3, 40, 16], 16, _ => new()),
        new("causal", [1, 2, 200, 64], [1, 2, 200, 64], 64, _ => new() { Causal = true }),
        new("causal, many blocks", [1, 1, 431, 32], [1, 1, 431, 32], 48, _ => new() { Causal = true }),
        new("odd extents", [1, 2, 37, 13], [1, 2, 53, 13], 7, _ => new() { Causal = true }),
        new("no batch, no heads", [30, 8], [50, 8], 8, _ => new()),
        new("many heads, whole strips", [2, 8, 128, 16], [2, 8, 128, 16], 16, _ => new() { Causal = true }),
        new("many heads, grouped", [4, 8, 100, 24], [4, 4, 109, 24], 24, _ => new() { Causal = true }),
        new("width 1", [1, 2, 40, 1], [1, 2, 40, 1], 1, _ => new() { Causal = true }),
        new("window, low tiles", [1, 1, 260, 8], [1, 1, 290, 8], 64, _ => new() { Causal = true, Window = 70 }),
        new("one query", [2, 2, 1, 64], [2, 2, 300, 64], 64, _ => new() { Causal = true }),
        new("one key", [1, 2, 5, 8], [1, 2, 1, 8], 8, _ => new()),
        new("window", [1, 2, 250, 16], [1, 2, 250, 16], 16, _ => new() { Causal = true, Window = 33 }),
        new("window on both sides", [1, 1, 120, 16], [1, 1, 130, 16], 16, _ => new() { Window = 20 }),
        new("grouped queries", [2, 6, 70, 16], [2, 2, 90, 16], 16, _ => new() { Causal = true }),
        new("lengths", [4, 2, 60, 16], [4, 2, 110, 16], 16, _ => new() { Lengths = Tensor.From([110, 37, 0, 1]) }) { Roundings = 1 << 11 },
        new("lengths, causal", [3, 2, 60, 16], [3, 2, 60, 16], 16, _ => new() { Causal = true, Lengths = Tensor.From([60, 17, 0]) }),
        new("mask", [2, 2, 50, 16], [2, 2, 70, 16], 16, _ => new() { Mask = Mask([2, 1, 50, 70]) }),
        new("mask of keys", [2, 2, 50, 16], [2, 2, 70, 16], 16, _ => new() { Mask = Mask([2, 1, 1, 70]) }),
        new("mask that hides whole rows", [1, 2, 50, 16], [1, 2, 40, 16], 16, _ => new() { Mask = Mask([50, 1]) }),
        new("bias", [2, 2, 50, 16], [2, 2, 70, 16], 16, b => new() { Bias = b }) { Bias = [2, 50, 70] },
        new("bias by query and head", [2, 4, 150, 16], [2, 2, 70, 16], 16, b => new() { Bias = b }) { Bias = [4, 150, 1] },
        new("bias by batch and key", [2, 2, 50, 16], [2, 2, 70, 16], 16, b => new() { Bias = b, Causal = false }) { Bias = [2, 1, 1, 70] },
        new("dropout", [2, 2, 50, 16], [2, 2, 70, 16], 16, _ => new() { Dropout = 0.3, Key = new RandomKey(7) }),
        new("everything", [2, 4, 130, 24], [2, 2, 150, 24], 40, b => new()
        {
            Causal = true, Window = 60, Scale = 0.3, Bias = b, Mask = Mask([2, 1, 1, 150]), Lengths = Tensor.From([150, 101]), Dropout = 0.2,
            Key = new RandomKey(3),
        }) { Bias = [1, 4, 130, 150] },
        new("wide heads", [1, 1, 60, 256], [1, 1, 60, 256], 256, _ => new() { Causal = true }),
        new("large logits", [1, 1, 60, 16], [1, 1, 60, 16], 16, _ => new() { Causal = true }) { Size = 20 },
        new("large logits, many blocks", [1, 1, 20, 16], [1, 1, 900, 16], 16, _ => new()) { Size = 6 },
        new("shared keys", [3, 2, 30, 8], [1, 1, 40, 8], 8, _ => new()),
        new("three leading axes", [2, 1, 2, 30, 8], [2, 3, 2, 40, 8], 8, _ => new()),
    ];

    public override string ToString() => Name;

    /// <summary>q, k, v and the bias, if there is one.</summary>
    public Tensor[] Operands(DType type, int seed = 0)
    {
        RandomKey[] keys = new RandomKey(seed).Split(4);
        Shape v = Shape.From(K.SkipLast(1).Append(Values));
        Tensor Make(int i, Shape shape) => (keys[i].Normal(shape) * Size).Cast(type).Realize();
        return [Make(0, Q), Make(1, K), Make(2, v), .. Bias is { } bias ? [Make(3, bias)] : Array.Empty<Tensor>()];
    }

    /// <summary>Output and log-sum-exp.</summary>
    public (Tensor Output, Tensor LogSumExp) Call(Tensor[] x, bool fused, Device? device = null)
    {
        AttentionOptions options = Options(x.Length > 3 ? x[3] : null) with { Fused = fused };
        if (device is not null)
        {
            options = options with
            {
                Mask = options.Mask?.To(device),
                Lengths = options.Lengths?.To(device),
                Key = options.Key is { } key ? new RandomKey(key.Value.To(device)) : null,
            };
        }

        return Nn.AttentionWithLogSumExp(x[0], x[1], x[2], options);
    }

    /// <summary>A scalar of both that no symmetry makes zero; rows that see nothing count with their output alone.</summary>
    public Tensor Loss(Tensor[] x, bool fused)
    {
        (Tensor y, Tensor lse) = Call(x, fused);
        Tensor weights = Tensor.Iota(y.Shape, y.Rank - 1) * 0.1 + Tensor.Iota(y.Shape, y.Rank - 2) * 0.01 + 1;
        Tensor finite = Tensor.Where(lse.Equal(double.NegativeInfinity), 0, lse);
        return (y * weights.Cast(y.DType)).Sum() + (y.Square() * 0.5).Sum() + finite.Sin().Sum();
    }

    private static Tensor Mask(Shape shape) => new RandomKey(11).Bernoulli(Tensor.Scalar(0.7f), shape).Realize();
}
