namespace Cotangent.Graph;

internal static partial class Ops
{
    /// <summary>Sum of products over the contracted axes, for each index of the batch axes and the free axes of both sides:
    /// result axes are batch, left free, right free (XLA's DotGeneral). Floats.</summary>
    public static readonly Op Dot = new("dot", OpKind.Contraction)
    {
        Infer = (x, a) =>
        {
            DotAttributes d = (DotAttributes)a!;
            Node left = x[0], right = x[1];
            Require(x, "dot", t => t.IsFloat(), "floating");
            CheckAxes("dot", left, [.. d.LeftBatch, .. d.LeftContract]);
            CheckAxes("dot", right, [.. d.RightBatch, .. d.RightContract]);
            foreach ((int l, int r) in d.LeftBatch.Zip(d.RightBatch).Concat(d.LeftContract.Zip(d.RightContract)))
            {
                if (left.Shape[l] != right.Shape[r])
                {
                    throw new ShapeMismatchException($"dot: shapes {left.Shape} and {right.Shape} do not fit: axis {l} of the left is " +
                        $"{left.Shape[l]} and axis {r} of the right is {right.Shape[r]}.");
                }
            }

            return d.LeftBatch.Rank == d.RightBatch.Rank && d.LeftContract.Rank == d.RightContract.Rank
                ? ([.. d.LeftBatch.Select(i => left.Shape[i]), .. FreeExtents(left, d.LeftBatch, d.LeftContract),
                    .. FreeExtents(right, d.RightBatch, d.RightContract)], left.DType)
                : throw new ShapeMismatchException($"dot: {d} does not pair the axes of {left.Shape} and {right.Shape}.");
        },
        Whole = NDIndex.Dot,
    };

    /// <summary>The axes of an operand that are neither batch nor contracted, in order.</summary>
    public static IEnumerable<int> FreeAxes(Node x, Shape batch, Shape contract) =>
        Enumerable.Range(0, x.Shape.Rank).Where(i => !batch.Contains(i) && !contract.Contains(i));

    private static IEnumerable<int> FreeExtents(Node x, Shape batch, Shape contract) => FreeAxes(x, batch, contract).Select(i => x.Shape[i]);
}
