using Cotangent.Execution;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>The gradients of the examples of a batch, as a graph: what is computed of them is decided by what is asked for. Norms and weighted sums
/// come from what the gradients are products of, where that is less than the gradients themselves (book-keeping: Bu et al., arXiv
/// 2210.00038; ghost norms: Li et al., arXiv 2110.05679).</summary>
internal sealed class SampleGradients
{
    private readonly Tensor[] _each;
    private readonly SampleForm[] _forms;
    private readonly NormMethod[] _methods;

    private SampleGradients(Tensor losses, Tensor[] each, SampleForm[] forms)
    {
        (Losses, _each, _forms) = (losses, each, forms);
        _methods = [.. forms.Select(ChooseNorm)];
    }

    /// <summary>How the squared norms of a parameter's gradients are computed.</summary>
    public enum NormMethod
    {
        /// <summary>From the gradients themselves.</summary>
        Direct,

        /// <summary>From the Gram matrices of a product's operands: Σₜₛ (aₜ·aₛ)(gₜ·gₛ).</summary>
        Gram,

        /// <summary>From tiles of the gradients that are made for their squares alone, on devices that have that.</summary>
        Tiles,

        /// <summary>From the Gram matrix of the rows that are added up, where their indices are equal.</summary>
        EqualRows,

        /// <summary>From Gram matrices, with a head's logits made again a part of the classes at a time.</summary>
        LogitsAgain,
    }

    /// <summary>The loss of each example: [examples].</summary>
    public Tensor Losses { get; }

    /// <summary>The gradients, [examples, …parameter], in the order of the tree.</summary>
    public IReadOnlyList<Tensor> Each => _each;

    /// <summary>The number of examples.</summary>
    public int Examples => Losses.Shape[0];

    /// <summary>What is chosen for each parameter, in words, with the flops an example that the choice was made by.</summary>
    /// <param name="isAlone">True for parameters whose factors depend on their own norms alone.</param>
    public IReadOnlyList<string> Plan(Func<int, bool> isAlone) => [.. _forms.Select((form, i) =>
        isAlone(i) && IsSummedAtOnce(i) ? $"{Describe(form, _methods[i])}; {AtOnce(form)}" : Describe(form, _methods[i]))];

    /// <summary>Records the gradients of a loss by the parameters, one for each example of a batch.</summary>
    /// <param name="loss">The loss of one example.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="batch">The examples, along the first axis of each tensor.</param>
    /// <param name="materialise">Takes all gradients as they are, whatever they are products of.</param>
    public static SampleGradients Of<TParameters, TExample>(
        Func<TParameters, TExample, Tensor> loss, TParameters parameters, TExample batch, bool materialise = false)
    {
        (Tensor losses, TParameters gradients) = Diff.Vmap((TExample example) =>
            Diff.ValueAndGrad((TParameters p) => loss(p, example))(parameters))(batch);
        Tensor[] each = Trees.Flatten(gradients);
        return new(losses, each, [.. each.Select(g => materialise ? new SampleForm.Dense(g.Node) : SampleForm.Of(g.Node))]);
    }

    /// <summary>The squared norms of a parameter's gradients, Float64 [examples]. Those from Gram matrices are rounded up by what they may err, so that
    /// a bound made from them holds.</summary>
    public Tensor SquaredNorms(int leaf)
    {
        SampleForm form = _forms[leaf];
        return (_methods[leaf], form) switch
        {
            (NormMethod.Gram, SampleForm.Product p) => SampleNorms.Of(p),
            (NormMethod.Tiles, SampleForm.Product p) => SampleNorms.ByTiles(p),
            (NormMethod.Gram or NormMethod.Tiles or NormMethod.LogitsAgain, SampleForm.Tied t) => SampleNorms.Of(t),
            (NormMethod.EqualRows, SampleForm.Table t) => SampleNorms.Of(t),
            (NormMethod.LogitsAgain, SampleForm.Head h) => SampleNorms.Of(h),
            _ => _each[leaf].Cast(DType.Float64).Square().Reshape(Examples, -1).Sum(1),
        };
    }

