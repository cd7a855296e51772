using Cotangent.Graph;

namespace Cotangent.AutoDiff;

internal abstract partial record SampleForm
{
    /// <summary>Products of matrices: gradient b is leftᵀ·right of [examples, T, rows] and [examples, T, columns]; of a linear layer, its input and
    /// its output's cotangent; of a convolution, its windows and the cotangent, T positions. Of a convolution with groups, such a product a group.</summary>
    /// <param name="Each">The gradients.</param>
    /// <param name="Left">[examples·groups, T, rows].</param>
    /// <param name="Right">[examples·groups, T, columns].</param>
    /// <param name="ToParameter">From [groups, rows, columns] to the parameter.</param>
    /// <param name="Order">Which of the parameter's axes the rows are.</param>
    public sealed record Product(Node Each, Node Left, Node Right, Func<Node, Node> ToParameter, AxisOrder Order) : SampleForm(Each, ToParameter)
    {
        /// <summary>Products an example; those of more than one are not joined with other uses of the parameter.</summary>
        public int Groups { get; init; } = 1;

        public static Product? From(View view, Node g)
        {
            if (g.Op == Ops.Mul) return Outer(view, g);
            if (g.Attributes is not DotAttributes { LeftBatch: { Rank: >= 1 } } d) return null;

            // Batches beside the examples are the groups of a convolution.
            int groups = g.Shape.Skip(1).Take(d.LeftBatch.Rank - 1).Aggregate(1, (m, n) => m * n);
            Node left = Matrices(g.Inputs[0], d.LeftBatch, d.LeftContract), right = Matrices(g.Inputs[1], d.RightBatch, d.RightContract);
            Shape own = [.. g.Shape.Skip(1)];
            int rows = g.Inputs[0].Shape.Rank - 1 - d.LeftContract.Rank;
            AxisOrder order = groups == 1 ? view.Axes.Order(rows) : AxisOrder.Other;
            return left.DType != g.DType ? null : new(view.Gradients, left, right, view.From(own), order) { Groups = groups };
        }

        /// <summary>Products of one parameter as one; null if there are none, or they cannot be joined.</summary>
        /// <param name="view">Of the sum.</param>
        /// <param name="own">The shape of the sum without the examples.</param>
        /// <param name="products">What is added up.</param>
        public static Product? Join(View view, Shape own, IReadOnlyList<Product> products)
        {
            if (products.Count == 0 || products.Any(p => p.Order == AxisOrder.Other)) return null;
            Product[] plain = [.. products.Select(p => p.Order == AxisOrder.Swapped ? p with { Left = p.Right, Right = p.Left } : p)];
            if (plain.Any(p => p.Left.Shape[2] != plain[0].Left.Shape[2] || p.Left.DType != plain[0].Left.DType || p.Right.DType != plain[0].Right.DType)) return null;
            return new(view.Gradients, Make.Concat(1, [.. plain.Select(p => p.Left)]), Make.Concat(1, [.. plain.Select(p => p.Right)]),
                view.From(own), view.Axes.Order(LeadingAxes(own, plain[0].Left.Shape[2])));
        }

        // How many axes of a shape make up so many rows.
        private static int LeadingAxes(Shape own, int rows)
        {
            int axes = 0;
            for (long product = 1; product < rows; axes++) product *= own[axes];
            return axes;
        }

        // One position an example: the batching rule of products makes a broadcast product of it.
        private static Product? Outer(View view, Node g)
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
            return new(view.Gradients, l, r, view.From(own), view.Axes.Order(split - 1));

            static int Size(Shape shape) => shape.Skip(1).Aggregate(1, (m, n) => m * n);
        }

        // [examples and groups as one, contracted as one, free as one]
        private static Node Matrices(Node x, Shape batch, Shape contract)
        {
            int[] free = [.. Ops.FreeAxes(x, batch, contract)];
            Node ordered = Algebra.Permute(x, [.. batch, .. contract, .. free]);
            return Algebra.Reshape(ordered, [Size(batch), Size(contract), Size(free)]);

            int Size(IEnumerable<int> axes) => axes.Aggregate(1, (n, axis) => n * x.Shape[axis]);
        }
    }
}
