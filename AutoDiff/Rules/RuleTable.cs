using System.Collections.Frozen;
using Cotangent.Graph;

namespace Cotangent.AutoDiff.Rules;

/// <summary>The registry of derivative rules: one entry an op, in files of the same names as Engine's op set.</summary>
internal static class RuleTable
{
    private static readonly FrozenDictionary<Op, Rule> s_rules = new[]
    {
        Leaf.Rules, Elementwise.Rules, Movement.Rules, Reduce.Rules, Contraction.Rules, Indexing.Rules, Cumulative.Rules,
        UserKernel.Rules, LinearAlgebra.Rules, HostCall.Rules, Annotation.Rules, Control.Rules, Attention.Rules, CrossEntropy.Rules, GramNorms.Rules, ClippedSum.Rules,
    }.SelectMany(table => table).ToFrozenDictionary();

    /// <summary>The rule of an op.</summary>
    public static Rule Of(Op op) => Find(op)
        ?? throw new NotDifferentiableException(
            $"{op}: this operation has no derivative rule. Put .StopGradient() on its operands if it is to count as constant.");

    /// <summary>The rule of an op, null if there is none.</summary>
    public static Rule? Find(Op op) => s_rules.GetValueOrDefault(op);
}
