using System.Collections.Immutable;
using Cotangent.AutoDiff.Batching;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>A call of C# code with a derivative: solvers, whose derivatives are solves.</summary>
internal abstract record DifferentiableCall(Shape Shape, DType DType) : HostCallAttributes(Shape, DType)
{
    /// <summary>The tangent of a node of this call, see <see cref="Rules.Rule.Jvp"/>.</summary>
    public abstract Node? Jvp(Node y, Node?[] dx);

    /// <summary>The cotangent of an argument in which the call is linear, see <see cref="Rules.Rule.Transpose"/>.</summary>
    public abstract Node Transpose(Node y, Node ct, int argument);

    /// <summary>What a batch of calls shares: inputs after the first that are the same for all → the call as a function of the
    /// first input; null if nothing is to be gained.</summary>
    public virtual Func<Node, Node>? Prepare(ImmutableArray<Node> shared) => null;

    /// <summary>The call for each example of a batch.</summary>
    public Node Batch(BatchedCall call) => new(
        Ops.HostCall,
        [.. call.Node.Inputs.Select((x, i) => call.Batched(i) ?? x)],
        new EachCall(this, [.. call.Node.Inputs.Select((_, i) => call.Batched(i) is not null)], call.Size));
}
