using Cotangent.Graph;
using Cotangent.Kernels.Cuda;
using Cotangent.Kernels.Library;
using Cotangent.Tests.Kernels.Cuda;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>Clipped sums as a step of a program on a device with groups.</summary>
public sealed class ClippedSumProgramTests
{
    /// <summary>Some, and no records, no positions, no rows: operands without elements have no memory.</summary>
    [Theory]
    [InlineData(5, 3, 7, 70)]
    [InlineData(0, 3, 7, 5)]
    [InlineData(2, 0, 7, 5)]
    [InlineData(2, 3, 0, 5)]
    public void Sum_InAProgramThatIsReplayed_IsThatOfItsOperands(int count, int time, int left, int right)
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        CompiledFunction<(Tensor A, Tensor G), (Tensor Mask, Tensor Limit), Tensor[]> step = Jit.Compile(((Tensor A, Tensor G) x, (Tensor Mask, Tensor Limit) c) =>
            (Tensor[])[Output(x.A * 2, x.G, c.Mask, c.Limit, ClippedSumAttributes.Sum), Output(x.A * 2, x.G, c.Mask, c.Limit, ClippedSumAttributes.Squares)]);
        for (int run = 0; run < 4; run++)
        {
            Random random = new(run);
            Tensor Draw(int width) => Tensor.From([.. Enumerable.Range(0, count * time * width).Select(_ => (float)random.NextDouble() - 0.4f)], [count, time, width]);
            Tensor a = Draw(left), g = Draw(right), mask = Tensor.From([.. Enumerable.Range(0, count).Select(b => b != run)]), limit = Tensor.Scalar(1.5, DType.Float64);
            Tensor[] own = step.Invoke((a.To(device), g.To(device)), (mask.To(device), limit.To(device)));
            Tensor[] expected = step.Invoke((a, g), (mask, limit));
            foreach ((Tensor e, Tensor o) in expected.Zip(own))
            {
                foreach ((double x, double y) in e.Cast(DType.Float64).ToArray<double>().Zip(o.Cast(DType.Float64).ToArray<double>()))
                    Assert.Equal(x, y, 1e-5 * (1 + Math.Abs(x)));
            }
        }

        if (count * left > 0) Assert.True(driver.Calls["cuGraphLaunch"] >= 2);
        Assert.Empty(driver.Misuses);
    }

    /// <summary>Operands without elements have no memory.</summary>
    [Theory]
    [InlineData(2, 0, 7, 5)]
    [InlineData(2, 3, 0, 5)]
    public void GramNorms_OfNoElements_AreZeros(int count, int time, int left, int right)
    {
        (_, CudaDevice device) = EmulatedCuda.Create();
        foreach (int output in new[] { GramNormsAttributes.Norms, GramNormsAttributes.Lengths })
        {
            Tensor norms = new(new Node(Ops.GramNorms, [Tensor.Ones([count, time, left]).To(device).Node, Tensor.Ones([count, time, right]).To(device).Node],
                new GramNormsAttributes { Output = output }));
            Assert.Equal(new double[count], norms.ToArray<double>());
        }
    }

    private static Tensor Output(Tensor a, Tensor g, Tensor mask, Tensor limit, int output) =>
        new(new Node(DeviceOps.ClippedSum, [a.Node, g.Node, mask.Node, limit.Node], new ClippedSumAttributes(ClipRule.AtMost, 0).At(output)));
}
