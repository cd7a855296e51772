using System.Collections.Immutable;

namespace Cotangent.Kernels.Ir;

/// <summary>Questions that every walk over the IR asks.</summary>
internal static class Nodes
{
    /// <summary>The values that a node itself uses, without those used in its regions.</summary>
    public static ImmutableArray<Value> Uses(this INode node) => node switch
    {
        Instruction instruction => instruction.Operands,
        If branch => [branch.Condition],
        Loop loop => loop.Initial,
        Terminator terminator => terminator.Arguments,
        _ => [],
    };

    /// <summary>All nodes of a region and of the regions nested in it, in the order of the text.</summary>
    public static IEnumerable<INode> Descendants(this Region region)
    {
        foreach (INode node in region.Nodes)
        {
            yield return node;
            if (node is Structured structured)
            {
                foreach (INode inner in structured.Regions.SelectMany(Descendants))
                {
                    yield return inner;
                }
            }
        }
    }

    /// <summary>True if a node of this kind stands in the region or in those nested in it.</summary>
    public static bool Contains<T>(this Region region) where T : Structured
    {
        foreach (INode node in region.Nodes)
        {
            if (node is T || (node is Structured structured && structured.Regions.Any(r => r.Contains<T>())))
            {
                return true;
            }
        }

        return false;
    }
}
