using Cotangent.Graph;

namespace Cotangent.AutoDiff.Rules;

/// <summary>Leaves have no inputs, so no tangents reach them; the leaves one differentiates by are seeded.</summary>
internal static class Leaf
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [Ops.Data] = Rule.Zero,
        [Ops.Input] = Rule.Zero,
        [Ops.Number] = Rule.Zero,
        [Ops.Iota] = Rule.Zero,
    };
}
