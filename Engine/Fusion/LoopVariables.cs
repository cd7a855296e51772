using Cotangent.Kernels.Ir;

namespace Cotangent.Fusion;

/// <summary>The index variables of a domain: one for each of [A, K, C] at first, split where an index would need a
/// division.</summary>
internal sealed class LoopVariables
{
    private readonly List<long>[] _extents;

    public LoopVariables(Domain domain) => _extents = [[domain.A], [domain.K], [domain.C]];

    /// <summary>Makes the variables in a space, outermost first: equal layouts give equal ids.</summary>
    public IndexVariable[][] Make(IndexSpace space) =>
        [.. _extents.Select(axis => axis.Where(n => n > 1).Select(space.Variable).ToArray())];

    /// <summary>Splits a variable of a layout made before. False if it is not one of them (a loop's own).</summary>
    public bool Split(IndexVariable[][] made, IndexVariable variable, long inner)
    {
        for (int axis = 0; axis < 3; axis++)
        {
            int i = Array.IndexOf(made[axis], variable);
            if (i < 0) continue;
            _extents[axis].RemoveAll(n => n == 1);
            _extents[axis][i] = variable.Extent / inner;
            _extents[axis].Insert(i + 1, inner);
            return true;
        }

        return false;
    }
}

/// <summary>Neighbouring variables that one IR value counts: Base = Σ variable·stride.</summary>
internal sealed record VariableRun(IndexVariable[] Variables, long[] Strides, Value Base)
{
    public static VariableRun Of(IndexVariable[] variables, Value counter)
    {
        long[] strides = new long[variables.Length];
        long stride = 1;
        for (int i = variables.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= variables[i].Extent;
        }

        return new(variables, strides, counter);
    }

    /// <summary>The factor f with which an index contains f·Base, if its coefficients are in proportion; else
    /// null.</summary>
    public static long? Factor(Affine index, ReadOnlySpan<IndexVariable> variables)
    {
        long factor = index.Coefficient(variables[^1]), stride = 1;
        for (int i = variables.Length - 1; i >= 0; i--)
        {
            if (index.Coefficient(variables[i]) != factor * stride) return null;
            stride *= variables[i].Extent;
        }

        return factor;
    }
}

/// <summary>A region into which values are emitted, with what is known there.</summary>
internal sealed class EmitScope(Region region, EmitScope? parent, bool isGuard, double rounds = 1)
{
    public Region Region { get; } = region;

    public EmitScope? Parent { get; } = parent;

    /// <summary>True for the arm of an If: what is emitted in it must not be hoisted out of it.</summary>
    public bool IsGuard { get; } = isGuard;

    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    /// <summary>How often what is emitted here runs, all work items together.</summary>
    public double Rounds { get; } = rounds * (parent?.Rounds ?? 1);

    public Dictionary<Access, Value> Values { get; } = [];

    public Dictionary<Affine, Value> Indices { get; } = [];
}