    /// <summary>True if norms and weighted sum of a parameter are best computed together, where that can be: <see cref="ClippedSum"/>.</summary>
    public bool IsSummedAtOnce(int leaf) =>
        _forms[leaf] is SampleForm.Head h ? HeadSums.Takes(h) : ClippedSumChoice.IsOnePass(_forms[leaf], _methods[leaf]);

    /// <summary>Σ_b f_b·g_b of factors made of the parameter's own norms, of its shape, and the squared norms, Float64 [examples].</summary>
    /// <param name="leaf">The parameter.</param>
    /// <param name="mask">Bool [examples]: those that count.</param>
    /// <param name="limit">What f·‖g‖ stays within, a Float64 scalar.</param>
    /// <param name="call">How norms make factors.</param>
    /// <param name="isGuarded">As for <see cref="WeightedSum"/>.</param>
    public (Tensor Sum, Tensor Squares) ClippedSum(int leaf, Tensor mask, Tensor limit, ClippedSumAttributes call, bool isGuarded)
    {
        (Tensor sum, Tensor squares) = _forms[leaf] is SampleForm.Head h
            ? HeadSums.Of(h, mask, limit, call, isGuarded)
            : ClippedSums.Of((SampleForm.Product)_forms[leaf], mask, limit, call);
        return (new(_forms[leaf].Back(sum.Node)), squares);
    }

    /// <summary>Σ_b factor_b·g_b, of the parameter's shape.</summary>
    /// <param name="leaf">The parameter.</param>
    /// <param name="factors">Of the gradients' dtype, or Float32 for narrower ones: [examples].</param>
    /// <param name="isGuarded">A factor of 0 leaves its example out, NaN and infinity in it too. Otherwise such an example makes the sum NaN, and no copy of a
    /// product's larger operand is made.</param>
    public Tensor WeightedSum(int leaf, Tensor factors, bool isGuarded)
    {
        SampleForm form = _forms[leaf];
        if (_methods[leaf] == NormMethod.Direct) return Weighted(_each[leaf], factors);
        return Weighted(form, factors, isGuarded);
    }

    private static Tensor Weighted(SampleForm form, Tensor factors, bool isGuarded) => form switch
    {
        SampleForm.Product p => Weighted(p, factors, isGuarded),
        SampleForm.Table t => Weighted(t, factors),
        SampleForm.Tied t => Weighted(t.Uses, factors, isGuarded) + Weighted(t.Rows, factors),
        SampleForm.Head h => h.WeightedSum(factors),
        _ => throw new InvalidOperationException($"No weighted sum of {form.GetType().Name}."),
    };

    // A product and a sum, which fuse: the gradients are read once.
    private static Tensor Weighted(Tensor each, Tensor factors)
    {
        Tensor f = Along(factors, each);
        return Tensor.Where(f.NotEqual(0), each.Cast(factors.DType) * f, 0).Sum(0);
    }

    // One product over examples and positions together, of the shape of the ordinary weight gradient: the smaller operand is scaled.
    private static Tensor Weighted(SampleForm.Product p, Tensor factors, bool isGuarded)
    {
        Tensor left = Grouped(p.Left), right = Grouped(p.Right), f = Along(factors, left);
        (Tensor l, Tensor r) = left.Size <= right.Size ? (Scaled(left), Kept(right)) : (Kept(left), Scaled(right));
        return new(p.Back((p.Groups == 1 ? Tensor.DotGeneral(Flat(l), Flat(r), [0], [0]) : Tensor.DotGeneral(l, r, [0, 2], [0, 2], [1], [1])).Node));

        Tensor Scaled(Tensor x) => Tensor.Where(f.NotEqual(0), x * f, 0);

        Tensor Kept(Tensor x) => isGuarded ? Tensor.Where(f.NotEqual(0), x, 0) : x;

        Tensor Grouped(Node x) => new Tensor(x).Cast(factors.DType).Reshape(-1, p.Groups, x.Shape[1], x.Shape[2]);

        static Tensor Flat(Tensor x) => x.Reshape(x.Shape[0] * x.Shape[2], x.Shape[3]);
    }

    private static Tensor Weighted(SampleForm.Table t, Tensor factors)
    {
        Tensor updates = new(t.Updates), f = Along(factors, updates);
        Tensor scaled = Tensor.Where(f.NotEqual(0), updates.Cast(factors.DType) * f, 0);
        int count = updates.Shape[0] * updates.Shape[1];
        Node rows = Algebra.Reshape(t.Rows, [count]);
        return new(t.Back(Make.ScatterAdd(scaled.Reshape(count, updates.Shape[2]).Node, rows, 0, t.Extent)));
    }

