using Cotangent.AutoDiff;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>What a call of a compiled function takes from the managed heap, once it has been called a few times.</summary>
public class SteadyStateTests
{
    private static readonly Tensor s_x = Tensor.Arange(6000).Cast(DType.Float32).Realize();
    private static readonly Tensor s_y = (Tensor.Arange(6000).Cast(DType.Float32) / 7).Realize();

    [Fact]
    public void Invoke_TensorAndNumbersThatGoToCells_AllocatesNothing()
    {
        State sum = new(Tensor.Zeros([6000])), loss = new(Tensor.Zeros([]));
        CompiledFunction<Tensor, Tensor, float, bool, int> step = Jit.Compile((Tensor x, Tensor y, float scale, bool negate) =>
        {
            Tensor both = (x.Exp() * y).Sin() * scale;
            sum.Value += negate ? -both : both;
            loss.Value = both.Reshape(60, 100).MatMul(both.Reshape(100, 60)).Mean();
            return 0;
        });
        Assert.Equal(0, Allocated(() => step.Invoke(s_x, s_y, 0.5f, true)));
        Assert.Equal(1, step.TraceCount);
    }

    [Fact]
    public void Invoke_ArrayOfTensors_AllocatesNothing()
    {
        State sum = new(Tensor.Zeros([6000]));
        CompiledFunction<Tensor[], int> step = Jit.Compile((Tensor[] x) =>
        {
            sum.Value += x[0] * x[1] + x[2];
            return 0;
        });
        Tensor[] arguments = [s_x, s_y, s_x];
        Assert.Equal(0, Allocated(() => step.Invoke(arguments)));
    }

    [Fact]
    public void Invoke_LargeScratchMemory_AllocatesNothing()
    {
        State result = new(Tensor.Zeros([]));
        CompiledFunction<Tensor, int> step = Jit.Compile((Tensor x) =>
        {
            Tensor square = x.Reshape(60, 100);
            result.Value = (square.Transpose().MatMul(square).Exp() + 1).MatMul(square.Transpose()).Sum();
            return 0;
        });
        Assert.Equal(0, Allocated(() => step.Invoke(s_y)));
    }

    [Fact]
    public void Invoke_AttentionAndItsGradient_AllocatesNothing()
    {
        State result = new(Tensor.Zeros([2, 2, 60, 20]));
        CompiledFunction<Tensor, int> step = Jit.Compile((Tensor x) =>
        {
            result.Value = Diff.Grad((Tensor q) => Nn.Attention(q, q * 2, q + 1, new AttentionOptions { Causal = true }).Square().Sum())(x);
            return 0;
        });
        Tensor x = (Tensor.Arange(4800).Cast(DType.Float32) / 4800).Reshape(2, 2, 60, 20).Realize();
        Assert.Equal(0, Allocated(() => step.Invoke(x)));
    }

    [Fact]
    public void Invoke_GradientOfALookUp_AllocatesNothing()
    {
        // Large enough that the updates are sorted by place, a routine that runs kernels over views.
        State result = new(Tensor.Zeros([1024, 32]));
        Tensor indices = (Tensor.Arange(600) * 7 % 1024).Realize(), table = Tensor.Arange(1 << 15).Reshape(1024, 32).Cast(DType.Float32).Realize();
        CompiledFunction<Tensor, int> step = Jit.Compile((Tensor x) =>
        {
            result.Value = Diff.Grad((Tensor t) => t.Gather(indices).Square().Sum())(x);
            return 0;
        });
        Assert.Equal(0, Allocated(() => step.Invoke(table)));
    }

    [Fact]
    public void Invoke_FromWhenItIsSettledOn_AllocatesNothing()
    {
        // A device of its own: its kernels have not run yet. The sum and a kernel that nothing joins.
        Device device = Device.CreateCpu(1);
        State sum = new(Tensor.Zeros([60_000]).To(device).Realize());
        CompiledFunction<int> step = Jit.Compile(() =>
        {
            sum.Value = (Tensor.Kernel(Increment, 60_000, inputs: [sum.Value], output: [60_000]) * 0.5).Tanh();
            return 0;
        });
        step.Invoke();
        Assert.False(step.IsSettled);
        int runs = 1;
        for (; !step.IsSettled; runs++) step.Invoke();
        Assert.InRange(runs, 2, 100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 30; i++) step.Invoke();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Increment(Index1D i, ArrayView<float> x, ArrayView<float> y) =>
        y[i] = x[i] + 1;

    [Fact]
    public void Invoke_WithAResult_AllocatesTheResultOnly()
    {
        CompiledFunction<Tensor, Tensor> mean = Jit.Compile((Tensor x) => x.Mean());
        Assert.InRange(Allocated(() => mean.Invoke(s_x)), 1, 400);
    }

    [Fact]
    public void Invoke_OtherSignatures_AreToldApart()
    {
        CompiledFunction<Tensor, float, Tensor> scale = Jit.Compile((Tensor x, float y) => x * y);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(2, scale.Invoke(Tensor.Ones([3]).Realize(), 2)[0].Item<float>());
            Assert.Equal(3, scale.Invoke(Tensor.Ones([3]).Realize(), 3)[0].Item<float>());
            Assert.Equal(3, scale.Invoke(Tensor.Ones([4]).Realize(), 3)[3].Item<float>());
            Assert.Equal(float.NegativeInfinity, 1 / scale.Invoke(Tensor.Ones([4]).Realize(), -0f)[3].Item<float>());
            Assert.Equal(float.PositiveInfinity, 1 / scale.Invoke(Tensor.Ones([4]).Realize(), 0f)[3].Item<float>());
            Assert.Equal(6, scale.Invoke(2.0, 3).Item<float>()); // a number instead of a tensor
        }

        Assert.Equal(6, scale.TraceCount);
    }

    [Fact]
    public void Invoke_ArraysOfOtherLengths_AreToldApart()
    {
        CompiledFunction<Tensor[], Tensor> count = Jit.Compile((Tensor[] x) => x[0] * x.Length);
        for (int n = 1; n < 4; n++) Assert.Equal(n, count.Invoke([.. Enumerable.Repeat(Tensor.Ones([1]).Realize(), n)]).ToArray<float>()[0]);
        Assert.Equal(3, count.TraceCount);
    }

    private static long Allocated(Action step)
    {
        for (int i = 0; i < 40; i++) step();
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 10; i++) step();
            least = Math.Min(least, (GC.GetAllocatedBytesForCurrentThread() - before) / 10);
        }

        return least;
    }
}
