using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>A C# kernel sees the tensors of one example: what it does with another axis only its author knows.</summary>
internal static class UserKernel
{
    public static readonly Dictionary<Op, BatchRule> Rules = new() { [Ops.UserKernel] = Refuse };

    private static Node Refuse(BatchedCall call)
    {
        KernelAttributes kernel = call.Get<KernelAttributes>();
        IEnumerable<string> batched = kernel.Kernel.Inputs.Concat(kernel.Kernel.Numbers)
            .Where((_, i) => call.Batched(i) is not null).Select(p => $"'{p.Name}'");
        throw new BatchingException(
            $"Vmap: the kernel '{kernel.Kernel.Name}' cannot be batched, and {string.Join(", ", batched)} depends on the batch. Write a " +
            "kernel that takes the whole batch and call it outside Vmap, or loop over the examples.");
    }
}
