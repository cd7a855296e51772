using Cotangent.AutoDiff.Control;
using Cotangent.AutoDiff.Rules;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>Whether a graph is linear in some of its nodes.</summary>
internal static class Linearity
{
    /// <summary>What keeps outputs from being linear in placeholders: the first such operation, in the order of creation; null if
    /// nothing does. An operation on a constant that is not zero, such as x + 1, is none.</summary>
    public static string? FirstFault(IReadOnlyList<Node> outputs, IReadOnlyCollection<Node> placeholders)
    {
        HashSet<Node> varying = [.. placeholders];
        foreach (Node n in Dependents.Differentiated(outputs, placeholders))
        {
            if (varying.Contains(n)) continue;
            bool[] varies = [.. n.Inputs.Select(varying.Contains)];
            if (n.Attributes is ControlAttributes)
            {
                if (!ControlLinearity.Varies(n, varies)) continue;
                if (ControlLinearity.FirstFault(n, varies) is { } inside) return inside;
            }
            else if (!IsLinear(n, varies)) return $"{n.Op} of {string.Join(" and ", n.Inputs.Select((x, i) => Describe(x, varies[i])))}";
            varying.Add(n);
        }

        return outputs.FirstOrDefault(y => !varying.Contains(y) && Algebra.Fill(y) is not 0) is { } constant
            ? $"a result, {constant.DType}{constant.Shape}, does not depend on the argument"
            : null;
    }

    /// <summary>True if a node is linear in those of its inputs that vary.</summary>
    public static bool IsLinear(Node n, bool[] varies)
    {
        Rule rule = RuleTable.Of(n.Op);
        if (rule.IsLinear is { } isLinear) return isLinear(n, varies);
        return (rule.Transpose is not null || rule.TransposeCall is not null) && n.DType.IsFloat() && varies.Count(v => v) == 1;
    }

    private static string Describe(Node x, bool varies) => varies ? $"what varies, {x.DType}{x.Shape}," : $"a constant {x.DType}{x.Shape}";
}
