using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>A call of C# code is made for each example.</summary>
internal static class HostCall
{
    public static readonly Dictionary<Op, BatchRule> Rules = new() { [Ops.HostCall] = c => c.Get<DifferentiableCall>().Batch(c) };
}
