using Cotangent.Kernels;
using Cotangent.Kernels.Cuda;

namespace Cotangent.Tests.Kernels.Cuda;

/// <summary>Nodes with what they come after.</summary>
internal sealed class FakeGraph
{
    public List<FakeNode> Nodes { get; } = [];

    public bool IsDestroyed { get; set; }
}

/// <summary>A kernel or a copy.</summary>
internal sealed class FakeNode(FakeGraph graph, FakeNode[] after)
{
    public FakeGraph Graph => graph;

    public FakeNode[] After => after;

    public required FakeWork Work { get; set; }
}

/// <summary>What a node does.</summary>
internal sealed record FakeWork(FakeFunction? Function, CudaLaunch Launch, ulong[] Values)
{
    public void Run(FakeContext context)
    {
        if (Function is not null)
        {
            Function.Run(Launch, Values);
            return;
        }

        (nint to, nint from, nuint bytes) = ((nint)Values[0], (nint)Values[1], (nuint)Values[2]);
        context.CheckDevice(to, bytes);
        context.CheckDevice(from, bytes);
        Copy(to, from, bytes);
    }

    public static unsafe void Copy(nint to, nint from, nuint bytes) =>
        Buffer.MemoryCopy((void*)from, (void*)to, bytes, bytes);
}

/// <summary>A graph made ready: it has the work as it was then, and changes apart from it.</summary>
internal sealed class FakeExecutable
{
    private readonly Random _random = new(1);

    public FakeExecutable(FakeGraph graph)
    {
        Graph = graph;
        foreach (FakeNode node in graph.Nodes)
            Work.Add(node, node.Work);
    }

    public FakeGraph Graph { get; }

    public Dictionary<FakeNode, FakeWork> Work { get; } = [];

    /// <summary>The work in any order that the nodes allow.</summary>
    public FakeWork[] Order()
    {
        List<FakeNode> order = [];
        while (order.Count < Work.Count)
        {
            FakeNode[] ready = [.. Work.Keys.Where(n => !order.Contains(n) && n.After.All(order.Contains))];
            order.Add(ready[_random.Next(ready.Length)]);
        }

        return [.. order.Select(n => Work[n])];
    }
}
