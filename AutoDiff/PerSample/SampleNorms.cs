using Cotangent.Graph;
using Cotangent.Kernels.Library;

namespace Cotangent.AutoDiff;

/// <summary>Squared norms of gradients that are not there, Float64 [examples], rounded up by what they may err: a bound made from them
/// holds.</summary>
internal static class SampleNorms
{
    // A sum errs by its terms, which may be larger than it: 8 standard deviations of a random walk of roundings.
    private const double Deviations = 8;

    // Logits made at a time for the norms of a head.
    private const int PieceLogits = 2 << 20, LeastClasses = 64;

    /// <summary>Σₜₛ (aₜ·aₛ)(gₜ·gₛ).</summary>
    public static Tensor Of(SampleForm.Product p)
    {
        (Tensor norms, Tensor lengths) = Gram(p);
        return norms + Error(lengths, p.Left.DType, p.Left.Shape[2] + p.Right.Shape[2]);
    }

    /// <summary>Σₜₛ [idₜ = idₛ] gₜ·gₛ.</summary>
    public static Tensor Of(SampleForm.Table t)
    {
        (Tensor norms, Tensor lengths) = EqualRows(t);
        return norms + Error(lengths, t.Updates.DType, t.Updates.Shape[2]);
    }

    /// <summary>Those of both, and twice their product: Σₛₜ (aₛ)[idₜ]·(gₛ·uₜ) of a use's aₛ⊗gₛ and rows uₜ at idₜ.</summary>
    public static Tensor Of(SampleForm.Tied tied)
    {
        (Tensor uses, Tensor usesLengths) = Gram(tied.Uses);
        (Tensor rows, Tensor rowsLengths) = EqualRows(tied.Rows);
        Tensor index = new Tensor(tied.Rows.Rows).Unsqueeze(1);
        Tensor picked = Wide(tied.Uses.Left).TakeAlongAxis(index.BroadcastTo([index.Shape[0], tied.Uses.Left.Shape[1], index.Shape[2]]), 2);
        Tensor products = Tensor.DotGeneral(Wide(tied.Uses.Right), Wide(tied.Rows.Updates), [2], [2], [0], [0]);
        Tensor both = Tensor.Where(index >= 0, picked.Cast(DType.Float64) * products.Cast(DType.Float64), 0).Sum([1, 2]);
        return uses + rows + 2 * both + Error(usesLengths + rowsLengths, tied.Gradients.DType, tied.Uses.Left.Shape[2] + tied.Uses.Right.Shape[2]);
    }

