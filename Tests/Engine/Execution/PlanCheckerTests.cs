using Cotangent.Execution;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Execution;

public class PlanCheckerTests
{
    [Fact]
    public void Check_SoundPlan_Passes() => PlanChecker.Check(Plan(0, 256));

    [Fact]
    public void Check_ScratchBuffersThatOverlapWhileAlive_Throws() =>
        Assert.Contains("does not hold its value",
            Assert.Throws<PlanException>(() => PlanChecker.Check(Plan(0, 64))).Message, StringComparison.Ordinal);

    [Fact]
    public void Check_ReadBeforeWrite_Throws()
    {
        ExecutionPlan plan = Plan(0, 256);
        Assert.Throws<PlanException>(() => PlanChecker.Check(With(plan, plan.Steps[0], plan.Steps[2], plan.Steps[1])));
    }

    [Fact]
    public void Check_OutputNeverWritten_Throws()
    {
        ExecutionPlan plan = Plan(0, 256);
        Assert.Throws<PlanException>(() => PlanChecker.Check(With(plan, plan.Steps[0], plan.Steps[1])));
    }

    [Fact]
    public void Check_WriteToAnInput_Throws() =>
        Assert.Throws<PlanException>(() => PlanChecker.Check(With(Plan(0, 256), new TestStep([1], [0]))));

    [Fact]
    public void Check_DonatedInputOverwrittenBeforeItsLastRead_Throws()
    {
        ExecutionPlan plan = Plan(0, 256);
        PlanChecker.Check(plan, new Dictionary<int, int> { [0] = 0 });
        ExecutionPlan late = With(plan, plan.Steps[0], plan.Steps[1], plan.Steps[2], new TestStep([0], [1]));
        Assert.Throws<PlanException>(() => PlanChecker.Check(late, new Dictionary<int, int> { [0] = 0 }));
    }

    [Fact]
    public void Check_DonatedInputReadElsewhereByTheSameStep_Throws()
    {
        ExecutionPlan plan = Plan(0, 256);
        Dictionary<int, int> donated = new() { [0] = 0 };
        PlanChecker
            .Check(With(plan, plan.Steps[0], plan.Steps[1], new TestStep([0, 1, 2], [3]) { ReadsInPlace = [0] }),
            donated);
        Assert.Throws<PlanException>(() =>
            PlanChecker.Check(With(plan, plan.Steps[0], plan.Steps[1], new TestStep([0, 1, 2], [3])), donated));
    }

    /// <summary>in → a; in → b; a, b → out, all of 256 bytes; the buffers are in 0, a 1, b 2, out 3.</summary>
    private static ExecutionPlan Plan(long a, long b) => new()
    {
        Device = Device.Cpu,
        Buffers =
        [
            new(BufferKind.Input, 256, 0), new(BufferKind.Scratch, 256, 0) { Offset = a },
                new(BufferKind.Scratch, 256, 0) { Offset = b },
            new(BufferKind.Output, 256, 0),
        ],
        Steps = [new TestStep([0], [1]), new TestStep([0], [2]), new TestStep([1, 2], [3])],
        Outputs = [3],
        OutputBufferCount = 1,
        Scalars = [],
        BufferOf = new Dictionary<Cotangent.Graph.Node, int>(),
        Notes = [],
    };

    private static ExecutionPlan With(ExecutionPlan plan, params Step[] steps) => new()
    {
        Device = plan.Device,
        Buffers = plan.Buffers,
        Steps = [.. steps],
        Outputs = plan.Outputs,
        OutputBufferCount = 1,
        Scalars = [],
        BufferOf = plan.BufferOf,
        Notes = [],
    };

    private sealed class TestStep(int[] reads, int[] writes) : Step("test", [.. reads], [.. writes])
    {
        public override void Launch(Device device, KernelArgument[] buffers, ReadOnlySpan<ulong> scalars, CancellationToken cancellation)
        {
        }
    }
}
