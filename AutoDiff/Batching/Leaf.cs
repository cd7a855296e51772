using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>Leaves have no inputs, so all examples share them; the placeholders that are batched are seeded.</summary>
internal static class Leaf
{
    public static readonly Dictionary<Op, BatchRule> Rules = new()
    {
        [Ops.Data] = Shared,
        [Ops.Input] = Shared,
        [Ops.Number] = Shared,
        [Ops.Iota] = Shared,
        [Ops.Refused] = Shared,
    };

    private static Node Shared(BatchedCall call) =>
        throw new InvalidOperationException($"{call.Node} has no inputs, but one of them is batched.");
}
