using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>How the gradients of one parameter, one for each example of a batch, come about: what their norms and weighted sums can be computed
/// from without them.</summary>
/// <param name="Gradients">The gradients themselves, [examples, …parameter].</param>
/// <param name="Back">What brings a sum over the examples from the form's own shape to the parameter's.</param>
internal abstract partial record SampleForm(Node Gradients, Func<Node, Node> Back)
{
    /// <summary>Recognises how gradients were made; <see cref="Dense"/> where there is nothing to recognise.</summary>
    public static SampleForm Of(Node gradients)
    {
        // Views of the parameter alone are taken off: they change no norm, and commute with sums over the examples.
        Node g = gradients;
        ParameterAxes axes = ParameterAxes.Of(gradients.Shape);
        Stack<Func<Node, Node>> views = new();
        while (true)
        {
            if (g.Op.IsTransparent)
            {
                g = g.Inputs[0];
            }
            else if (g.Op == Ops.Permute && g.Get<AxesAttributes>().Axes[0] == 0)
            {
                Shape order = [.. g.Get<AxesAttributes>().Axes.Skip(1).Select(a => a - 1)];
                views.Push(x => Algebra.Permute(x, order));
                axes = axes.BeforePermute(order);
                g = g.Inputs[0];
            }
            else if (g.Op == Ops.Reshape && g.Inputs[0].Op != Ops.ScatterAdd && g.Inputs[0].Shape.Rank > 0 && g.Inputs[0].Shape[0] == g.Shape[0])
            {
                Shape shape = [.. g.Shape.Skip(1)];
                views.Push(x => Algebra.Reshape(x, shape));
                axes = axes.BeforeReshape(g.Inputs[0].Shape, g.Shape);
                g = g.Inputs[0];
            }
            else
            {
                break;
            }
        }

        View view = new(gradients, x => views.Aggregate(x, (y, back) => back(y)), axes);
        return Product.From(view, g) ?? Table.From(view, g) ?? Head.From(view, g) ?? Several(view, g) ?? new Dense(gradients);
    }

    // A parameter used several times: sums of products are a product over the positions of all, those of tables a table of all rows.
    private static SampleForm? Several(View view, Node g)
    {
        if (g.Op != Ops.Add) return null;
        Shape shape = [.. g.Shape.Skip(1)];
        List<Product> products = [];
        List<Table> tables = [];
        List<Head> heads = [];
        foreach (SampleForm part in g.Inputs.Select(Of))
        {
            SampleForm[] own = part is Tied tied ? [tied.Uses, tied.Rows] : [part];
            products.AddRange(own.OfType<Product>());
            tables.AddRange(own.OfType<Table>());
            heads.AddRange(own.OfType<Head>());
            if (own.Any(x => x is Dense)) return null;
        }

        Product? product = Product.Join(view, shape, products);
        Table? table = Table.Join(view, shape, tables);
        Head? head = Head.Join(view, shape, heads);
        if (products.Count > 0 && product is null || tables.Count > 0 && table is null || heads.Count > 0 && head is null) return null;
        return (product, table, head) switch
        {
            (_, null, null) => product,
            (null, _, null) => table,
            ({ } p, { } t, null) when p.Left.Shape[2] == t.Extent => new Tied(view.Gradients, p, t),
            (null, { } t, { } h) when h.Classifier.Shape[0] == t.Extent => new Tied(view.Gradients, h, t),
            _ => null,
        };
    }

    /// <summary>Nothing is known but the gradients.</summary>
    public sealed record Dense(Node Each) : SampleForm(Each, x => x);

    /// <summary>A parameter used both ways, such as an embedding whose table is the head's matrix too: the gradient is the sum of both.</summary>
    /// <param name="Each">The gradients.</param>
    /// <param name="Uses">Products of the table's [extent, width], or a cut head.</param>
    /// <param name="Rows">The rows that are added to them.</param>
    public sealed record Tied(Node Each, SampleForm Uses, Table Rows) : SampleForm(Each, x => x);

    /// <summary>Gradients, what brings a sum of what made them to the parameter's shape, and what became of the parameter's axes.</summary>
    internal readonly record struct View(Node Gradients, Func<Node, Node> Back, ParameterAxes Axes)
    {
        /// <summary>The way back from another shape of as many elements.</summary>
        public Func<Node, Node> From(Shape own)
        {
            Func<Node, Node> back = Back;
            return x => back(Algebra.Reshape(x, own));
        }
    }
}
