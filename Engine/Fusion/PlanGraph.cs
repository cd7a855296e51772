using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Fusion;

/// <summary>What a leaf of a plan stands for: tensor or scalar number k of the program's inputs.</summary>
internal readonly record struct LeafSlot(bool IsScalar, int Index);

/// <summary>A graph ready to be planned: canonical nodes over placeholders, which hold no one's data.</summary>
internal sealed record PlanGraph(Device Device, Node[] Outputs, IReadOnlyDictionary<Node, LeafSlot> Leaves)
{
    /// <summary>True for placeholders of tensors: they have a buffer.</summary>
    public bool IsTensor(Node n) => Leaves.TryGetValue(n, out LeafSlot slot) && !slot.IsScalar;
}
