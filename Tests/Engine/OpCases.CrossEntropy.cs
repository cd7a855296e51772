using Cotangent.Graph;

namespace Cotangent.Tests.Engine;

/// <summary>The rows of linear cross-entropy.</summary>
public static partial class OpCases
{
    private static IEnumerable<OpCase> CrossEntropies() =>
    [
        new("cross_entropy linear", x => CrossEntropy.Linear(x[0], x[1], Targets()), new Arg([4, 3]), new Arg([6, 3])) { Ulps = 64 },
        new("cross_entropy linear, all options", x => CrossEntropy.Linear(x[0], x[1], Targets(), new()
        {
            Bias = x[2], Softcap = 3, ZLoss = 0.1, LabelSmoothing = 0.2, LogitScale = 0.5, IgnoreIndex = 4,
            ClassWeights = 1 + Tensor.Arange(6).Cast(x[2].DType) / 8,
        }), new Arg([4, 3]), new Arg([6, 3]), new Arg([6])) { Ulps = 64 },
        new("cross_entropy linear of rows", x => CrossEntropy.Linear(x[0], x[1], Targets().Reshape(2, 2),
            new() { Reduction = LossReduction.None, Shift = 1 }), new Arg([2, 2, 3]), new Arg([6, 3])) { Ulps = 64 },
        new("cross_entropy tangent", x => Tangent(x, Ops.CrossEntropyTangent, new CrossEntropyTangentAttributes(new(3, 0.5, 0, 6)), []),
            new Arg([4, 3]), new Arg([6, 3]), new Arg([4, 3]), new Arg([6, 3]), new Arg([6])) { Ulps = 64 },
        new("cross_entropy hessian", x => Tangent(x, Ops.CrossEntropyHessian, new CrossEntropyHessianAttributes(new(3, 0.5, 0, 6)),
            [(Tensor.Iota([4, 4], 0) - Tensor.Iota([4, 4], 1)).Cast(Wide(x[0]).DType) / 4]),
            new Arg([4, 3]), new Arg([6, 3]), new Arg([4, 3]), new Arg([6, 3]), new Arg([6])) { Ulps = 256 },
    ];

    private static Tensor Targets() => (Tensor.Arange(4) * 5 + 2) % 6;

    private static Tensor Wide(Tensor x) => x.DType is DType.Float16 or DType.BFloat16 ? x.Cast(DType.Float32) : x;

    /// <summary>An op of directions x₀, x₁, x₄ at the point x₂, x₃, x₄.</summary>
    private static Tensor Tangent(Tensor[] x, Op op, Attributes attributes, Tensor[] factors)
    {
        Node[] wide = [.. x.Select(t => Wide(t).Node)];
        Node weights = (1 + Tensor.Arange(6).Cast(Wide(x[0]).DType) / 8).Node;
        return new(new Node(op, [wide[0], wide[1], wide[4], .. factors.Select(f => f.Node), wide[2], wide[3], Targets().Node, weights, wide[4]], attributes));
    }
}
