using System.Runtime.InteropServices;
using Cotangent.AutoDiff;
using Cotangent.Kernels;
using Cotangent.Kernels.Cuda;
using Cotangent.Optimizers;

namespace Cotangent.Tests.Kernels.Cuda;

/// <summary>Programs issued as graphs give what they give without, whatever changes between their runs.</summary>
public sealed class CudaReplayTests
{
    private const int N = 100;

    [Fact]
    public void Replay_SameValues_LaunchesOneGraph()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        (CompiledKernel add, DeviceMemory memory, CudaReplay replay) = Begin(device);
        for (int run = 1; run <= 5; run++)
        {
            Section(replay, () => Steps(device, add, memory, 3));
            Assert.Equal(3 * run, First(device, memory));
        }

        Assert.Equal((4, 0), replay.Count);
        Assert.Equal((3, 4), (driver.Calls["cuLaunchKernel"], driver.Calls["cuGraphLaunch"]));
        Assert.Empty(driver.Misuses);
    }

    [Fact]
    public void Replay_OtherAddressesAndNumbers_ChangesTheNodes()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        Action<Index1D, ArrayView<int>, int> add = device.Load<Index1D, ArrayView<int>, int>((i, x, n) => x[i] += n);
        CudaReplay replay = (CudaReplay)device.CreateReplay()!;
        DeviceBuffer<int>[] buffers = [.. Enumerable.Range(0, 3).Select(_ => device.Allocate<int>(new int[N]))];
        int[] expected = new int[3];
        for (int run = 0; run < 9; run++)
        {
            DeviceBuffer<int> x = buffers[run % 3], y = buffers[(run + 1) % 3];
            Section(replay, () =>
            {
                add(N, x, run);
                x.View.CopyTo(y.View);
                add(N, y, 1);
            });
            expected[run % 3] += run;
            expected[(run + 1) % 3] = expected[run % 3] + 1;
        }

        for (int i = 0; i < 3; i++)
            Assert.All(buffers[i].ToArray(), x => Assert.Equal(expected[i], x));
        Assert.Equal((8, 24), replay.Count);
        Assert.Equal(8, driver.Calls["cuGraphExecMemcpyNodeSetParams"]);
        Assert.Empty(driver.Misuses);
    }

    [Theory]
    [InlineData("read")]
    [InlineData("write")]
    [InlineData("wait")]
    [InlineData("fewer")]
    [InlineData("more")]
    [InlineData("shape")]
    [InlineData("kernel")]
    public void Replay_WhatDoesNotRepeat_RunsAsItWouldWithout(string difference)
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        (CompiledKernel add, DeviceMemory memory, CudaReplay replay) = Begin(device);
        CompiledKernel fill = device.Compile(CudaDeviceTests.Fill(1000));
        List<int> seen = [], expected = [];
        int value = 0;
        for (int run = 0; run < 12; run++)
        {
            bool differs = run % 5 == 3;
            Section(replay, () =>
            {
                Steps(device, add, memory, 2);
                value += 2;
                if (differs)
                    Differ();
                if (!differs || difference is not "fewer")
                    Steps(device, add, memory, 1);
                value += !differs || difference is not "fewer" ? 1 : 0;
            });
            seen.Add(First(device, memory));
            expected.Add(value);
        }

        Assert.Equal(expected, seen);
        Assert.True(replay.Count.Launches >= 3);
        Assert.Empty(driver.Misuses);

        void Differ()
        {
            switch (difference)
            {
                case "read":
                    Assert.Equal(value, First(device, memory));
                    break;
                case "write":
                    device.Write(new byte[4 * N], memory, 0);
                    value = 0;
                    break;
                case "wait":
                    device.Synchronize();
                    break;
                case "more":
                    Steps(device, add, memory, 1);
                    value++;
                    break;
                case "shape":
                    device.Launch(add, LaunchShape.Range(N / 2), [KernelArgument.Pointer(memory)]);
                    value++;
                    break;
                case "kernel":
                    device.Launch(fill, LaunchShape.Range(N), [KernelArgument.Pointer(memory)]);
                    value = 1000;
                    break;
            }
        }
    }

    [Fact]
    public void Replay_ThatNeverRepeats_IsGivenUp()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        (CompiledKernel add, DeviceMemory memory, CudaReplay replay) = Begin(device);
        for (int run = 0; run < 10; run++)
        {
            if (!replay.Begin())
            {
                Assert.InRange(run, 1, 5);
                return;
            }

            Steps(device, add, memory, 2);
            First(device, memory);
            replay.End();
        }

        Assert.Fail("it is still recorded");
    }

    [Fact]
    public void Replay_Abandoned_IssuesNothing()
    {
        CudaDevice device = EmulatedCuda.Create().Device;
        (CompiledKernel add, DeviceMemory memory, CudaReplay replay) = Begin(device);
        Section(replay, () => Steps(device, add, memory, 2));
        Assert.True(replay.Begin());
        Steps(device, add, memory, 2);
        replay.Abandon();
        Assert.Equal(2, First(device, memory));
        Section(replay, () => Steps(device, add, memory, 2));
        Assert.Equal(4, First(device, memory));
    }

    [Fact]
    public void Replay_InsideAnother_IsPartOfIt()
    {
        CudaDevice device = EmulatedCuda.Create().Device;
        (CompiledKernel add, DeviceMemory memory, CudaReplay outer) = Begin(device);
        CudaReplay inner = (CudaReplay)device.CreateReplay()!;
        for (int run = 1; run <= 4; run++)
        {
            Section(outer, () =>
            {
                Steps(device, add, memory, 1);
                Assert.False(inner.Begin());
                Steps(device, add, memory, 2);
            });
            Assert.Equal(3 * run, First(device, memory));
        }

        Assert.Equal(3, outer.Count.Launches);
    }

    [Fact]
    public void Replay_DriverRefusesTheGraph_GoesOnWithout()
    {
        foreach (string entry in (string[])["cuGraphInstantiateWithFlags", "cuGraphAddKernelNode", "cuGraphLaunch", "cuGraphExecKernelNodeSetParams"])
        {
            (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
            (CompiledKernel add, DeviceMemory memory, CudaReplay replay) = Begin(device);
            DeviceMemory other = device.AllocateMemory(4 * N);
            device.Write(new byte[4 * N], other, 0);
            driver.Answers[entry] = _ => 801;
            for (int run = 0; run < 6; run++)
            {
                bool began = replay.Begin();
                Steps(device, add, run % 2 == 0 ? memory : other, 2);
                if (began)
                    replay.End();
            }

            Assert.Equal((6, 6), (First(device, memory), First(device, other)));
            Assert.Empty(driver.Misuses);
        }
    }

    [Fact]
    public void Replay_OldDriver_IsNotOffered() =>
        Assert.Null(new FakeDriver { Missing = ["cuGraphLaunch"] }.Devices()[0].CreateReplay());

    [Fact]
    public void Replay_WhileOthersUseTheDevice_KeepsTheirWorkApart()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        CompiledKernel add = device.Compile(CudaDeviceTests.AddOne());
        int[] results = new int[4];
        Parallel.For(0, 4, caller =>
        {
            DeviceMemory memory = device.AllocateMemory(4 * N);
            device.Write(new byte[4 * N], memory, 0);
            CudaReplay? replay = caller % 2 == 0 ? (CudaReplay)device.CreateReplay()! : null;
            for (int run = 0; run < 8; run++)
            {
                bool began = replay?.Begin() ?? false;
                Steps(device, add, memory, 2);
                if (began)
                    replay!.End();
                results[caller] = First(device, memory);
            }
        });

        Assert.All(results, r => Assert.Equal(16, r));
        Assert.Empty(driver.Misuses);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Replay_OfWhatAnotherThreadLaunchesMeanwhile_NeitherWaitsForEver(bool isChecked)
    {
        CudaDevice device = EmulatedCuda.Create().Device;
        DeviceBuffer<float> x = device.Allocate<float>(new float[256]);
        CudaReplay replay = (CudaReplay)device.CreateReplay()!;
        Action<Index1D, ArrayView<float>> kernel = device.Load<Index1D, ArrayView<float>>(PrintNegative);
        Action work = isChecked ? () => kernel(256, x) : Multiply;
        work();

        Assert.True(replay.Begin());
        Thread other = new(() => work()) { IsBackground = true };
        other.Start();
        Assert.False(other.Join(100));      // it waits for the device, with whatever locks it has taken before
        work();
        replay.End();

        Assert.True(other.Join(TimeSpan.FromSeconds(30)));

        void Multiply() => device.Gemm(new GemmProblem(Cotangent.Kernels.Ir.ScalarType.Float32, 1, 1, 12, 12, 2, new(0, 0, 2, 1), new(0, 0, 12, 1),
            new(0, 0, 12, 1)), x.View.Argument, x.View.Argument, x.View.SubView(100, 144).Argument);
    }

    private static void PrintNegative(Index1D i, ArrayView<float> x)
    {
        if (x[i] < 0)
            Cotangent.Kernels.Interop.WriteLine("{0}", x[i]);
    }

    [Fact]
    public void TrainingStep_Replayed_IsTheCpusBitForBit()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();

        float[] expected = Train(Device.Cpu), actual = Train(device);

        Assert.Equal(expected, actual);
        Assert.True(driver.Calls["cuGraphLaunch"] >= 6);
        Assert.Empty(driver.Misuses);
    }

    [Fact]
    public void Loops_Replayed_AreTheCpusBitForBit()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();

        float[] expected = Loop(Device.Cpu), actual = Loop(device);

        Assert.Equal(expected, actual);
        Assert.True(driver.Calls["cuGraphLaunch"] >= 3);
        Assert.Empty(driver.Misuses);
    }

    // A scan, whose rounds are all in the graph, and a loop of which the host looks at the condition.
    private static float[] Loop(Device device)
    {
        CompiledFunction<Tensor, Tensor> scan = Jit.Compile((Tensor x) =>
            Flow.Scan((Tensor s, Tensor v) => (s * 0.5f + v, s + v), x[0], x).Ys.Sum());
        CompiledFunction<Tensor, Tensor> loop = Jit.Compile((Tensor x) =>
            Flow.While((Tensor t) => t.Sum() < 100f, (Tensor t) => t * 2 + 1, x[0]));
        List<float> results = [];
        for (int i = 0; i < 6; i++)
        {
            Tensor x = (Tensor.Arange(12).Cast(DType.Float32) / (i + 1)).Reshape(4, 3).To(device);
            results.Add(scan.Invoke(x).Item<float>());
            results.AddRange(loop.Invoke(x).ToArray<float>());
        }

        return [.. results];
    }

    private static float[] Train(Device device)
    {
        Tensor x = (Tensor.Arange(24).Cast(DType.Float32) / 10).Reshape(6, 4).To(device);
        AdamW<Tensor> optimizer = new((Tensor.Arange(12).Cast(DType.Float32) / 7 - 1).Reshape(4, 3).To(device), new AdamWOptions { WeightDecay = 0.1 });
        CompiledFunction<Tensor, Tensor, Tensor> step = Jit.Compile((Tensor rate, Tensor target) =>
        {
            (Tensor loss, Tensor gradient) = Diff.ValueAndGrad((Tensor w) => (x.MatMul(w).Tanh() - target).Square().Mean())(optimizer.Parameters);
            optimizer.Step(gradient, rate);
            return loss;
        });
        List<float> losses = [];
        List<Tensor> held = [];
        for (int i = 0; i < 9; i++)
        {
            Tensor target = ((Tensor.Arange(18).Cast(DType.Float32) + i) % 5).Reshape(6, 3).To(device);
            Tensor loss = step.Invoke(0.1f / (i + 1), target);
            if (i % 2 == 0)
                held.Add(loss);         // so that the next goes elsewhere
            losses.Add(loss.Item<float>());
        }

        Assert.Equal(losses.Where((_, i) => i % 2 == 0), held.Select(t => t.Item<float>()));
        return [.. losses, .. optimizer.Parameters.ToArray<float>()];
    }

    private static (CompiledKernel Add, DeviceMemory Memory, CudaReplay Replay) Begin(CudaDevice device)
    {
        DeviceMemory memory = device.AllocateMemory(4 * N);
        device.Write(new byte[4 * N], memory, 0);
        return (device.Compile(CudaDeviceTests.AddOne()), memory, (CudaReplay)device.CreateReplay()!);
    }

    private static void Section(CudaReplay replay, Action steps)
    {
        Assert.True(replay.Begin());
        steps();
        replay.End();
    }

    private static void Steps(CudaDevice device, CompiledKernel add, DeviceMemory memory, int count)
    {
        for (int i = 0; i < count; i++)
            device.Launch(add, LaunchShape.Range(N), [KernelArgument.Pointer(memory)]);
    }

    private static int First(CudaDevice device, DeviceMemory memory)
    {
        int first = 0;
        device.Read(memory, 0, MemoryMarshal.AsBytes(new Span<int>(ref first)));
        return first;
    }
}
