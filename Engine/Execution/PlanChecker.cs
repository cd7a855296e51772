using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>A plan whose memory is used wrongly: a fault of the planner, found before anything ran.</summary>
internal sealed class PlanException(string message) : CotangentException("CTG9998", message);

/// <summary>Checks a plan by going through it: whatever is read was written before, whole, and not overwritten since;
/// nothing that is still to be read, or is the caller's, is overwritten. It shares no code with the planner.</summary>
internal static class PlanChecker
{
    /// <summary>Throws if the plan is wrong.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="placements">Output index → the input whose memory the output takes (donation).</param>
    /// <exception cref="PlanException">What is wrong, with step and buffer.</exception>
    public static void Check(ExecutionPlan plan, IReadOnlyDictionary<int, int>? placements = null)
    {
        placements ??= new Dictionary<int, int>();
        ByteRange[] ranges =
            [.. Enumerable.Range(0, plan.Buffers.Length).Select(i => Place(plan.RangeOf(i), placements))];
        bool[] valid = [.. plan.Buffers.Select(b => b.Kind == BufferKind.Input)];
        for (int s = 0; s < plan.Steps.Length; s++)
        {
            Step step = plan.Steps[s];
            foreach (int read in step.Reads) Require(IsValid(plan, valid, read), plan, s, read,
                "is read but does not hold its value");
            foreach (int write in step.Writes) CheckWrite(plan, ranges, valid, placements, s, write);
        }

        for (int i = 0; i < plan.Outputs.Length; i++)
        {
            int id = plan.Outputs[i];
            if (id >= 0) Require(IsValid(plan, valid, id), plan, plan.Steps.Length, id,
                $"is output {i} but does not hold its value at the end");
        }
    }

    private static void CheckWrite(ExecutionPlan plan, ByteRange[] ranges, bool[] valid,
        IReadOnlyDictionary<int, int> placements, int s, int write)
    {
        Step step = plan.Steps[s];
        Require(plan.Buffers[write].Kind != BufferKind.Input, plan, s, write, "is an input and is written");
        ByteRange range = ranges[write];
        for (int other = 0; other < ranges.Length; other++)
        {
            if (other == write || !range.Overlaps(ranges[other]) || IsPartOf(plan, write, other)
                || IsPartOf(plan, other, write)) continue;
            if (step.Reads.Contains(other))
            {
                Require(step.CanOverwrite(other, write) && range == ranges[other], plan, s, write,
                    $"overwrites #{other}, which the same step reads");
            }

            Require(!step.Writes.Contains(other), plan, s, write, $"and #{other}, written by the same step, overlap");
            if (plan.Buffers[other].Kind == BufferKind.Input)
            {
                bool donated = placements.Values.Contains(plan.Buffers[other].Index);
                Require(donated, plan, s, write, $"overwrites input #{other}, which was not given away");
            }

            valid[other] = false;
        }

        valid[write] = true;
    }

    /// <summary>A whole made of parts holds its value when all its parts do.</summary>
    private static bool IsValid(ExecutionPlan plan, bool[] valid, int id)
    {
        if (valid[id]) return true;
        int[] parts = [.. Enumerable.Range(0, plan.Buffers.Length)
            .Where(i => plan.Buffers[i].Kind == BufferKind.Part && plan.Buffers[i].Index == id)];
        return parts.Length > 0 && parts.Sum(i => plan.Buffers[i].Bytes) == plan.Buffers[id].Bytes
            && parts.All(i => IsValid(plan, valid, i));
    }

    private static bool IsPartOf(ExecutionPlan plan, int part, int whole) =>
        plan.Buffers[part].Kind == BufferKind.Part
            && (plan.Buffers[part].Index == whole || IsPartOf(plan, plan.Buffers[part].Index, whole));

    private static ByteRange Place(ByteRange range, IReadOnlyDictionary<int, int> placements) =>
        range.Block == BufferKind.Output && placements.TryGetValue(range.Index, out int input)
            ? range with { Block = BufferKind.Input, Index = input }
            : range;

    private static void Require(bool condition, ExecutionPlan plan, int step, int buffer, string fault)
    {
        if (condition) return;
        string where = step < plan.Steps.Length ? $"step {step} ({plan.Steps[step].Name})" : "the end";
        throw new PlanException(
            $"The memory plan is wrong at {where}: buffer #{buffer} ({plan.Buffers[buffer].Kind}) {fault}.");
    }
}
