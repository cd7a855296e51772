using Cotangent.Graph;

namespace Cotangent.AutoDiff;

internal abstract partial record SampleForm
{
    /// <summary>Rows added up where indices say, the gradient of a gather: updates [examples, T, …] to the rows [examples, T] of a table.</summary>
    /// <param name="Each">The gradients.</param>
    /// <param name="Updates">What is added, [examples, T, width].</param>
    /// <param name="Rows">Where, Int32 [examples, T]; −1 where nothing is.</param>
    /// <param name="Extent">The rows of the table.</param>
    /// <param name="ToParameter">From [extent, width] to the parameter.</param>
    /// <param name="Order">Which of the parameter's axes the rows are.</param>
    public sealed record Table(Node Each, Node Updates, Node Rows, int Extent, Func<Node, Node> ToParameter, AxisOrder Order) : SampleForm(Each, ToParameter)
    {
        public static Table? From(View view, Node g)
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
            return new(view.Gradients, Algebra.Reshape(updates, [examples, positions, width]), rows, extent, view.From(own), view.Axes.Order(1));
        }

        /// <summary>Tables of one parameter as one; null if there are none, or they cannot be joined.</summary>
        /// <inheritdoc cref="Product.Join"/>
        public static Table? Join(View view, Shape own, IReadOnlyList<Table> tables)
        {
            if (tables.Count == 0 || tables.Any(t => t.Order != AxisOrder.Plain || t.Updates.DType != tables[0].Updates.DType)) return null;
            return new(view.Gradients, Make.Concat(1, [.. tables.Select(t => t.Updates)]), Make.Concat(1, [.. tables.Select(t => t.Rows)]),
                own[0], view.From(own), view.Axes.Order(1));
        }
    }
}
