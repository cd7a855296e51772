using Cotangent.AutoDiff;
using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Reference = Cotangent.Graph.Reference;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>Kernels over many rows: what is summed over the rows is summed in the kernel that goes through them, and nothing is gone through
/// twice.</summary>
public class RowBlockTests
{
    [Theory]
    [InlineData(1024, 256, 0)] // blocks of 32
    [InlineData(1000, 300, 0)] // blocks of 40
    [InlineData(1009, 300, 0)] // a prime: columns
    [InlineData(4096, 64, 0)]
    [InlineData(520, 1000, 0)] // blocks of 40
    [InlineData(1001, 300, 0)] // blocks of 77, a row at a time
    [InlineData(1024, 333, 0)] // rows begin in the middle of vectors
    public void SumAndMax_OverManyRows_AgreeWithSerialOnes(int rows, int width, int axis)
    {
        Tensor x = Random(rows, width);
        float[] data = x.ToArray<float>(), sum = x.Sum(axis).ToArray<float>(), max = x.Max(axis).ToArray<float>();
        double[] doubles = x.Cast(DType.Float64).Sum(axis).ToArray<double>();
        for (int j = 0; j < width; j++)
        {
            double total = Enumerable.Range(0, rows).Sum(i => (double)data[i * width + j]);
            Assert.Equal(total, sum[j], 1e-3);
            Assert.Equal(total, doubles[j], 1e-9);
            Assert.Equal(Enumerable.Range(0, rows).Max(i => data[i * width + j]), max[j]);
        }
    }

    [Fact]
    public void Sum_OverTheMiddleOfThreeAxes_AgreesWithASerialOne()
    {
        Tensor x = Random(64, 40, 130);
        float[] data = x.ToArray<float>(), sum = x.Sum(1).ToArray<float>();
        for (int i = 0; i < sum.Length; i++)
        {
            int a = i / 130, c = i % 130;
            Assert.Equal(Enumerable.Range(0, 40).Sum(k => (double)data[(a * 40 + k) * 130 + c]), sum[i], 1e-4);
        }
    }

    [Fact]
    public void Sum_OverRowsOfIntegers_Wraps()
    {
        Tensor x = Tensor.Full([2048, 128], int.MaxValue, DType.Int32, Device.Cpu);
        Assert.All(x.Sum(0).ToArray<int>(), e => Assert.Equal(unchecked(2048 * int.MaxValue), e));
    }

    [Fact]
    public void Sums_OverRowsThatAreStoredToo_TakeFourRowsAtATime()
    {
        Tensor x = Random(1024, 256), y = (x * 3).Exp();
        Tensor[] outputs = [y, y.Sum(0), (x * x).Max(0)];
        Kernel kernel = ((KernelStep)Steps(outputs)[0]).Fused.Kernel;
        Assert.StartsWith("block", kernel.Name, StringComparison.Ordinal);
        double[][] truth = Reference.Evaluate([.. outputs.Select(d => d.Node)], HostData.ToDoubles);
        for (int k = 0; k < outputs.Length; k++)
        {
            float[] found = outputs[k].ToArray<float>();
            for (int i = 0; i < found.Length; i++) Assert.Equal(truth[k][i], found[i], 2e-5 * (1 + Math.Abs(truth[k][i])));
        }
    }

