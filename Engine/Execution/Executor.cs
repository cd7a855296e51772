using Cotangent.Graph;

namespace Cotangent.Execution;

/// <summary>Computes nodes by the float64 reference and writes the results to their devices.</summary>
internal static class Executor
{
    /// <summary>Gives every node its storage.</summary>
    public static void Realize(IReadOnlyList<Node> nodes, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        Node[] wanted = [.. nodes.Where(n => n.Storage is null).Distinct()];
        if (wanted.Length == 0) return;
        double[][] values = Reference.Evaluate(wanted, HostData.ToDoubles);
        for (int i = 0; i < wanted.Length; i++)
        {
            wanted[i].Realize(HostData.Store(HostData.FromDoubles(wanted[i].DType, values[i]), wanted[i].Device));
        }
    }
}
