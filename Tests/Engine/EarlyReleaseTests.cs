using Cotangent.Execution;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine;

/// <summary>Large values whose small results are recorded after all of them.</summary>
public class EarlyReleaseTests
{
    private const int Count = 8, Side = 512;
    private const long Large = 4L * Side * Side;

    [Fact]
    public void Plan_OfLargeValuesThatLateStepsReduce_KeepsFewOfThem()
    {
        Tensor[] products = Products();
        Tensor[] sums = [.. products.Select(p => p.Sum(1))];

        Assert.InRange(PlanOf(sums).ScratchBytes, Large, 2 * Large);
        for (int i = 0; i < Count; i++) Assert.Equal(Side * Side * (i + 1f), sums[i][0].Item<float>());
    }

    [Fact]
    public void Plan_OfLargeValuesThatALateStepNeedsTogether_KeepsThem()
    {
        Tensor[] products = Products();
        Tensor total = products.Aggregate((x, y) => x * 0.5 + y).Sum(1), sums = products[0].Sum(1);

        Assert.InRange(PlanOf(total, sums).ScratchBytes, Large, (Count + 2) * Large);
        Assert.Equal(Side * Side, sums[0].Item<float>());
    }

    [Fact]
    public void Plan_OfAReductionThatWaitsForOthers_MovesThemToo()
    {
        // Each sum is scaled by a norm of the same product.
        Tensor[] products = Products();
        Tensor[] norms = [.. products.Select(p => p.Square().Sum(1).Sqrt())];
        Tensor[] sums = [.. products.Zip(norms, (p, n) => (p / n.Unsqueeze(1)).Sum(0))];

        Assert.InRange(PlanOf(sums).ScratchBytes, Large, 2 * Large);
        foreach (Tensor sum in sums) Assert.Equal(Math.Sqrt(Side), sum[0].Item<float>(), 1e-3);
    }

    private static Tensor[] Products()
    {
        Tensor ones = Tensor.Ones([Side, Side], device: Device.Cpu).Realize();
        return [.. Enumerable.Range(0, Count).Select(i => (ones * (i + 1)).Realize().MatMul(ones))];
    }

    private static ExecutionPlan PlanOf(params Tensor[] tensors) =>
        Lowering.Plan(Capture.Of([.. tensors.Select(t => t.Node)]).Key.ToPlanGraph());
}
