using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>An elementwise op of batches is the op itself: for each example it is what it was. Random words too, of keys
/// and counters.</summary>
internal static class Elementwise
{
    public static Node Rule(BatchedCall call) => new(call.Node.Op, [.. call.Inputs], call.Node.Attributes);
}
