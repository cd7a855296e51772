using Cotangent.Graph;

namespace Cotangent.Fusion;

/// <summary>A barrier of a canonical graph: a reshape to the same shape, which no view looks through when subexpressions are
/// compared. The steps of a phase run after all steps of those before, and no step belongs to two: that keeps what is computed
/// again apart, in place and in time, from what it was computed from.</summary>
/// <param name="Shape">The input's shape.</param>
/// <param name="Phase">At least 1.</param>
internal sealed record BarrierAttributes(Shape Shape, int Phase) : ShapeAttributes(Shape)
{
    /// <summary>The phase of each node of a graph, inputs before users.</summary>
    public static Dictionary<Node, int> Phases(IReadOnlyList<Node> order)
    {
        Dictionary<Node, int> phases = new(order.Count);
        foreach (Node n in order)
        {
            int phase = n.Attributes is BarrierAttributes barrier ? barrier.Phase : 0;
            foreach (Node input in n.Inputs) phase = Math.Max(phase, phases[input]);
            phases[n] = phase;
        }

        return phases;
    }
}
