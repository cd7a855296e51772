using System.Collections.Immutable;
using Cotangent.Execution;
using Cotangent.Kernels;

namespace Cotangent.Graph;

internal static partial class Ops
{
    /// <summary>A computation in C#, see <see cref="HostCallAttributes"/>. The value is its own, in its own dtype.</summary>
    public static readonly Op HostCall = new("host_call", OpKind.HostCall)
    {
        Infer = (_, a) => a is HostCallAttributes call ? (call.Shape, call.DType)
            : throw new InvalidOperationException("A call is made from the attributes that say what to run."),
        Whole = (n, x) =>
        {
            ImmutableArray<Node> inputs = [.. n.Inputs.Select((i, k) =>
                HostData.Leaf(HostData.FromDoubles(i.DType, x[k]), i.Shape, i.DType, i.Device))];
            Node value = n.Get<HostCallAttributes>().Run(inputs);
            Executor.Realize([value]);
            return HostData.ToDoubles(value);
        },
    };
}
