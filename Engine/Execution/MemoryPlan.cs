namespace Cotangent.Execution;

/// <summary>Places scratch buffers in one block: buffers that are alive at the same time do not overlap. Largest first,
/// each at the lowest place that fits.</summary>
internal static class MemoryPlan
{
    /// <summary>A cache line and the widest vector.</summary>
    private const long Alignment = 64;

    public static void Assign(ExecutionPlan plan)
    {
        (int First, int Last)[] lifetimes = Lifetimes(plan);
        int[] scratch =
            [.. Enumerable.Range(0, plan.Buffers.Length).Where(i => plan.Buffers[i].Kind == BufferKind.Scratch)];
        List<int> placed = [];
        foreach (int id in scratch.OrderByDescending(i => plan.Buffers[i].Bytes))
        {
            ProgramBuffer buffer = plan.Buffers[id];
            long offset = 0;
            foreach (int other in placed
                .Where(o => lifetimes[o].First <= lifetimes[id].Last && lifetimes[id].First <= lifetimes[o].Last)
                .OrderBy(o => plan.Buffers[o].Offset))
            {
                ProgramBuffer neighbour = plan.Buffers[other];
                if (offset + buffer.Bytes <= neighbour.Offset) break;
                offset = Math.Max(offset, Align(neighbour.Offset + neighbour.Bytes));
            }

            buffer.Offset = offset;
            placed.Add(id);
            plan.ScratchBytes = Math.Max(plan.ScratchBytes, Align(offset + buffer.Bytes));
        }
    }

    /// <summary>The first and last step that touches each buffer; a whole is touched with its parts.</summary>
    public static (int First, int Last)[] Lifetimes(ExecutionPlan plan)
    {
        (int First, int Last)[] lifetimes = new (int, int)[plan.Buffers.Length];
        Array.Fill(lifetimes, (int.MaxValue, -1));
        for (int step = 0; step < plan.Steps.Length; step++)
        {
            foreach (int id in plan.Steps[step].Reads.Concat(plan.Steps[step].Writes))
            {
                int whole = plan.WholeOf(id);
                lifetimes[whole] = (Math.Min(lifetimes[whole].First, step), step);
            }
        }

        return lifetimes;
    }

    private static long Align(long offset) => (offset + Alignment - 1) / Alignment * Alignment;
}
