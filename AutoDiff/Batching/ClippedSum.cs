using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>A batch of clipped sums runs one after the other: each has norms of its own.</summary>
internal static class ClippedSum
{
    public static readonly Dictionary<Op, BatchRule> Rules = new()
    {
        [DeviceOps.ClippedSum] = call => Flow.Scan(
            (Tensor carry, Tensor[] x) => (carry, new Tensor(new Node(call.Node.Op, [.. x.Select(t => t.Node)], call.Node.Attributes))),
            Tensor.Full([], 0, DType.Float32), (Tensor[])[.. call.Inputs.Select(n => new Tensor(n))]).Ys.Node,
    };
}
