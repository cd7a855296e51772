using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.UserKernels;

/// <summary>Tests that change how every program runs: alone.</summary>
[CollectionDefinition("verified steps", DisableParallelization = true)]
public class VerifiedSteps;

/// <summary>Kernels under COTANGENT_VERIFY: each launch against the interpreter.</summary>
[Collection("verified steps")]
public class VerifiedKernelTests
{
    public static TheoryData<string> All => Devices.AllWithDebug;

    [Theory, MemberData(nameof(All))]
    public void Kernels_Verified_AgreeWithTheInterpreter(string device)
    {
        Device d = Device.Find(device);
        Tensor x = Tensor.From([1f, 2, 3], d);
        CompiledProgram.StepsAreVerified = true;
        try
        {
            Tensor y = Tensor.Kernel(SampleKernels.Scale, 3, [x.Reshape(3, 1)], output: [3], numbers: [x.Sum(), 0.5f]);
            Assert.Equal([7.5f, 13.5f, 19.5f], (y + 1).ToArray<float>());
            Assert.Equal(5f, Tensor.Kernel(SampleKernels.SumAndProduct, 3, [x, x + 3], outputs: [[3], [3]])[0].ToArray<float>()[0]);

            // What a kernel does not write is not compared.
            Assert.Equal(4, Tensor.Kernel(SampleKernels.EveryOther, 6, [], output: [6], options: new() { Device = d }).ToArray<int>()[4]);
            Tensor bytes = Tensor.From(new byte[] { 3, 1, 3 }, d);
            Assert.Equal([0, 1, 0, 2], Tensor.Kernel(SampleKernels.Histogram, 3, [bytes], output: [4], options: new() { ZeroOutputs = true }).ToArray<int>());
        }
        finally
        {
            CompiledProgram.StepsAreVerified = EngineEnvironment.Verify;
        }
    }

    [Fact]
    public void Result_ThatIsWrong_IsFound()
    {
        // The verifier recomputes a step from its operands; here the memory is changed behind its back.
        Tensor x = Tensor.From([1f, 2, 3], Device.Cpu);
        Node n = Tensor.Kernel(SampleKernels.Scale, 3, [x], output: [3], numbers: [2f, 0.5f]).Node;
        Capture capture = Capture.Of([n]);
        ExecutionPlan plan = Lowering.Plan(capture.Key.ToPlanGraph());
        Storage input = x.Node.Storage!, output = CompiledProgram.Allocate(Device.Cpu, 12);
        KernelArgument[] buffers = [.. plan.Buffers.Select(b => b.Kind == BufferKind.Input ? input.Argument : output.Argument)];
        ulong[] scalars = [.. capture.Scalars.Select(s => s.Get<NumberAttributes>().Bits)];
        Step step = Assert.Single(plan.Steps);
        StepVerifier verifier = StepVerifier.Before(plan, step, buffers, scalars)!;
        step.Launch(Device.Cpu, buffers, scalars, default);
        verifier.After(buffers);
        Device.Cpu.Write(new byte[4], output.Memory, 4);
        Assert.Contains("element 1", Assert.Throws<StepMismatchException>(() => verifier.After(buffers)).Message, StringComparison.Ordinal);
    }
}
