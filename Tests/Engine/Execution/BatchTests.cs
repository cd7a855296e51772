using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Optimizers;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>Kernels that do not need each other as one launch: what is put together, what is not, and that nothing is read too late.</summary>
public class BatchTests
{
    [Fact]
    public void Realize_IndependentMaps_AreOneLaunch()
    {
        Tensor x = Random(100), y = Random(300);
        Step step = Assert.Single(PlanOf(x.Exp(), y * 2 + 1).Steps);
        Assert.Equal(2, Assert.IsType<BatchedStep>(step).Members.Length);
        Tensor[] both = [x.Exp(), y * 2 + 1];
        Tensor.Realize(both);
        Assert.Equal(x.ToArray<float>().Select(MathF.Exp), both[0].ToArray<float>(), (a, b) => MathF.Abs(a - b) <= 1e-6f * MathF.Abs(a));
        Assert.Equal(y.ToArray<float>().Select(e => MathF.FusedMultiplyAdd(e, 2, 1)), both[1].ToArray<float>());
    }

    [Fact]
    public void Realize_MapsThatNeedEachOther_AreNot()
    {
        Tensor x = Random(100);
        Tensor reversed = x.Exp().Flip(0);
        Assert.All(PlanOf(x.Exp(), Tensor.Concat(0, reversed, reversed).Sum()).Steps, s =>
            Assert.True(s is not BatchedStep batch || !batch.Members.Any(m => batch.Members.Any(o => m.Reads.Intersect(o.Kernel.Writes).Any()))));
    }

    [Fact]
    public void Report_OfABatch_NamesItsKernels()
    {
        string report = PlanReport.Of(PlanOf(Random(100).Exp(), Random(300).Tanh()));
        Assert.Contains("batch_map_exp+map_tanh", report, StringComparison.Ordinal);
        Assert.Contains("+ map_exp", report, StringComparison.Ordinal);
        Assert.Contains("+ map_tanh", report, StringComparison.Ordinal);
    }

    /// <summary>The update that the bar is for: gradients from elsewhere, parameters with and without decay, sizes that are no multiples of lanes.</summary>
    [Theory, InlineData(1, false), InlineData(2, false), InlineData(1, true), InlineData(2, true)]
    public void AdamW_GradientsOfManyTensors_AreOneLaunchWithoutACopy(int threads, bool decaysAll)
    {
        Device device = Device.CreateCpu(threads);
        int[][] shapes = [.. Enumerable.Range(0, 20).Select<int, int[]>(i => i % 3 == 0 ? [31 * i + 7] : [17, 40 + i]), [1]];
        Tensor[] start = [.. shapes.Select((s, i) => Seeded(i, s).To(device).Realize())], gradients = [.. shapes.Select((s, i) => Seeded(50 + i, s).To(device).Realize())];
        AdamWOptions options = new() { Rate = 1e-2, WeightDecay = 0.1, Decays = decaysAll ? (_, _) => true : OptimizerOptions.MatricesOnly };
        AdamW<Tensor[]> compiled = new(start, options);
        AdamW<Tensor> whole = new(Flat(start), options with { Decays = (_, _) => true });
        AdamW<Tensor>[] single = [.. start.Select((p, i) => new AdamW<Tensor>(p, options with { Decays = (_, _) => decaysAll || shapes[i].Length > 1 }))];
        CompiledFunction<int> step = Jit.Compile(() =>
        {
            compiled.Step(gradients);
            return 0;
        });
        for (int i = 0; i < 4; i++)
        {
            long before = CompiledProgram.LaunchCount;
            step.Invoke();
            Assert.Equal(1, CompiledProgram.LaunchCount - before);
            whole.Step(Flat(gradients));
            for (int k = 0; k < single.Length; k++) single[k].Step(gradients[k]);
        }

        Assert.DoesNotContain("copy", step.Report(), StringComparison.Ordinal);
        if (decaysAll) Assert.Equal(whole.Parameters.ToArray<float>(), Flat(compiled.Parameters).ToArray<float>());
        for (int k = 0; k < single.Length; k++)
        {
            // Without decay the multiplication by 1 is left out, and another addition is fused.
            Assert.Equal(single[k].Parameters.ToArray<float>(), compiled.Parameters[k].ToArray<float>(), (x, y) => MathF.Abs(x - y) <= 1e-6f);
        }

        Tensor Flat(Tensor[] tensors) => Tensor.Concat(0, [.. tensors.Select(t => t.Reshape(-1))]).Realize();
    }

