using Cotangent.AutoDiff.Control;
using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>A C# kernel sees the tensors of one example: what it does with another axis only its author knows. So it is launched for one
/// example after the other, in a scan over the batch.</summary>
internal static class UserKernel
{
    public static readonly Dictionary<Op, BatchRule> Rules = new()
    {
        [Ops.UserKernel] = call => Each(call)[call.Get<KernelAttributes>().Output].Value,
    };

    /// <summary>All outputs of the call at once.</summary>
    public static BatchedOutput[] Each(BatchedCall call)
    {
        KernelAttributes kernel = call.Get<KernelAttributes>();
        if (call.Size == 0) return [.. kernel.Outputs.Select((_, i) => new BatchedOutput(Empty(call.Node, kernel.At(i)), true))];
        Node[] x = [.. call.Node.Inputs];
        int[] batched = [.. Enumerable.Range(0, x.Length).Where(i => call.Batched(i) is not null)];
        int[] order = [.. batched, .. Enumerable.Range(0, x.Length).Except(batched)];
        Node[] example = [.. x.Select(ScanDerivative.Tangent)];
        Node[] outputs = [.. Enumerable.Range(0, kernel.OutputCount).Select(i => new Node(call.Node.Op, [.. example], kernel.At(i)))];
        SubGraph body = SubGraph.Close([.. order.Select(i => example[i])], outputs, 0).Graph;
        Node[] results = ControlFlow.Call(Ops.Scan, [.. order.Select(i => call.Batched(i) ?? x[i])],
            new ScanAttributes(body, 0, batched.Length, call.Size, Reverse: false));
        return [.. results.Select(y => new BatchedOutput(y, true))];
    }

    private static Node Empty(Node n, CallAttributes output) =>
        new Node(n.Op, n.Inputs, output) is var y ? Algebra.Number(y, 0, [0, .. y.Shape]) : n;
}
