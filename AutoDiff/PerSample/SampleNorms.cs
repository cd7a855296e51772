using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>Squared norms of gradients that are not there, Float64 [examples], rounded up by what they may err: a bound made from them
/// holds.</summary>
internal static class SampleNorms
{
    /// <summary>A sum errs by its terms, which may be larger than it: 8 standard deviations of a random walk of roundings.</summary>
    public const double Deviations = 8;

    /// <summary>Σₜₛ (aₜ·aₛ)(gₜ·gₛ).</summary>
    public static Tensor Of(SampleForm.Product p)
    {
        (Tensor norms, Tensor lengths) = Gram(p);
        return OfGroups(p, norms + Error(lengths, p.Left.DType, p.Left.Shape[2] + p.Right.Shape[2]));
    }

    /// <summary>Σₜₛ (aₜ·aₛ)(gₜ·gₛ) of operands that are there, [examples, T, …].</summary>
    public static Tensor Of(Tensor left, Tensor right)
    {
        (Tensor norms, Tensor lengths) = Gram(left, right);
        return norms + Error(lengths, left.DType, left.Shape[2] + right.Shape[2]);
    }

    /// <summary>‖Σₜ aₜ⊗gₜ‖² by tiles of the sum that no memory holds, where the device has that.</summary>
    /// <remarks>An element errs by its chain of positions; the norm's square by twice that times the norm, which is no more than the lengths.</remarks>
    public static Tensor ByTiles(SampleForm.Product p)
    {
        (Tensor norms, Tensor lengths) = Gram(Wide(p.Left), Wide(p.Right), new() { ByTiles = true });
        return OfGroups(p, norms + Error(lengths, p.Left.DType, p.Left.Shape[2] + p.Right.Shape[2] + 4 * p.Left.Shape[1]));
    }

    private static Tensor OfGroups(SampleForm.Product p, Tensor squares) => p.Groups == 1 ? squares : squares.Reshape(-1, p.Groups).Sum(1);

    /// <summary>Σₜₛ [idₜ = idₛ] gₜ·gₛ.</summary>
    public static Tensor Of(SampleForm.Table t)
    {
        (Tensor norms, Tensor lengths) = EqualRows(t);
        return norms + Error(lengths, t.Updates.DType, t.Updates.Shape[2]);
    }

    /// <summary>Σₜₛ (eₜ·eₛ)(dzₜ·dzₛ), dz·dz summed over parts of the classes, of which the logits are made again.</summary>
    public static Tensor Of(SampleForm.Head h)
    {
        HeadDerivatives head = new(h);
        (Tensor norms, Tensor lengths) = Gram(head);
        return head.Above(norms + Error(lengths, head.DType, head.Terms));
    }

    /// <summary>Those of both, and twice their product: Σₛₜ (aₛ)[idₜ]·(gₛ·uₜ) of a use's aₛ⊗gₛ and rows uₜ at idₜ.</summary>
    public static Tensor Of(SampleForm.Tied tied)
    {
        Tensor index = new Tensor(tied.Rows.Rows).Unsqueeze(1), updates = Wide(tied.Rows.Updates);
        HeadDerivatives? head = tied.Uses is SampleForm.Head h ? new(h) : null;
        SampleForm.Product? product = tied.Uses as SampleForm.Product;
        Tensor right = head?.Embeddings ?? Wide(product!.Right), picked = head is null
            ? Wide(product!.Left).TakeAlongAxis(index.BroadcastTo([index.Shape[0], product.Left.Shape[1], index.Shape[2]]), 2)
            : head.Of(index);
        (Tensor uses, Tensor usesLengths) = head is null ? Gram(product!) : Gram(head);
        (Tensor rows, Tensor rowsLengths) = EqualRows(tied.Rows);
        Tensor products = Tensor.DotGeneral(right, updates, [2], [2], [0], [0]);
        Tensor both = Tensor.Where(index >= 0, picked.Cast(DType.Float64) * products.Cast(DType.Float64), 0).Sum([1, 2]);
        int terms = head?.Terms ?? product!.Left.Shape[2] + product.Right.Shape[2];
        Tensor squares = uses + rows + 2 * both + Error(usesLengths + rowsLengths, tied.Gradients.DType, terms);
        return head is null ? squares : head.Above(squares);
    }

    private static (Tensor Norms, Tensor Lengths) Gram(HeadDerivatives head)
    {
        Tensor zero = Tensor.Full([head.Examples], 0, DType.Float64, head.Embeddings.Device);
        return Flow.Fold(((Tensor Norms, Tensor Lengths) sum, Tensor first) =>
        {
            (Tensor own, Tensor length) = Gram(head.Embeddings, head.OfClasses(first));
            return (sum.Norms + own, sum.Lengths + length);
        }, (zero, zero), head.FirstClasses);
    }

    private static (Tensor Norms, Tensor Lengths) Gram(SampleForm.Product p) => Gram(Wide(p.Left), Wide(p.Right));

    private static (Tensor Norms, Tensor Lengths) Gram(Tensor left, Tensor right) => Gram(left, right, new());

    private static (Tensor Norms, Tensor Lengths) Gram(Tensor left, Tensor right, GramNormsAttributes call)
    {
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

    /// <summary>Half the distance of the numbers after 1.</summary>
    public static double Unit(DType type) => type == DType.Float64 ? 1.0 / (1L << 53) : 1.0 / (1L << 24);

    private static Tensor Wide(Node x) => new(Make.Cast(x, x.DType == DType.Float64 ? DType.Float64 : DType.Float32));
}
