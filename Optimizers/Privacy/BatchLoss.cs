using Cotangent.AutoDiff;
using Cotangent.Graph;

namespace Cotangent.Optimizers.Privacy;

/// <summary>A loss of a batch as a loss of one record, once it is shown that the batch does not mix records.</summary>
internal sealed class BatchLoss<TParameters, TRecord>(Func<TParameters, TRecord, Tensor> losses)
{
    /// <summary>The loss of one record: of the batch of it alone.</summary>
    public Tensor OfOne(TParameters parameters, TRecord record)
    {
        Tensor result = losses(parameters, Trees.Map(record, x => x.Unsqueeze(0)));
        return result.Shape == [1] ? result.Squeeze(0)
            : throw new MixedRecordsException($"The loss of a batch of one record has shape {result.Shape}; it must be [1]: one loss a record, not their mean or sum.");
    }

    /// <summary>Throws unless each loss depends on its own record alone.</summary>
    /// <exception cref="MixedRecordsException">One does not; the message names the op and the line that made it.</exception>
    public void RequireSeparate(TParameters parameters, TRecord batch)
    {
        using Origins origins = Origins.Record();
        Node[] placeholders = [.. Trees.Flatten(batch).Select(x => ClosedGraph.Like(x.Node, "record"))];
        Node result = losses(parameters, Trees.Rebuild(batch, [.. placeholders.Select(x => new Tensor(x))])).Node;
        if (RecordSeparation.FirstFault(result, placeholders) is not { } fault) return;
        string place = origins.TryFind(fault.Node, out Origin? origin) && origin.Place.Length > 0 ? $" ({origin.Place})" : "";
        throw new MixedRecordsException(
            $"The loss mixes records: {fault.Fault}{place}, {fault.Node.Op} of {string.Join(" and ", fault.Node.Inputs.Select(i => $"{i.DType}{i.Shape}"))}. " +
            "A record's gradient would depend on others, and clipping it would protect nothing. Normalise within the record (Nn.LayerNorm, Nn.RmsNorm) instead of " +
            "over the batch, return one loss a record, or give Private.Wrap the loss of one record.");
    }
}