    [Fact]
    public void Result_OfManyRowsInPlace_IsSummedBeforeItIsOverwritten()
    {
        State cell = new(Random(1024, 256).Realize());
        float[] before = cell.Value.ToArray<float>();
        CompiledFunction<Tensor> step = Jit.Compile(() =>
        {
            Tensor x = cell.Value, sum = (x * x).Sum(0);
            cell.Value = x * 2;
            return sum;
        });
        float[] sum = step.Invoke().ToArray<float>(), after = cell.Value.ToArray<float>();
        Assert.Equal(before.Select(e => e * 2), after);
        for (int j = 0; j < 256; j++)
            Assert.Equal(Enumerable.Range(0, 1024).Sum(i => (double)before[i * 256 + j] * before[i * 256 + j]), sum[j], 1e-3);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void NormBackward_OfManyRows_IsOneKernelAndTheSumsOfItsBlocks(bool layer)
    {
        Tensor x = Random(2048, 256), gain = Random(256), bias = Random(256), above = Random(2048, 256);
        Tensor[] derivatives = Derivatives(x, gain, bias, above, layer);
        Step[] steps = Steps(derivatives);
        KernelStep[] kernels = [.. steps.SelectMany(s => s is BatchedStep batch ? batch.Members.Select(m => m.Kernel) : [(KernelStep)s])];
        Assert.StartsWith("block", kernels[0].Name, StringComparison.Ordinal);
        Assert.Equal(layer ? 3 : 2, kernels.Length);
        Assert.All(kernels[1..], k => Assert.Equal(LaunchKind.Range1D, k.Fused.Kernel.Kind));
        Assert.Equal(2, steps.Length); // the sums do not need each other

        double[][] truth = Reference.Evaluate([.. derivatives.Select(d => d.Node)], HostData.ToDoubles);
        for (int k = 0; k < derivatives.Length; k++)
        {
            float[] found = derivatives[k].ToArray<float>();
            for (int i = 0; i < found.Length; i++)
                Assert.True(Math.Abs(found[i] - truth[k][i]) <= 2e-4 * (1 + Math.Abs(truth[k][i])), $"{k}[{i}]: {found[i]}, not {truth[k][i]}");
        }
    }

    [Fact]
    public void NormBackward_WithOneAndTwoThreads_HasTheSameBits()
    {
        float[][] results = [.. new[] { 1, 2 }.Select(threads =>
        {
            Device device = Device.CreateCpu(threads);
            Tensor[] d = Derivatives(Random(2048, 256).To(device), Random(256).To(device), Random(256).To(device), Random(2048, 256).To(device), true);
            return d.SelectMany(t => t.ToArray<float>()).ToArray();
        })];
        Assert.Equal(results[0], results[1]);
    }

    [Theory]
    [InlineData(8192)]
    [InlineData(8200)] // rows begin in the middle of cache lines
    [InlineData(8209)]
    public void SoftmaxAndNorm_LargerThanTheCaches_AreRightEverywhere(int width)
    {
        const int Rows = 1030;
        Tensor x = Random(Rows, width);
        float[] data = x.ToArray<float>(), softmax = x.Softmax().ToArray<float>();
        float[] norm = Nn.RmsNorm(x, Tensor.Ones([width], device: Device.Cpu)).ToArray<float>();
        for (int row = 0; row < Rows; row++)
        {
            ReadOnlySpan<float> of = data.AsSpan(row * width, width);
            double sum = 0, squares = 0;
            foreach (float e in of)
            {
                sum += Math.Exp(e);
                squares += (double)e * e;
            }

            double scale = 1 / Math.Sqrt(squares / width + 1e-5);
            for (int j = 0; j < width; j++)
            {
                double p = Math.Exp(of[j]) / sum;
                if (Math.Abs(softmax[row * width + j] - p) > 2e-6 * p || Math.Abs(norm[row * width + j] - of[j] * scale) > 2e-6 * Math.Abs(of[j] * scale))
                    Assert.Fail($"[{row}, {j}]: {softmax[row * width + j]}, not {p}; {norm[row * width + j]}, not {of[j] * scale}");
            }
        }
    }

    [Fact]
    public void Softmax_OnTheCpu_TakesEachExponentialOnce()
    {
        Kernel kernel = ((KernelStep)Assert.Single(Steps(Random(40, 300).Softmax()))).Fused.Kernel;
        Assert.Single(kernel.Body.Descendants().OfType<Instruction>(), x => x.Opcode == Opcode.Call);
    }

    private static Tensor[] Derivatives(Tensor x, Tensor gain, Tensor bias, Tensor above, bool layer)
    {
        if (!layer)
        {
            (Tensor ofX, Tensor ofGain) = Diff.Vjp((a, b) => Nn.RmsNorm(a, b), x, gain).Pullback(above);
            return [ofX, ofGain];
        }

        (Tensor dx, Tensor dGain, Tensor dBias) = Diff.Vjp((a, b, c) => Nn.LayerNorm(a, b, c), x, gain, bias).Pullback(above);
        return [dx, dGain, dBias];
    }

    private static Step[] Steps(params Tensor[] outputs) => [.. Lowering.Plan(Capture.Of([.. outputs.Select(t => t.Node)]).Key.ToPlanGraph()).Steps];

    private static Tensor Random(params int[] shape) => new RandomKey(shape.Length).Normal(Shape.From(shape)).To(Device.Cpu).Realize();
}
