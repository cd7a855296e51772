using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>Gather and scatter-add with shared indices are themselves along the next axis. With indices of their own for each
/// example, the examples' rows form one table, and example b's index i is row b·extent + i of it.</summary>
internal static class Indexing
{
    public static readonly Dictionary<Op, BatchRule> Rules = new()
    {
        [Ops.Gather] = Gather,
        [Ops.ScatterAdd] = ScatterAdd,
        [Ops.TakeAlong] = call => Make.TakeAlong(call[0], call[1], call.Get<AxisAttributes>().Axis + 1),
        [Ops.AddAlong] = call => Make.AddAlong(call[0], call[1], call.Get<ScatterAttributes>().Axis + 1, call.Get<ScatterAttributes>().Extent),
    };

    private static Node Gather(BatchedCall call)
    {
        int axis = call.Get<AxisAttributes>().Axis;
        Node example = call.Node.Inputs[0], indices = call.Node.Inputs[1];
        switch (call.Batched(0), call.Batched(1))
        {
            case ({ } x, null):
                return Make.Gather(x, indices, axis + 1);
            case (null, { } own):
                return BatchedGraph.MoveAxis(Make.Gather(example, own, axis), axis, 0);
            default:
                int extent = example.Shape[axis];
                Node table = Make.Reshape(
                    BatchedGraph.MoveAxis(call[0], axis + 1, 1),
                    [Rows(call, extent), .. example.Shape.Take(axis), .. example.Shape.Skip(axis + 1)]);

                // [batch, indices, before the axis, after it] → [batch, before, indices, after].
                return Exchange(Make.Gather(table, InTable(call, extent), 0), indices.Shape.Rank, axis);
        }
    }

    private static Node ScatterAdd(BatchedCall call)
    {
        (int axis, int extent) = call.Get<ScatterAttributes>();
        if (call.Batched(1) is null) return Make.ScatterAdd(call[0], call.Node.Inputs[1], axis + 1, extent);

        // [batch, before the axis, indices, after] → [batch, indices, before, after] → [table, before, after].
        Node updates = Exchange(call[0], axis, call.Node.Inputs[1].Shape.Rank);
        Node table = Make.ScatterAdd(updates, InTable(call, extent), 0, Rows(call, extent));
        Shape result = call.Node.Shape;
        return BatchedGraph.MoveAxis(
            Make.Reshape(table, [call.Size, extent, .. result.Take(axis), .. result.Skip(axis + 1)]), 1, axis + 1);
    }

    private static int Rows(BatchedCall call, int extent) => (long)call.Size * extent is var rows && rows <= int.MaxValue
        ? (int)rows
        : throw new TensorTooLargeException(
            $"Vmap: {call.Node.Op} of {call.Size} examples along an axis of {extent} addresses {rows} rows; an index reaches " +
            $"{int.MaxValue}. Batch in parts.");

    /// <summary>The examples' indices as rows of the table. Those outside their axis are −1: outside the table, not in
    /// the rows of another example.</summary>
    private static Node InTable(BatchedCall call, int extent)
    {
        Node indices = call[1];
        Node Number(double x) => Make.Number(DType.Int32, x, indices.Shape);
        Node inside = Make.Binary(Ops.And,
            Make.Binary(Ops.LessEqual, Number(0), indices), Make.Binary(Ops.Less, indices, Number(extent)));
        Node first = Make.Mul(Make.Iota(indices.Shape, 0, DType.Int32), Number(extent));
        return Make.Where(inside, Make.Add(indices, first), Number(-1));
    }

    /// <summary>Exchanges the block of the first axes after the batch with the block after it.</summary>
    private static Node Exchange(Node x, int first, int second) => Make.Permute(x,
    [
        0, .. Enumerable.Range(1 + first, second), .. Enumerable.Range(1, first),
        .. Enumerable.Range(1 + first + second, x.Shape.Rank - 1 - first - second),
    ]);
}
