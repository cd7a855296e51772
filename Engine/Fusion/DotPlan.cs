using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Fusion;

/// <summary>A dot as one batched matrix product over strided views: A and B are read where they are stored, C is
/// written to Result's row-major storage.</summary>
/// <param name="Dot">The dot.</param>
/// <param name="Result">The node that is stored: the dot, or a permutation of it that is all anyone reads.</param>
/// <param name="Left">The left operand.</param>
/// <param name="Right">The right operand.</param>
/// <param name="Problem">The extents and strides.</param>
internal sealed record DotPlan(Node Dot, Node Result, StridedView Left, StridedView Right, GemmProblem Problem)
{
    /// <summary>Plans a dot. Operands whose strides do not fit are copied: their views then have themselves as
    /// base.</summary>
    /// <param name="dot">The dot.</param>
    /// <param name="result">The dot, or a permutation of it that is to be stored instead if that can be.</param>
    /// <param name="isStored">True for movement ops that are stored as they are.</param>
    public static DotPlan Of(Node dot, Node result, Func<Node, bool> isStored)
    {
        Operands x = new(dot, StridedView.Of(dot.Inputs[0], isStored), StridedView.Of(dot.Inputs[1], isStored));
        foreach (Operands y in x.Alternatives())
        {
            foreach (Node stored in result == dot ? [dot] : new[] { result, dot })
            {
                if (y.Problem(stored) is { } problem) return new(dot, stored, y.Left, y.Right, problem);
            }
        }

        throw new InvalidOperationException($"No layout for {dot}.");
    }

    private sealed record Operands(Node Dot, StridedView Left, StridedView Right)
    {
        private DotAttributes Axes => Dot.Get<DotAttributes>();

        /// <summary>As they are; then one of them, then both copied to their own row-major order; at last with the axes
        /// in the order batch, free, contracted, which always fits.</summary>
        public IEnumerable<Operands> Alternatives()
        {
            Node l = Dot.Inputs[0], r = Dot.Inputs[1];
            yield return this;
            yield return this with { Left = StridedView.Contiguous(l) };
            yield return this with { Right = StridedView.Contiguous(r) };
            yield return this with { Left = StridedView.Contiguous(l), Right = StridedView.Contiguous(r) };
            yield return this with { Left = Ordered(l, Axes.LeftBatch, Axes.LeftContract),
                Right = Ordered(r, Axes.RightBatch, Axes.RightContract) };
        }

        public GemmProblem? Problem(Node stored)
        {
            DotAttributes d = Axes;
            long[] a = Left.Strides, b = Right.Strides, c = ResultStrides(stored);
            int batchRank = d.LeftBatch.Rank;
            int[] leftFree = [.. Ops.FreeAxes(Dot.Inputs[0], d.LeftBatch, d.LeftContract)];
            int[] rightFree = [.. Ops.FreeAxes(Dot.Inputs[1], d.RightBatch, d.RightContract)];
            Shape left = Dot.Inputs[0].Shape, right = Dot.Inputs[1].Shape;
            List<Run> batch =
                Merge(Enumerable.Range(0, batchRank)
                .Select(i => new Run(Dot.Shape[i], a[d.LeftBatch[i]], b[d.RightBatch[i]], c[i])));
            List<Run> m = Merge(leftFree.Select((axis, i) => new Run(left[axis], a[axis], 0, c[batchRank + i])));
            List<Run> n =
                Merge(rightFree
                .Select((axis, i) => new Run(right[axis], 0, b[axis], c[batchRank + leftFree.Length + i])));
            List<Run> k =
                Merge(d.LeftContract.Select((axis, i) => new Run(left[axis], a[axis], b[d.RightContract[i]], 0)));

            // A second free axis can be a batch axis along which the other operand repeats.
            while (m.Count > 1 && batch.Count < 2) Spill(m, batch);
            while (n.Count > 1 && batch.Count < 2) Spill(n, batch);
            if (batch.Count > 2 || m.Count > 1 || n.Count > 1 || k.Count > 1) return null;
            Run b0 = At(batch, batch.Count - 2), b1 = At(batch, batch.Count - 1), mm = At(m, 0), nn = At(n, 0),
                kk = At(k, 0);
            return new GemmProblem(Dot.DType.Scalar(), b0.Extent, b1.Extent, mm.Extent, nn.Extent, kk.Extent,
                new(b0.A, b1.A, mm.A, kk.A), new(b0.B, b1.B, kk.B, nn.B), new(b0.C, b1.C, mm.C, nn.C),
                Precision: d.Precision);
        }

        /// <summary>The strides of the dot's axes in the storage of the dot or of a permutation of it.</summary>
        private long[] ResultStrides(Node stored)
        {
            long[] strides = stored.Shape.Strides();
            if (stored == Dot) return strides;
            Shape axes = stored.Get<AxesAttributes>().Axes;
            long[] result = new long[axes.Rank];
            for (int i = 0; i < axes.Rank; i++) result[axes[i]] = strides[i];
            return result;
        }

        /// <summary>A copy of an operand whose axes are permuted in storage, seen through the inverse
        /// permutation.</summary>
        private static StridedView Ordered(Node x, Shape batch, Shape contract)
        {
            int[] order = [.. batch, .. Ops.FreeAxes(x, batch, contract), .. contract];
            Node copy = Make.Permute(x, Shape.From(order));
            long[] stored = copy.Shape.Strides(), strides = new long[order.Length];
            for (int i = 0; i < order.Length; i++) strides[order[i]] = stored[i];
            return new(copy, 0, strides);
        }

        private static void Spill(List<Run> free, List<Run> batch)
        {
            batch.Add(free[0]);
            free.RemoveAt(0);
        }

        private static Run At(List<Run> runs, int i) => i >= 0 && i < runs.Count ? runs[i] : new Run(1, 0, 0, 0);

        /// <summary>Joins neighbouring axes that all three operands step through evenly.</summary>
        private static List<Run> Merge(IEnumerable<Run> axes)
        {
            List<Run> runs = [];
            foreach (Run axis in axes)
            {
                if (axis.Extent == 1) continue;
                if (runs.Count > 0 && runs[^1] is var outer && outer.A == axis.A * axis.Extent
                    && outer.B == axis.B * axis.Extent
                    && outer.C == axis.C * axis.Extent)
                {
                    runs[^1] = axis with { Extent = outer.Extent * axis.Extent };
                }
                else
                {
                    runs.Add(axis);
                }
            }

            return runs;
        }
    }

    /// <summary>An axis of the product with its stride in each operand.</summary>
    private readonly record struct Run(int Extent, long A, long B, long C);
}
