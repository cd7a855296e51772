using Cotangent.AutoDiff.Custom;
using Cotangent.Fusion;
using Cotangent.Graph;

namespace Cotangent.AutoDiff.Control;

/// <summary>A graph in two parts: what does not depend on some placeholders, and the rest, which reads a few nodes of the first part, the
/// residuals.</summary>
/// <remarks>Residuals are what a derivative keeps in memory. Beginning with all that the second part reads, a residual that is cheap to
/// compute is replaced by its operands as long as that does not take more bytes: 1 − y² by y, an expanded bias by the bias.</remarks>
internal sealed class PartialEvaluation
{
    private readonly HashSet<Node> _known;
    private readonly HashSet<Node> _residuals = [];
    private readonly Func<Node, bool> _isFree;

    // What a checkpoint computes again from its arguments: cutting there would part its results from them.
    private readonly HashSet<Node> _whole;

    private PartialEvaluation(HashSet<Node> known, Func<Node, bool> isFree, HashSet<Node> whole) =>
        (_known, _isFree, _whole) = (known, isFree, whole);

    /// <summary>The nodes of the first part that the second reads.</summary>
    public required Node[] Residuals { get; init; }

    /// <summary>What stands for them in the second part.</summary>
    public required Node[] Placeholders { get; init; }

    /// <summary>The outputs over residuals' placeholders and unknowns.</summary>
    public required Node[] Outputs { get; init; }

    /// <summary>Separates.</summary>
    /// <param name="outputs">Nodes that depend on the unknowns.</param>
    /// <param name="unknowns">Placeholders.</param>
    /// <param name="knowns">The other placeholders of the graph.</param>
    /// <param name="isFree">True for nodes that need no memory of their own as residuals.</param>
    /// <param name="recompute">True to keep nothing: the residuals are those of <paramref name="knowns"/> that are needed.</param>
    public static PartialEvaluation Of(
        IReadOnlyList<Node> outputs, IReadOnlyCollection<Node> unknowns, IReadOnlyCollection<Node> knowns, Func<Node, bool> isFree, bool recompute)
    {
        HashSet<Node> linear = [.. Dependents.Of(outputs, unknowns)];
        List<Node> read = [.. linear.SelectMany(n => n.Inputs).Concat(outputs).Where(n => !linear.Contains(n)).Distinct()];
        HashSet<Node> known = [.. Dependents.Of(read, knowns)];
        HashSet<Node> whole = [.. linear.SelectMany(n => n.Attributes is CustomAttributes { Derivative.IsWhole: true } call ? call.Inside(n) : [])];
        whole.ExceptWith(linear);
        Node[] residuals;
        if (recompute) residuals = [.. knowns.Where(known.Contains)];
        else
        {
            PartialEvaluation cut = new(known, isFree, whole) { Residuals = [], Placeholders = [], Outputs = [] };
            residuals = cut.Choose(read);
        }

        Node[] placeholders = [.. residuals.Select(n => Make.Input(n.Shape, n.DType, n.Device, "residual", n.IsAnywhere))];
        Dictionary<Node, Node> map = residuals.Zip(placeholders).ToDictionary(p => p.First, p => p.Second);
        return new(known, isFree, whole) { Residuals = residuals, Placeholders = placeholders, Outputs = Walk.Substitute(outputs, map) };
    }

    private Node[] Choose(List<Node> read)
    {
        _residuals.UnionWith(read.Where(_known.Contains));
        while (true)
        {
            // Users first: an operand may become free of other users.
            Node? again = _residuals.OrderByDescending(n => n.Id).FirstOrDefault(IsBetterComputed);
            if (again is null) return [.. _residuals.OrderBy(n => n.Id)];
            _residuals.Remove(again);
            _residuals.UnionWith(again.Inputs.Where(_known.Contains));
        }
    }

    private bool IsBetterComputed(Node n)
    {
        if (_whole.Contains(n)) return true;
        bool isCheap = n.Op.Kind == OpKind.Movement || (n.Op.Kind == OpKind.Elementwise && Anchors.OwnCost(n) <= 4);
        if (!isCheap || _isFree(n)) return false;
        return n.Inputs.Distinct().Where(i => _known.Contains(i) && !_residuals.Contains(i) && !_isFree(i)).Sum(Bytes) <= Bytes(n);
    }

    private static long Bytes(Node n) => n.Shape.Size * n.DType.Size();
}
