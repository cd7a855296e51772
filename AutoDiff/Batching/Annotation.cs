using Cotangent.AutoDiff.Custom;
using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>Annotations of a batch say what they said of an example; the tangent of a custom function becomes its value.</summary>
internal static class Annotation
{
    public static readonly Dictionary<Op, BatchRule> Rules = new()
    {
        [Ops.Named] = call => new Node(Ops.Named, [call[0]], call.Node.Attributes),
        [Ops.Barrier] = call => new Node(Ops.Barrier, [call[0], .. call.Node.Inputs.Skip(1).Select((x, i) => call.Batched(i + 1) ?? x)]),
        [Ops.Custom] = call => ((CustomRule)call.Get<CustomAttributes>().Derivative).Batch(call),
        [Ops.CustomTangent] = call => call[0],
    };
}