    private static Tensor Along(Tensor factors, Tensor x) => factors.Reshape(Shape.From([x.Shape[0], .. Enumerable.Repeat(1, x.Rank - 1)]));

    // The gradients themselves cost their making and three passes over memory, at about ten flops a byte; Gram matrices two products of T² elements. Above
    // a few megabytes the gradients are not made if it can be helped: memory is what private training runs out of. Devices with groups need not even where
    // Gram matrices are more work than the gradients.
    private static NormMethod ChooseNorm(SampleForm form) => form switch
    {
        SampleForm.Product p => ChooseNorm(p),
        SampleForm.Tied t => ChooseNorm(t.Uses),
        SampleForm.Table => NormMethod.EqualRows,
        SampleForm.Head => NormMethod.LogitsAgain,
        _ => NormMethod.Direct,
    };

    private static NormMethod ChooseNorm(SampleForm.Product p)
    {
        const double few = 8 << 20;
        if (p.Left.Shape[1] == 1 || GramCost(p) < DirectCost(p)) return NormMethod.Gram;
        if (Bytes(p) <= few) return NormMethod.Direct;
        if (IsLessByTiles(p)) return NormMethod.Tiles;
        return GramFlops(p) < 2 * DirectFlops(p) ? NormMethod.Gram : NormMethod.Direct;
    }

    private static bool IsLessByTiles(SampleForm.Product p) => DirectFlops(p) < GramFlops(p)
        && GramNormsRoutines.HasTiles(p.Gradients.Device, p.Left.DType == DType.Float64 ? DType.Float64 : DType.Float32);

    internal static double GramFlops(SampleForm.Product p) => 2.0 * p.Groups * p.Left.Shape[1] * p.Left.Shape[1] * (p.Left.Shape[2] + p.Right.Shape[2]);

    internal static double DirectFlops(SampleForm.Product p) => 2.0 * p.Groups * p.Left.Shape[1] * p.Left.Shape[2] * p.Right.Shape[2];

    private static double GramCost(SampleForm.Product p) => GramFlops(p) + 240.0 * p.Groups * p.Left.Shape[1] * p.Left.Shape[1];

    private static double DirectCost(SampleForm.Product p) => 120.0 * p.Groups * p.Left.Shape[2] * p.Right.Shape[2];

    private static double Bytes(SampleForm.Product p) => (double)p.Left.Shape[0] * p.Left.Shape[2] * p.Right.Shape[2] * p.Left.DType.Size();

    private static string NameOf(NormMethod method) => method switch
    {
        NormMethod.Gram => "ghost norm (Gram matrices)",
        NormMethod.Tiles => "norm of tiles that are not kept",
        _ => "direct norm",
    };

    private static string AtOnce(SampleForm form) =>
        form is SampleForm.Product p ? ClippedSumChoice.Describe(p) : "clipped and added up in one pass over the records";

    private static string Describe(SampleForm form, NormMethod method) => form switch
    {
        SampleForm.Product p => FormattableString.Invariant(
            $"product of T={p.Left.Shape[1]}, {(p.Groups == 1 ? "" : $"{p.Groups} groups of ")}{p.Left.Shape[2]}×{p.Right.Shape[2]}: {NameOf(method)}; Gram {GramFlops(p):0.###e0} flops an example, direct {DirectFlops(p):0.###e0} and {Bytes(p):0.###e0} bytes"),
        SampleForm.Table t => $"rows of a table of {t.Extent}×{t.Updates.Shape[2]}: norm from T={t.Rows.Shape[1]} rows with equal indices",
        SampleForm.Tied t => $"{Describe(t.Uses, method)}; and {Describe(t.Rows, method)}",
        SampleForm.Head h => FormattableString.Invariant(
            $"classifier of a cross-entropy of T={h.Rows}, {h.Classifier.Shape[0]}×{h.Classifier.Shape[1]}: ghost norm, its logits made again"),
        _ => $"gradients of {form.Gradients.DType}{form.Gradients.Shape}: direct norm",
    };
}