    [Fact]
    public void AdamW_PartsComputedAndGiven_AreReadWhereTheyAre()
    {
        Tensor given = Seeded(1, 40, 50), factor = Seeded(2, 3000);
        AdamW<Tensor[]> compiled = new([Seeded(3, 40, 50), Seeded(4, 3000), Seeded(5, 25_000)]), eager = new(compiled.Parameters);
        Tensor[] Gradients() => [given, (factor * 3).Tanh(), Seeded(6, 25_000)];
        CompiledFunction<int> step = Jit.Compile(() =>
        {
            compiled.Step(Gradients());
            return 0;
        });
        for (int i = 0; i < 3; i++)
        {
            step.Invoke();
            eager.Step(Gradients());
        }

        for (int k = 0; k < 3; k++) Assert.Equal(eager.Parameters[k].ToArray<float>(), compiled.Parameters[k].ToArray<float>());
    }

    [Fact]
    public void Cell_ReadByAnotherKernelOfTheBatch_IsNotOverwrittenUnderIt()
    {
        State number = new(Tensor.From([1f], [], Device.Cpu)), vector = new(Tensor.Ones([100_000], DType.Float32, Device.Cpu));
        CompiledFunction<int> step = Jit.Compile(() =>
        {
            Tensor next = number.Value * 2 + 1;
            vector.Value = vector.Value * next;
            number.Value = next;
            return 0;
        });
        float expected = 1, n = 1;
        for (int i = 0; i < 6; i++)
        {
            step.Invoke();
            n = n * 2 + 1;
            expected *= n;
            if (i == 3) Assert.Equal(n, number.Value.Item<float>()); // from here on the old memory is someone else's
        }

        Assert.Equal(n, number.Value.Item<float>());
        Assert.All(vector.Value.ToArray<float>(), e => Assert.Equal(expected, e));
    }

    [Fact]
    public void Cell_HeldFromBefore_KeepsItsValue()
    {
        State number = new(Tensor.From([1f], [], Device.Cpu)), vector = new(Tensor.Ones([64], DType.Float32, Device.Cpu));
        CompiledFunction<int> step = Jit.Compile(() =>
        {
            Tensor next = number.Value + 1;
            vector.Value = vector.Value * next;
            number.Value = next;
            return 0;
        });
        List<Tensor> held = [];
        for (int i = 0; i < 8; i++)
        {
            step.Invoke();
            if (i % 3 != 2) held.Add(number.Value);
        }

        Assert.Equal([2f, 3, 5, 6, 8, 9], held.Select(t => t.Item<float>()));
    }

    [Fact]
    public void PlanChecker_OutputOverWhatAnotherMemberReads_Throws()
    {
        ExecutionPlan plan = PlanOf(Random(64).Exp(), Random(64) * 2);
        Assert.IsType<BatchedStep>(Assert.Single(plan.Steps));
        int Input(int output) => plan.Buffers[((BatchedStep)plan.Steps[0]).Members.First(m => m.Kernel.Writes.Contains(plan.Outputs[output])).Reads[0]].Index;
        PlanChecker.Check(plan, new Dictionary<int, int> { [0] = Input(0), [1] = Input(1) });
        Assert.Throws<PlanException>(() => PlanChecker.Check(plan, new Dictionary<int, int> { [0] = Input(1) }));
    }

    [Fact]
    public void Verifier_OfABatch_SeesAWrongElement()
    {
        Tensor x = Random(100), y = Random(300);
        Capture capture = Capture.Of([x.Exp().Node, (y * 3).Node]);
        ExecutionPlan plan = Lowering.Plan(capture.Key.ToPlanGraph());
        DeviceMemory[] memory = [.. plan.Buffers.Select(b => Device.Cpu.AllocateMemory(b.Bytes))];
        KernelArgument[] buffers = [.. plan.Buffers.Select((b, i) => b.Kind == BufferKind.Input
            ? capture.Tensors[b.Index].Storage!.Argument : KernelArgument.Pointer(memory[i]))];
        ulong[] scalars = [.. capture.Scalars.Select(n => n.Get<NumberAttributes>().Bits)];
        StepVerifier verifier = StepVerifier.Before(plan, plan.Steps[0], buffers, scalars)!;
        plan.Steps[0].Launch(Device.Cpu, buffers, scalars, default);
        verifier.After(buffers);
        Device.Cpu.Write(new byte[4], memory[plan.Outputs[1]], 4 * 211);
        Assert.Contains("batch_", Assert.Throws<StepMismatchException>(() => verifier.After(buffers)).Message, StringComparison.Ordinal);
    }

    private static ExecutionPlan PlanOf(params Tensor[] outputs) => Lowering.Plan(Capture.Of([.. outputs.Select(o => o.Node)]).Key.ToPlanGraph());

    private static Tensor Random(int size) => Seeded(size, size);

    private static Tensor Seeded(int seed, params int[] shape) =>
        Tensor.From(RandomGraphs.Elements(seed, Shape.From(shape).Size), Shape.From(shape), Device.Cpu);
}
