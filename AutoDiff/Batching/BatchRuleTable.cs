using System.Collections.Frozen;
using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>The registry of batching rules: one entry an op, in files of the same names as Engine's op set.</summary>
internal static class BatchRuleTable
{
    private static readonly FrozenDictionary<Op, BatchRule> s_rules = new[]
    {
        Leaf.Rules, Movement.Rules, Reduce.Rules, Contraction.Rules, Indexing.Rules, Cumulative.Rules, UserKernel.Rules, LinearAlgebra.Rules, HostCall.Rules,
        Annotation.Rules, Control.Rules, Attention.Rules, CrossEntropy.Rules, GramNorms.Rules, ClippedSum.Rules,
    }.SelectMany(table => table).ToFrozenDictionary();

    /// <summary>The rule of an op.</summary>
    public static BatchRule Of(Op op) => Find(op)
        ?? throw new BatchingException($"Vmap: the operation {op} has no batching rule. Call the function in a loop instead.");

    /// <summary>The rule of an op, null if there is none. Elementwise ops have one by their kind.</summary>
    public static BatchRule? Find(Op op) =>
        op.Kind == OpKind.Elementwise ? Elementwise.Rule : s_rules.GetValueOrDefault(op);
}
