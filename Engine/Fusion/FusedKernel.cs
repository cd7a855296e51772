using System.Collections.Immutable;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Fusion;

/// <summary>How a step uses an argument.</summary>
internal enum OperandKind : byte
{
    Read,
    Write,
    Scalar,
}

/// <summary>What a kernel parameter is bound to: a stored node's buffer, or a scalar placeholder's number.</summary>
internal readonly record struct KernelOperand(Node Node, OperandKind Kind);

/// <summary>A kernel, its launch and what to bind to its parameters.</summary>
internal sealed record FusedKernel(Kernel Kernel, LaunchShape Launch, ImmutableArray<KernelOperand> Operands)
{
    /// <summary>Floating-point arithmetic of one run, an addition counting 1 (see <see cref="Anchors.OwnCost"/>): what is computed again in
    /// another loop, or for each element that it is repeated over, counts each time.</summary>
    public double Flops { get; init; }

    /// <summary>True if the kernel is more code than targets compile well.</summary>
    public bool IsTooLarge { get; init; }

    /// <summary>For a kernel that is too large, a node to store, so that it gets smaller; null if there is
    /// none.</summary>
    public Node? Cut { get; init; }
}
