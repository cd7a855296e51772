using Cotangent.Graph;

namespace Cotangent.AutoDiff.Rules;

/// <summary>Derivatives of clipped sums are those of the graph that they stand for.</summary>
internal static class ClippedSum
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [DeviceOps.ClippedSum] = new()
        {
            Jvp = (y, dx) =>
            {
                (ClosedGraph graph, _) = ClosedGraph.Of(y.Op.Name, p => ClippedSums.Composed(
                    y.Get<ClippedSumAttributes>(), new(p[0]), new(p[1]), new(p[2]), new(p[3])), y.Inputs);
                return graph.Tangent(y.Inputs, dx);
            },
        },
    };
}
