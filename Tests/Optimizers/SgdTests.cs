using System.Text.Json;
using Cotangent.Optimizers;

namespace Cotangent.Tests.Optimizers;

public class SgdTests
{
    public static TheoryData<string> Cases => Golden.Names("sgd");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Sgd_FollowsTheRecordedRun(string name)
    {
        Golden golden = Golden.Load("sgd", name);
        JsonElement h = golden.Hyperparameters;
        Sgd<Pair> optimizer = new(golden.Start, new SgdOptions
        {
            Rate = h.GetProperty("lr").GetDouble(),
            Momentum = h.GetProperty("momentum").GetDouble(),
            Dampening = h.GetProperty("dampening").GetDouble(),
            WeightDecay = h.GetProperty("weight_decay").GetDouble(),
            Nesterov = h.GetProperty("nesterov").GetBoolean(),
            Maximize = h.GetProperty("maximize").GetBoolean(),
        });
        for (int step = 0; step < golden.Steps; step++)
        {
            optimizer.Step(golden.Gradient(step));
            golden.Check(step, optimizer.Parameters);
        }

        golden.CheckFinal(optimizer.Export(), "velocity", "momentum_buffer");
    }

    [Fact]
    public void Nesterov_WithoutMomentumOrWithDampening_IsRefused()
    {
        Tensor x = Tensor.Zeros([2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd<Tensor>(x, new SgdOptions { Nesterov = true }));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new Sgd<Tensor>(x, new SgdOptions { Nesterov = true, Momentum = 0.9, Dampening = 0.1 }));
    }
}
