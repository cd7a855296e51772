using Cotangent.Graph;

namespace Cotangent.Fusion;

/// <summary>What a step of a plan does.</summary>
internal enum GroupKind : byte
{
    /// <summary>A kernel over a domain: elementwise and movement ops, reductions, gathers.</summary>
    Fused,

    /// <summary>One batched matrix product.</summary>
    Product,

    /// <summary>One scatter-add.</summary>
    Scatter,

    /// <summary>A concatenation along the outermost axis: its parts are computed into their places.</summary>
    Join,

    /// <summary>One call of a user's kernel; the anchors are its outputs that are used.</summary>
    Kernel,

    /// <summary>One call of a routine op; the anchors are its outputs that are used.</summary>
    Routine,
}

/// <summary>Nodes computed together in one step.</summary>
internal sealed class FusionGroup(GroupKind kind, Node anchor, Domain domain)
{
    public GroupKind Kind { get; } = kind;

    /// <summary>The nodes that the step may store, inputs before users. What lies between them is computed on the
    /// way.</summary>
    public List<Node> Anchors { get; set; } = [anchor];

    /// <summary>The iteration space of a fused kernel or of a scatter-add (its updates).</summary>
    public Domain Domain { get; set; } = domain;

    /// <summary>Its place in an order in which the groups could run.</summary>
    public int Rank { get; set; }

    /// <summary>The anchors that other steps or the caller read.</summary>
    public List<Node> Stored { get; } = [];

    public bool HasReduction => Anchors.Exists(a => a.Op.Kind == OpKind.Reduce);

    /// <summary>True if each row is the work of a group of work items.</summary>
    public bool IsGrouped => Kind == GroupKind.Fused && Domain.C == 1 && Domain.K > Domain.ShortRow;
}
