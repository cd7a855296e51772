using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>A batch of norms of examples are the norms of more examples.</summary>
internal static class GramNorms
{
    public static readonly Dictionary<Op, BatchRule> Rules = new()
    {
        [Ops.GramNorms] = call =>
        {
            Node[] inputs = [.. call.Inputs.Select(x => Make.Reshape(x, [x.Shape[0] * x.Shape[1], x.Shape[2], x.Shape[3]]))];
            return Make.Reshape(new Node(Ops.GramNorms, [.. inputs], call.Node.Attributes), call.Shape);
        },
    };
}