    /// <summary>Σₜₛ (eₜ·eₛ)(dzₜ·dzₛ), dz·dz summed over parts of the classes, of which the logits are made again.</summary>
    public static Tensor Of(SampleForm.Head h)
    {
        CrossEntropySettings s = h.Call.Settings;
        Tensor e = h.Embeddings, lse = h.LogSumExp, targets = h.TargetsOfRows, counts = targets.NotEqual(CrossEntropyProblem.Ignored);
        Tensor ofProbability = Counted(h.Factors(0) + 2 * h.Factors(3) * lse), ofTarget = Counted(h.Factors(1)), ofWeights = Counted(h.Factors(2));
        int classes = h.Classifier.Shape[0], size = Math.Min(classes, Math.Max(LeastClasses, PieceLogits / Math.Max(1, h.Examples * h.Rows)));
        Tensor zero = Tensor.Full([h.Examples], 0, DType.Float64, e.Device);
        (Tensor norms, Tensor lengths) = Flow.Fold(((Tensor Norms, Tensor Lengths) sum, Tensor first) =>
        {
            Tensor number = first + Tensor.Arange(size), isClass = number < classes, at = Tensor.Minimum(number, classes - 1);
            Tensor z = s.Scale * e.MatMul(h.Classifier.Gather(at).T);
            if (h.ClassBias is { } bias) z += bias.Gather(at);
            Tensor slope = Tensor.Full([], s.Scale, e.DType);
            if (s.Softcap > 0)
            {
                Tensor bent = (z / s.Softcap).Tanh();
                (z, slope) = (s.Softcap * bent, s.Scale * (1 - bent.Square()));
            }

            Tensor dz = ofProbability.Unsqueeze(2) * Tensor.Where(counts.Unsqueeze(2) & isClass, (z - lse.Unsqueeze(2)).Exp(), 0)
                + Tensor.Where((targets - s.Start).Unsqueeze(2).Equal(number), ofTarget.Unsqueeze(2), 0);
            if (h.ClassWeights is { } weights) dz += ofWeights.Unsqueeze(2) * weights.Gather(at);
            (Tensor own, Tensor length) = Gram(e, Tensor.Where(isClass, dz * slope, 0));
            return (sum.Norms + own, sum.Lengths + length);
        }, (zero, zero), Tensor.Arange((classes + size - 1) / size) * size);
        Tensor squares = norms + Error(lengths, e.DType, e.Shape[2] + classes);
        return (squares.Sqrt() + Difference()).Square();

        Tensor Counted(Tensor factor) => Tensor.Where(counts, factor, 0);

        // The sum's own logits differ by rounding, and so do its derivatives, where probabilities are near one by more than they are: what that is at
        // most, Σₜ ‖eₜ‖·|dz's error|.
        Tensor Difference()
        {
            double unit = Unit(e.DType), width = Math.Sqrt(e.Shape[2]);
            Tensor length = Length(e), largest = Length(h.Classifier).Max(), total = h.ClassWeights?.Cast(DType.Float64).Abs().Sum() ?? Tensor.Scalar(0, DType.Float64, e.Device);
            Tensor logits = Math.Abs(s.Scale) * length * largest;
            Tensor rest = 4 * lse.Cast(DType.Float64).Abs() + 16;
            if (h.ClassBias is { } bias) rest += 4 * bias.Cast(DType.Float64).Abs().Max();
            Tensor error = (1.5 * Deviations * width * logits + rest) * (unit * (s.Softcap > 0 ? 1 + 2 / s.Softcap : 1));
            Tensor size = Absolute(ofProbability) + Absolute(ofTarget) + Absolute(ofWeights) * total;
            return (Math.Abs(s.Scale) * length * size * error).Sum(1);
        }

        static Tensor Absolute(Tensor x) => x.Cast(DType.Float64).Abs();

        static Tensor Length(Tensor x) => x.Cast(DType.Float64).Square().Sum(-1).Sqrt();
    }

    private static (Tensor Norms, Tensor Lengths) Gram(SampleForm.Product p) => Gram(Wide(p.Left), Wide(p.Right));

    private static (Tensor Norms, Tensor Lengths) Gram(Tensor left, Tensor right)
    {
        GramNormsAttributes call = new();
        return (Output(GramNormsAttributes.Norms), Output(GramNormsAttributes.Lengths));

        Tensor Output(int output) => new(new Node(Ops.GramNorms, [left.Node, right.Node], call.At(output)));
    }

    private static (Tensor Norms, Tensor Lengths) EqualRows(SampleForm.Table t)
    {
        Tensor rows = new(t.Rows), updates = Wide(t.Updates), g = Tensor.DotGeneral(updates, updates, [2], [2], [0], [0]);
        Tensor isEqual = rows.Unsqueeze(1).Equal(rows.Unsqueeze(2)) & (rows >= 0).Unsqueeze(1);

        // An example whose unused rows are not finite is not finite either: its gradient may not be trusted.
        Tensor at = Tensor.Arange(g.Shape[1]), isOwn = at.Unsqueeze(0).Equal(at.Unsqueeze(1));
        Tensor lengths = Tensor.Where(isOwn, g.Cast(DType.Float64), 0).Sum(2).Sqrt().Sum(1);
        return (Tensor.Where(isEqual, g.Cast(DType.Float64), 0).Sum([1, 2]), lengths);
    }

    /// <summary>The square of Σₜ lengths times a rounding: no less than what a sum of so many products a term may err by.</summary>
    private static Tensor Error(Tensor lengths, DType type, int terms) => lengths.Square() * (Deviations * Unit(type) * Math.Sqrt(terms));

    private static double Unit(DType type) => type == DType.Float64 ? 1.0 / (1L << 53) : 1.0 / (1L << 24);

    private static Tensor Wide(Node x) => new(Make.Cast(x, x.DType == DType.Float64 ? DType.Float64 : DType.Float32));
}
