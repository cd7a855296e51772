using System.Collections.Immutable;
using Cotangent.Graph;

namespace Cotangent.Execution;

/// <summary>Calls of C# code in graphs: they are run, or replaced by their graph, before a program is made.</summary>
internal static class HostCalls
{
    /// <summary>Gives the calls below some nodes that are not traced their values, inputs before users.</summary>
    public static void Run(IReadOnlyList<Node> nodes, CancellationToken cancellation)
    {
        if (!Any(nodes)) return;
        foreach (Node call in Below([.. nodes.Where(n => n.HasHostCalls)]))
        {
            cancellation.ThrowIfCancellationRequested();
            if (!call.IsTraced) Run(call, cancellation);
        }
    }

    /// <summary>The outputs with the graphs of calls in their place; calls that depend on no placeholder are run.</summary>
    public static Node[] Expand(IReadOnlyList<Node> outputs)
    {
        if (!Any(outputs)) return [.. outputs];
        Run(outputs, default);
        lock (Executor.Lock)
        {
            Dictionary<Node, Node> map = [];
            foreach (Node n in Walk.Values(outputs)) map[n] = n.Op.IsTransparent ? map[n.Inputs[0]] : Expanded(n, map);
            return [.. outputs.Select(o => map[o])];
        }
    }

    /// <summary>A plain loop: every computation asks.</summary>
    private static bool Any(IReadOnlyList<Node> nodes)
    {
        for (int i = 0; i < nodes.Count; i++) if (nodes[i].HasHostCalls) return true;
        return false;
    }

    private static List<Node> Below(Node[] roots)
    {
        lock (Executor.Lock) return Walk.Values(roots).FindAll(n => n.Op == Ops.HostCall);
    }

    private static void Run(Node call, CancellationToken cancellation)
    {
        // Another thread may run the same call: both compute the same value. The lock is not held meanwhile, since the code is the
        // user's; it is where the op and its inputs are read.
        HostCallAttributes? attributes;
        ImmutableArray<Node> inputs;
        lock (Executor.Lock) (attributes, inputs) = (call.Attributes as HostCallAttributes, call.Inputs);
        if (attributes is null) return;
        Node value = Checked(call, attributes, attributes.Run(inputs));
        if (value.IsAnywhere && value.Device != call.Device) value = new Tensor(value).To(call.Device).Node;
        Executor.Realize([value], cancellation);
        lock (Executor.Lock) call.Realize(value.Storage!);
    }

    private static Node Expanded(Node n, Dictionary<Node, Node> map)
    {
        ImmutableArray<Node> inputs = [.. n.Inputs.Select(i => map.GetValueOrDefault(i, i))];
        if (n.Attributes is HostCallAttributes call) return Expand([Checked(n, call, call.Expand(inputs))])[0];
        return inputs.SequenceEqual(n.Inputs) ? n : new Node(n.Op, inputs, n.Attributes);
    }

    private static Node Checked(Node call, HostCallAttributes attributes, Node value)
    {
        if (value.Shape != call.Shape || value.DType != call.DType) throw new InvalidOperationException(
            $"{attributes.Name} made {value.DType}{value.Shape} for {call.DType}{call.Shape}.");
        return value.Device == call.Device || value.IsAnywhere ? value
            : throw new DeviceMismatchException(attributes.Name, call.Device, value.Device);
    }
}
