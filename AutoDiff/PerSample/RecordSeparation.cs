using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>Shows of a function of a batch that result i depends on record i alone, by following the records' axis through its graph; or names
/// the op that mixes records.</summary>
/// <remarks>It never errs to the permissive side: an op that it does not know, such as a loop or a kernel of the user's, is refused.</remarks>
internal sealed class RecordSeparation
{
    private readonly Dictionary<Node, RecordAxis> _axes;

    private RecordSeparation(Dictionary<Node, RecordAxis> axes) => _axes = axes;

    /// <summary>The first fault on the way from a batch to the losses [records]; null if there is none.</summary>
    /// <param name="losses">The result.</param>
    /// <param name="batch">The placeholders of the batch, records along the first axis.</param>
    public static (Node Node, string Fault)? FirstFault(Node losses, IReadOnlyList<Node> batch)
    {
        RecordSeparation separation = new(batch.ToDictionary(x => x, _ => new RecordAxis(0, 1)));
        foreach (Node n in Dependents.Of([losses], batch.ToArray()))
        {
            if (separation._axes.ContainsKey(n)) continue;
            if (separation.Follow(n) is { } fault) return (n, fault);
        }

        // A result that no record reaches has nothing to mix.
        if (!separation._axes.TryGetValue(losses, out RecordAxis own)) return null;
        return own == new RecordAxis(0, 1) && losses.Shape.Rank == 1 ? null
            : (losses, $"the result {losses.Shape} does not hold one loss a record");
    }

    private RecordAxis? Of(Node n) => _axes.TryGetValue(n, out RecordAxis axis) ? axis : null;

    // Enters where a node's records are; what is wrong, if they are mixed.
    private string? Follow(Node n)
    {
        RecordAxis?[] inputs = [.. n.Inputs.Select(Of)];
        if (n.Op.IsTransparent || n.Op == Ops.Barrier)
        {
            if (inputs[0] is { } value) _axes[n] = value;
            return null;
        }

        RecordAxis[] known = [.. inputs.OfType<RecordAxis>()];
        if (known.Length == 0) return null;
        (RecordAxis? axis, string? fault) = n.Op.Kind switch
        {
            OpKind.Elementwise => Aligned(known),
            OpKind.Reduce => Along(n, known[0]),
            OpKind.Movement => Moved(n, inputs, known),
            OpKind.Contraction => Contracted(n, inputs),
            OpKind.Indexing => Indexed(n, inputs, known),
            _ when n.Attributes is CumulativeAttributes => Along(n, known[0]),
            _ when n.Op == Ops.Attention => Attended(known),
            _ when n.Op == Ops.CrossEntropy => OfRows(n, inputs),
            _ when n.Op == Ops.ArgSort && known[0].Axis != n.Get<SortAttributes>().Axis => (known[0], null),
            _ => (null, $"{n.Op} is not known to keep records apart"),
        };
        if (axis is { } found) _axes[n] = found;
        return axis is null ? fault : null;
    }

    private static (RecordAxis?, string?) Aligned(RecordAxis[] known) =>
        known.All(a => a == known[0]) ? (known[0], null) : (null, "it combines elements of different records");

    private static (RecordAxis?, string?) Along(Node n, RecordAxis x)
    {
        int[] axes = n.Attributes switch
        {
            AxesAttributes a => [.. a.Axes],
            AxisAttributes a => [a.Axis],
            CumulativeAttributes a => [a.Axis],
            _ => [x.Axis],
        };
        if (axes.Contains(x.Axis)) return (null, $"{n.Op} runs over the records' axis");
        return n.Shape.Rank == n.Inputs[0].Shape.Rank ? (x, null) : (x with { Axis = x.Axis - axes.Count(a => a < x.Axis) }, null);
    }

