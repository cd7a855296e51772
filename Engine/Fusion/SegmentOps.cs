using Cotangent.Execution;
using Cotangent.Graph;

namespace Cotangent.Fusion;

/// <summary>Ops that canonical graphs alone have: what a scatter-add of rows is made of. The updates are not carried to their places, which
/// one work item a column could do in order; each place fetches its own, in the order of the indices, all places at once.</summary>
internal static class SegmentOps
{
    /// <summary>segments(indices [n]): two outputs, see <see cref="SegmentsAttributes"/>.</summary>
    public static readonly Op Segments = new("segments", OpKind.Routine)
    {
        Infer = (x, a) => a is SegmentsAttributes { Output: SegmentsAttributes.Order }
            ? (x[0].Shape, DType.Int32)
            : ([((SegmentsAttributes)a!).Extent + 1], DType.Int32),
        Whole = (n, x) => n.Get<SegmentsAttributes>().Output == SegmentsAttributes.Order
            ? [.. Enumerable.Range(0, x[0].Length).OrderBy(i => x[0][i]).Select(i => (double)i)]
            : [.. Enumerable.Range(0, n.Shape[0]).Select(v => (double)x[0].Count(i => i < v))],
        Routine = (device, n) => new SegmentsRoutine(device, n),
    };

    /// <summary>segment_add(updates [A, n, C], order, starts) → [A, extent, C]: element v along the middle axis is the sum of the updates
    /// order[starts[v]] to order[starts[v + 1] − 1], in this order.</summary>
    public static readonly Op SegmentAdd = new("segment_add", OpKind.Indexing)
    {
        Infer = (x, a) => ([x[0].Shape[0], ((ScatterAttributes)a!).Extent, x[0].Shape[2]], x[0].DType),
        Whole = (n, x) =>
        {
            int count = n.Inputs[0].Shape[1], extent = n.Shape[1], inner = n.Shape[2];
            double[] y = new double[n.Shape.Size];
            for (int i = 0; i < y.Length; i++)
            {
                int outer = i / (extent * inner), v = i / inner % extent;
                for (int j = (int)x[2][v]; j < (int)x[2][v + 1]; j++)
                    y[i] += x[0][(outer * count + (int)x[1][j]) * inner + i % inner];
            }

            return y;
        },
    };
}

/// <summary>The extent of the axis that indices are of. Output 0 is the order of the positions by index, stable; output 1 has, for each index
/// from 0 to the extent, how many are smaller.</summary>
internal sealed record SegmentsAttributes(int Extent) : CallAttributes
{
    public const int Order = 0, Starts = 1;

    /// <inheritdoc/>
    public override int OutputCount => 2;
}
