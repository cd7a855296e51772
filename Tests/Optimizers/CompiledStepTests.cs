using Cotangent.AutoDiff;
using Cotangent.Optimizers;

namespace Cotangent.Tests.Optimizers;

/// <summary>Training steps as compiled functions: the same numbers as eager steps, in place.</summary>
public class CompiledStepTests
{
    private static readonly Tensor s_x = (Tensor.Arange(24).Cast(DType.Float32) / 10).Reshape(6, 4).Realize();
    private static readonly Tensor s_y = (Tensor.Arange(18).Cast(DType.Float32) % 5).Reshape(6, 3).Realize();

    [Fact]
    public void CompiledStep_FollowsEagerSteps_BitForBit()
    {
        CosineSchedule schedule = new(peak: 0.1, steps: 6, warmUp: 2);
        AdamW<Pair> eager = Optimizer(), compiled = Optimizer();
        CompiledFunction<Tensor, (Tensor Loss, Tensor Norm)> step = Jit.Compile((Tensor rate) => Train(compiled, rate));
        for (int i = 0; i < 6; i++)
        {
            (Tensor loss, Tensor norm) = Train(eager, schedule.At(i));
            (Tensor compiledLoss, Tensor compiledNorm) = step.Invoke(schedule.At(i));
            Assert.Equal(loss.Item<float>(), compiledLoss.Item<float>());
            Assert.Equal(norm.Item<float>(), compiledNorm.Item<float>());
            Assert.Equal(eager.Parameters.W.ToArray<float>(), compiled.Parameters.W.ToArray<float>());
            Assert.Equal(eager.Export()["v.b"].ToArray<float>(), compiled.Export()["v.b"].ToArray<float>());
        }

        Assert.Equal(1, step.TraceCount);
    }

    [Fact]
    public void CompiledStep_LowersTheLoss()
    {
        AdamW<Pair> optimizer = Optimizer();
        CompiledFunction<Tensor, (Tensor Loss, Tensor Norm)> step = Jit.Compile((Tensor rate) => Train(optimizer, rate));
        float first = step.Invoke(0.05).Loss.Item<float>(), last = first;
        for (int i = 0; i < 60; i++) last = step.Invoke(0.05).Loss.Item<float>();
        Assert.True(last < 0.2f * first, $"{first} → {last}");
    }

    private static AdamW<Pair> Optimizer() => new(
        new Pair((Tensor.Arange(12).Cast(DType.Float32) / 7 - 1).Reshape(4, 3), Tensor.Zeros([3])),
        new AdamWOptions { WeightDecay = 0.1, MaximumNorm = 1, Decays = OptimizerOptions.MatricesOnly });

    private static (Tensor Loss, Tensor Norm) Train(AdamW<Pair> optimizer, Tensor rate)
    {
        (Tensor loss, Pair gradients) = Diff.ValueAndGrad((Pair p) => (s_x.MatMul(p.W) + p.B - s_y).Square().Mean())(optimizer.Parameters);
        return (loss, optimizer.Step(gradients, rate));
    }
}
