using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>How the gradients of one parameter, one for each example of a batch, come about: what their norms and weighted sums can be computed
/// from without them.</summary>
/// <param name="Gradients">The gradients themselves, [examples, …parameter].</param>
/// <param name="Back">What brings a sum over the examples from the form's own shape to the parameter's.</param>
internal abstract record SampleForm(Node Gradients, Func<Node, Node> Back)
{
    /// <summary>Recognises how gradients were made; <see cref="Dense"/> where there is nothing to recognise.</summary>
    public static SampleForm Of(Node gradients)
    {
        // Views of the parameter alone are taken off: they change no norm, and commute with sums over the examples.
        Node g = gradients;
        Stack<Func<Node, Node>> views = new();
        while (true)
        {
            if (g.Op.IsTransparent)
            {
                g = g.Inputs[0];
            }
            else if (g.Op == Ops.Permute && g.Get<AxesAttributes>().Axes[0] == 0)
            {
                Shape axes = [.. g.Get<AxesAttributes>().Axes.Skip(1).Select(a => a - 1)];
                views.Push(x => Algebra.Permute(x, axes));
                g = g.Inputs[0];
            }
            else if (g.Op == Ops.Reshape && g.Inputs[0].Op != Ops.ScatterAdd && g.Inputs[0].Shape.Rank > 0 && g.Inputs[0].Shape[0] == g.Shape[0])
            {
                Shape shape = [.. g.Shape.Skip(1)];
                views.Push(x => Algebra.Reshape(x, shape));
                g = g.Inputs[0];
            }
            else
            {
                break;
            }
        }

        Func<Node, Node> back = x => views.Aggregate(x, (y, view) => view(y));
        return Product.From(gradients, g, back) ?? Table.From(gradients, g, back) ?? (SampleForm)new Dense(gradients);
    }

    /// <summary>Nothing is known but the gradients.</summary>
    public sealed record Dense(Node Each) : SampleForm(Each, x => x);

    /// <summary>Products of matrices: gradient b is leftᵀ·right of [examples, T, rows] and [examples, T, columns]; of a linear layer, its input and
    /// its output's cotangent; of a convolution, its windows and the cotangent, T positions.</summary>
    public sealed record Product(Node Each, Node Left, Node Right, Func<Node, Node> View) : SampleForm(Each, View)
    {
        public static Product? From(Node each, Node g, Func<Node, Node> back)
        {
            if (g.Op == Ops.Mul) return Outer(each, g, back);
            if (g.Attributes is not DotAttributes { LeftBatch: { Rank: >= 1 } } d) return null;

            // Batches beside the examples are the groups of a convolution: one is none.
            if (g.Shape.Skip(1).Take(d.LeftBatch.Rank - 1).Any(n => n != 1)) return null;
            Node left = Matrices(g.Inputs[0], d.LeftBatch, d.LeftContract), right = Matrices(g.Inputs[1], d.RightBatch, d.RightContract);
            Shape own = [.. g.Shape.Skip(1)];
            return left.DType != g.DType ? null : new(each, left, right, x => back(Algebra.Reshape(x, own)));
        }

        // One position an example: the batching rule of products makes a broadcast product of it.
        private static Product? Outer(Node each, Node g, Func<Node, Node> back)
        {
            if (g.Inputs is not [{ Op: var a } x, { Op: var b } y] || a != Ops.Expand || b != Ops.Expand) return null;
            Shape left = x.Inputs[0].Shape, right = y.Inputs[0].Shape;
            if (left.Rank != g.Shape.Rank || right.Rank != g.Shape.Rank || left[0] != g.Shape[0] || right[0] != g.Shape[0]) return null;
            int split = 1;
            while (split < left.Rank && right[split] == 1) split++;
            if (left.Skip(split).Any(n => n != 1) || left.Take(split).Zip(g.Shape, (n, all) => n != all).Any(differs => differs)) return null;
            if (right.Skip(split).Zip(g.Shape.Skip(split), (n, all) => n != all).Any(differs => differs)) return null;
            Shape own = [.. g.Shape.Skip(1)];
            Node l = Algebra.Reshape(x.Inputs[0], [left[0], 1, Size(left)]), r = Algebra.Reshape(y.Inputs[0], [right[0], 1, Size(right)]);
            return new(each, l, r, z => back(Algebra.Reshape(z, own)));

            static int Size(Shape shape) => shape.Skip(1).Aggregate(1, (m, n) => m * n);
        }

        // [examples, contracted as one, free as one]
        private static Node Matrices(Node x, Shape batch, Shape contract)
        {
            int[] free = [.. Ops.FreeAxes(x, batch, contract)];
            Node ordered = Algebra.Permute(x, [.. batch, .. contract, .. free]);
            return Algebra.Reshape(ordered, [x.Shape[batch[0]], Size(contract), Size(free)]);

            int Size(IEnumerable<int> axes) => axes.Aggregate(1, (n, axis) => n * x.Shape[axis]);
        }
    }

    /// <summary>Rows added up where indices say, the gradient of a gather: updates [examples, T, …] to the rows [examples, T] of a table.</summary>
    /// <param name="Each">The gradients.</param>
    /// <param name="Updates">What is added, [examples, T, width].</param>
    /// <param name="Rows">Where, Int32 [examples, T]; −1 where nothing is.</param>
    /// <param name="Extent">The rows of the table.</param>
    /// <param name="View">From [extent, width] to the parameter.</param>
    public sealed record Table(Node Each, Node Updates, Node Rows, int Extent, Func<Node, Node> View) : SampleForm(Each, View)
    {
        public static Table? From(Node each, Node g, Func<Node, Node> back)
        {
            // The batching rule addresses all examples' tables as one: row b·extent + i.
            if (g.Op != Ops.Reshape || g.Inputs[0] is not { Attributes: ScatterAttributes { Axis: 0 } scatter } scattered || scattered.Op != Ops.ScatterAdd) return null;
            int examples = g.Shape[0], extent = scatter.Extent / examples;
            Node updates = scattered.Inputs[0], indices = scattered.Inputs[1];
            if (g.Shape.Rank < 2 || g.Shape[1] != extent || indices.Shape.Rank == 0 || indices.Shape[0] != examples || scatter.Extent % examples != 0) return null;
            int positions = (int)(indices.Shape.Size / Math.Max(1, examples)), width = (int)(g.Shape.Size / Math.Max(1, (long)examples * extent));
            Node rows = Algebra.Reshape(indices, [examples, positions]);
            Node Number(double x) => Algebra.Number(rows, x, rows.Shape);
            Node first = Make.Mul(Make.Iota(rows.Shape, 0, DType.Int32), Number(extent));
            rows = Make.Where(Make.Binary(Ops.Less, rows, Number(0)), rows, Make.Sub(rows, first));
            Shape own = [.. g.Shape.Skip(1)];
            return new(each, Algebra.Reshape(updates, [examples, positions, width]), rows, extent, x => back(Algebra.Reshape(x, own)));
        }
    }
}