    private (RecordAxis?, string?) Moved(Node n, RecordAxis?[] inputs, RecordAxis[] known)
    {
        RecordAxis x = known[0];
        Shape from = n.Inputs[0].Shape;
        bool isUntouched = n.Attributes switch
        {
            SliceAttributes s => s.Start[x.Axis] == 0 && s.Step[x.Axis] == 1 && s.Extent[x.Axis] == from[x.Axis],
            PadAttributes p => p.Low[x.Axis] == 0 && p.High[x.Axis] == 0 && p.Interior[x.Axis] == 0,
            AxesAttributes f when n.Op == Ops.Flip => !f.Axes.Contains(x.Axis),
            ShapeAttributes e when n.Op == Ops.Expand => e.Shape[x.Axis] == from[x.Axis],
            AxisAttributes c when n.Op == Ops.Concat => c.Axis != x.Axis && known.All(k => k == x),
            _ => false,
        };
        if (isUntouched) return (x, null);
        if (n.Op == Ops.Permute) return (x with { Axis = n.Get<AxesAttributes>().Axes.AsSpan().IndexOf(x.Axis) }, null);
        if (n.Op == Ops.Reshape) return x.Reshaped(from, n.Shape) is { } y ? (y, null) : (null, "the reshape spreads records over several axes");
        return (null, n.Op == Ops.Skew ? $"{n.Op} is not known to keep records apart" : $"{n.Op} moves elements along the records' axis");
    }

    private static (RecordAxis?, string?) Contracted(Node n, RecordAxis?[] inputs)
    {
        DotAttributes d = n.Get<DotAttributes>();
        RecordAxis? left = Output(inputs[0], n.Inputs[0], d.LeftBatch, d.LeftContract, d.LeftBatch.Rank);
        int leftFree = n.Inputs[0].Shape.Rank - d.LeftBatch.Rank - d.LeftContract.Rank;
        RecordAxis? right = Output(inputs[1], n.Inputs[1], d.RightBatch, d.RightContract, d.LeftBatch.Rank + leftFree);
        if ((inputs[0] is not null && left is null) || (inputs[1] is not null && right is null)) return (null, "the product sums over the records' axis");
        return left is null ? (right, null) : right is null || left == right ? (left, null) : (null, "the product combines elements of different records");

        static RecordAxis? Output(RecordAxis? x, Node operand, Shape batch, Shape contract, int firstFree)
        {
            if (x is not { } at || contract.Contains(at.Axis)) return null;
            int place = batch.AsSpan().IndexOf(at.Axis);
            return at with { Axis = place >= 0 ? place : firstFree + Array.IndexOf([.. Ops.FreeAxes(operand, batch, contract)], at.Axis) };
        }
    }

    // Batches are the first axis of all operands.
    private static (RecordAxis?, string?) Attended(RecordAxis[] known) =>
        known.All(a => a == known[0] && a.Axis == 0) ? (known[0], null) : (null, "attention looks from one record at another");

    // Results of rows, from rows of embeddings and targets and columns of factors.
    private static (RecordAxis?, string?) OfRows(Node n, RecordAxis?[] inputs)
    {
        if (n.Shape.Rank != 1 || n.Shape[0] != n.Inputs[1].Shape[0]) return (null, $"output {n.Get<CallAttributes>().Output} of {n.Op} adds rows up");
        RecordAxis?[] rows = [.. inputs.Select((x, i) => i == 0 && x is { Axis: 1 } f ? f with { Axis = 0 } : x)];
        RecordAxis known = rows.OfType<RecordAxis>().First();
        bool isApart = rows.Select((x, i) => x is null || (x == known && known.Axis == 0 && i is 0 or 1 or 3)).All(good => good);
        return isApart ? (known, null) : (null, "the cross-entropy combines rows of different records");
    }

    private static (RecordAxis?, string?) Indexed(Node n, RecordAxis?[] inputs, RecordAxis[] known)
    {
        if (n.Op == Ops.TakeAlong || n.Op == Ops.AddAlong)
        {
            int along = n.Attributes is ScatterAttributes s ? s.Axis : n.Get<AxisAttributes>().Axis;
            return known[0].Axis == along ? (null, $"{n.Op} runs over the records' axis") : Aligned(known);
        }

        if (n.Op != Ops.Gather) return (null, $"{n.Op} is not known to keep records apart");
        int axis = n.Get<AxisAttributes>().Axis, indices = n.Inputs[1].Shape.Rank;
        return (inputs[0], inputs[1]) switch
        {
            (null, { } i) => (i with { Axis = axis + i.Axis }, null),
            ({ } x, null) when x.Axis < axis => (x, null),
            ({ } x, null) when x.Axis > axis => (x with { Axis = x.Axis + indices - 1 }, null),
            _ => (null, "the gather takes elements of other records"),
        };
    }
}
