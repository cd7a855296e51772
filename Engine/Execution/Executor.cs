using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>Computes lazy values.</summary>
internal static class Executor
{
    /// <summary>Programs kept for graphs of the same structure.</summary>
    private const int CachedPrograms = 256;

    /// <summary>Held while graphs are read or realised and programs run: a node's op and inputs change together only
    /// for those who hold it.</summary>
    public static Lock Lock { get; } = new();

    /// <summary>The programs of graphs computed outside Jit, and of those inside.</summary>
    public static ProgramCache Programs { get; } = new(CachedPrograms);

    /// <summary>Gives every node its value. Nodes that have one are left alone.</summary>
    /// <exception cref="TracedValueException">A node depends on a placeholder.</exception>
    public static void Realize(IReadOnlyList<Node> nodes, CancellationToken cancellation = default)
    {
        if (nodes.Count == 0) return;
        HostCalls.Run(nodes, cancellation);
        lock (Lock)
        {
            foreach (IGrouping<Device, Node> group in nodes.Where(n => n.Storage is null).Distinct()
                .GroupBy(n => n.Device))
            {
                foreach (Node n in group) RefuseTraced(n);
                RealizeOnDevice([.. group], cancellation);
            }
        }
    }

    private static void RefuseTraced(Node n)
    {
        if (n.IsTraced)
        {
            throw new TracedValueException(
                $"The value of a traced {n.DType}{n.Shape} ({n.Op}) was asked for inside a transform or Jit.Compile: " +
                "there the function runs once, on placeholders, to record what it does. Decide with Tensor.Where or Flow.Cond " +
                "instead of if, or compute the value outside.");
        }
    }

    private static void RealizeOnDevice(Node[] nodes, CancellationToken cancellation)
    {
        Capture capture = Capture.Of(nodes);
        CompiledProgram program = Programs.Get(capture.Key);
        Storage[] tensors = [.. capture.Tensors.Select(n => n.Storage!)];
        ulong[] scalars = [.. capture.Scalars.Select(n => n.Get<NumberAttributes>().Bits)];
        Storage?[] outputs = new Storage?[program.Plan.OutputBufferCount];
        program.Run(tensors, scalars, outputs, cancellation);
        for (int i = 0; i < nodes.Length; i++) nodes[i].Realize(OutputStorage(program.Plan, i, tensors, outputs));
    }

    /// <summary>Where output i of a program is.</summary>
    public static Storage OutputStorage(ExecutionPlan plan, int i, ReadOnlySpan<Storage> tensors,
        ReadOnlySpan<Storage?> outputs)
    {
        int id = plan.Outputs[i];
        if (id < 0) return CompiledProgram.Allocate(plan.Device, 0);
        ProgramBuffer buffer = plan.Buffers[id];
        return buffer.Kind == BufferKind.Input ? tensors[buffer.Index] : outputs[buffer.Index]!;
    }
}
