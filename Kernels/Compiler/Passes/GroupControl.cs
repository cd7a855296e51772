using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Checks that every item of a group comes to the group-wide operations: barriers, reductions, broadcasts, shuffles.</summary>
/// <remarks>An item that a device counts on but that went another way would hang it, or give it a value nobody computed: so what cannot
/// be shown to be uniform is refused. The check is the same for all devices, but that some know the group's size.</remarks>
internal static class GroupControl
{
    /// <summary>Throws if a group-wide operation stands in control flow that may differ between the items of a group.</summary>
    /// <param name="kernel">A grouped kernel.</param>
    /// <param name="group">The group's size, where it is known.</param>
    /// <exception cref="KernelCompilationException">CTG1092.</exception>
    public static void Check(Kernel kernel, Index3D? group = null)
    {
        int last = kernel.Body.Nodes.FindLastIndex(IsOrHasGroupWide);
        if (last < 0)
            return;
        Uniformity shapes = new(kernel, x => Shape(x, group));
        for (int i = 0; i <= last; i++)
            Check(kernel, kernel.Body.Nodes[i], shapes);
    }

    /// <summary>The shape of a position or an allocation over the whole group.</summary>
    public static Shape Shape(Instruction x, Index3D? group) => x.Opcode switch
    {
        Opcode.GlobalIndex or Opcode.GroupIndex => ExtentAlong(x.Axis, group) == 1 ? Passes.Shape.Uniform : Passes.Shape.Varying,
        Opcode.Allocate when x.Type.Space == AddressSpace.Local => Passes.Shape.Varying,
        _ => Passes.Shape.Uniform,
    };

    /// <summary>True if control may leave the node for a target outside of it.</summary>
    public static bool Leaves(Structured node) => Leaves(node, node);

    private static int? ExtentAlong(Axis axis, Index3D? group) => axis switch
    {
        Axis.X => group?.X,
        Axis.Y => group?.Y,
        _ => group?.Z,
    };

    private static void Check(Kernel kernel, INode node, Uniformity shapes)
    {
        if (node is not Structured structured || (!IsOrHasGroupWide(node) && !Leaves(structured)))
            return;
        bool diverges = node is If branch && shapes[branch.Condition] != Passes.Shape.Uniform;
        diverges |= shapes.HasMaskedBreak(structured) || shapes.HasEscapes(structured)
            || (node is Loop loop && shapes.HasMaskedContinue(loop));
        if (diverges)
        {
            throw new KernelCompilationException("CTG1092", $"In kernel '{kernel.Name}' a barrier, a group or a warp operation stands "
                + "in (or after a way out of) control flow that differs between the items of a group. All items must come to it: move "
                + "it out of the branch, or let every item go the same way. See docs/diagnostics.md#CTG1092");
        }

        foreach (Region region in structured.Regions)
        {
            foreach (INode inner in region.Nodes)
                Check(kernel, inner, shapes);
        }
    }

    private static bool IsOrHasGroupWide(INode node) => node switch
    {
        Instruction x => x.Opcode.IsGroupWide() || x.Opcode == Opcode.Allocate,
        Structured s => s.Regions.Any(r => r.Nodes.Any(IsOrHasGroupWide)),
        _ => false,
    };

    private static bool Leaves(Structured node, Structured outer) => node.Regions.Any(r => r.Nodes.Any(n => n switch
    {
        Return => true,
        Break b => !Contains(outer, b.Target),
        Continue c => !Contains(outer, c.Target),
        Structured s => Leaves(s, outer),
        _ => false,
    }));

    private static bool Contains(Structured outer, Structured node) => outer == node
        || outer.Regions.Any(r => r.Nodes.Any(n => n is Structured s && Contains(s, node)));
}
