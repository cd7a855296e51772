using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

/// <summary>Decides how many rows of a group run in lockstep: each statement is emitted once a row, what is the same in all rows once, so
/// that a row of a tile is loaded once for all. If those are all the rows of the group, barriers need nothing and values stay in
/// registers across them.</summary>
/// <remarks>A row is the items of equal Y and Z; it must fill the lanes. Control flow that differs between rows is emitted for one
/// row after the other; a row may not leave such code for an outer target.</remarks>
internal static class RowLockstep
{
    private const int MostRows = 16;

    // Of 32, some hold what is between two statements. A few more may spill: that costs what memory between phases would.
    private const int MostRegisters = 36;

    /// <summary>The number of rows that run in lockstep: a power of two that divides the rows of the group.</summary>
    public static int RowsOf(Kernel kernel, SimdTarget target)
    {
        Index3D group = target.Group;
        int rows = group.Size / Math.Max(1, group.X);
        if (kernel.Kind != LaunchKind.Grouped || group.X != target.Lanes || rows % 2 != 0)
            return 1;
        if (kernel.Body.Descendants().Any(n => n is Instruction x && !IsAllowed(x)))
            return 1;

        Uniformity inRow = new(kernel, x => ShapeInRow(x, target));
        Uniformity overRows = OverRows(kernel, target);
        if (Escapes(kernel.Body, inRow, overRows))
            return 1;
        int most = Math.Min(MostRows, rows & -rows);
        while (most > 1 && Pressure(kernel, target.Unroll, most, inRow, overRows) > MostRegisters)
            most /= 2;
        return most;
    }

    /// <summary>Uniform: the same for all rows (perhaps not for the items of a row).</summary>
    public static Uniformity OverRows(Kernel kernel, SimdTarget target) => new(kernel, x => x.Opcode switch
    {
        Opcode.GlobalIndex or Opcode.GroupIndex =>
            x.Axis == Axis.X || Extent(target, x.Axis) == 1 ? Shape.Uniform : Shape.Varying,
        Opcode.Allocate when x.Type.Space == AddressSpace.Local => Shape.Varying,
        _ => Shape.Uniform,
    });

    /// <summary>True for a structured node that all rows can go through together.</summary>
    public static bool GoesTogether(Structured node, Uniformity inRow, Uniformity overRows)
    {
        if (node is If branch && (inRow[branch.Condition] != Shape.Uniform || overRows[branch.Condition] != Shape.Uniform))
            return false;
        return !Parts(inRow) && !Parts(overRows);

        bool Parts(Uniformity shapes) => shapes.HasMaskedBreak(node) || shapes.HasEscapes(node)
            || (node is Loop loop && shapes.HasMaskedContinue(loop));
    }

    private static bool IsAllowed(Instruction x) => !x.Opcode.IsGroupWide() || x.Opcode == Opcode.Barrier || x.Opcode.IsReduction();

    private static Shape ShapeInRow(Instruction x, SimdTarget target) =>
        x.Opcode is Opcode.GlobalIndex or Opcode.GroupIndex && x.Axis == Axis.X && Extent(target, Axis.X) > 1
            ? Shape.Linear : Shape.Uniform;

    private static int Extent(SimdTarget target, Axis axis) => axis switch
    {
        Axis.X => target.Group.X,
        Axis.Y => target.Group.Y,
        _ => target.Group.Z,
    };

    private static bool Escapes(Region region, Uniformity inRow, Uniformity overRows) => region.Nodes.OfType<Structured>().Any(s =>
        GoesTogether(s, inRow, overRows)
            ? s.Regions.Any(r => Escapes(r, inRow, overRows))
            : inRow.HasEscapes(s) || overRows.HasEscapes(s) || s.Regions.Any(HasGroupOperation));

    private static bool HasGroupOperation(Region region) =>
        region.Descendants().Any(n => n is Instruction x && x.Opcode.IsGroupWide());

    /// <summary>Vectors that live at the same time, of all rows.</summary>
    private static int Pressure(Kernel kernel, int unroll, int rows, Uniformity inRow, Uniformity overRows)
    {
        Dictionary<Value, int> weights = new(ReferenceEqualityComparer.Instance);
        return Largest(kernel.Body, 0);

        int Largest(Region region, int outer)
        {
            // Backwards: a value lives from its definition to the last node that uses it or contains a use.
            HashSet<Value> live = new(ReferenceEqualityComparer.Instance);
            HashSet<Value> defined = [.. region.Nodes.SelectMany(DefinedBy)];
            int most = outer;
            for (int i = region.Nodes.Count - 1; i >= 0; i--)
            {
                INode node = region.Nodes[i];
                foreach (Value value in DefinedBy(node))
                    live.Remove(value);
                foreach (Value used in AllUses(node))
                {
                    if (defined.Contains(used))
                        live.Add(used);
                }

                int here = outer + live.Sum(Weight);
                most = Math.Max(most, here);
                if (node is Structured structured)
                {
                    int carried = node is Loop loop ? loop.Parameters.Sum(p => Weight(p)) : 0;
                    foreach (Region inner in structured.Regions)
                        most = Math.Max(most, Largest(inner, here + carried));
                }
            }

            return most;
        }

        int Weight(Value value)
        {
            if (!weights.TryGetValue(value, out int weight))
            {
                bool wide = value.Type.IsPointer || value.Type.Scalar.Size() == 8;
                weights[value] = weight = inRow[value] != Shape.Varying ? 0
                    : unroll * (wide ? 2 : 1) * (overRows[value] == Shape.Uniform ? 1 : rows);
            }

            return weight;
        }
    }

    private static IEnumerable<Value> DefinedBy(INode node) => node switch
    {
        Instruction x => [x],
        Structured s => s.Results,
        _ => [],
    };

    private static IEnumerable<Value> AllUses(INode node) => node is Structured structured
        ? node.Uses().Concat(structured.Regions.SelectMany(r => r.Descendants()).SelectMany(n => n.Uses()))
        : node.Uses();
}
