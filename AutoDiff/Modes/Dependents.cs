using Cotangent.AutoDiff.Rules;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>The part of a graph that a transform touches: the nodes on paths from the seeds to the outputs, ends included, inputs before
/// users. See <see cref="Walk.Dependents(IEnumerable{Node}, IReadOnlyCollection{Node})"/>.</summary>
internal static class Dependents
{
    /// <summary>The nodes whose values depend on the seeds.</summary>
    public static List<Node> Of(IEnumerable<Node> outputs, IReadOnlyCollection<Node> seeds) =>
        Walk.Dependents(outputs, seeds);

    /// <summary>The nodes that tangents come to: a function with a derivative of its own is not entered.</summary>
    public static List<Node> Differentiated(IEnumerable<Node> outputs, IReadOnlyCollection<Node> seeds) =>
        Walk.Dependents(outputs, seeds, n => Part(n, RuleTable.Find(n.Op)?.DifferentiatedInputs));

    /// <summary>The nodes of a linear map that cotangents come to.</summary>
    public static List<Node> Linear(IEnumerable<Node> outputs, IReadOnlyCollection<Node> seeds) =>
        Walk.Dependents(outputs, seeds, n => Part(n, RuleTable.Find(n.Op)?.LinearInputs));

    private static ReadOnlySpan<Node> Part(Node n, Func<Node, Range>? part) =>
        part is null ? n.Inputs.AsSpan() : n.Inputs.AsSpan()[part(n)];
}
