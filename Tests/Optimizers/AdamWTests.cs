using System.Text.Json;
using Cotangent.Optimizers;

namespace Cotangent.Tests.Optimizers;

public class AdamWTests
{
    public static TheoryData<string> Cases => Golden.Names("adamw");

    [Theory]
    [MemberData(nameof(Cases))]
    public void AdamW_FollowsTheRecordedRun(string name) => Follow(Golden.Load("adamw", name));

    [TheoryOn("opencl")]
    [InlineData("strong")]
    [InlineData("strong-float32")]
    public void AdamW_OnOpenCl_FollowsTheRecordedRun(string name) => Follow(Golden.Load("adamw", name, "opencl"));

    [Theory]
    [MemberData(nameof(Cases))]
    public void AdamW_ExportedAndImportedHalfWay_FollowsTheRecordedRun(string name)
    {
        Golden golden = Golden.Load("adamw", name);
        AdamW<Pair> first = new(golden.Start, Options(golden)), second = first;
        for (int step = 0; step < golden.Steps; step++)
        {
            if (step == golden.Steps / 2)
            {
                second = new(first.Parameters, Options(golden));
                second.Import(first.Export());
            }

            second.Step(golden.Gradient(step));
            golden.Check(step, second.Parameters);
        }
    }

    [Fact]
    public void Decay_OfMatricesOnly_SparesTheVector()
    {
        AdamW<Pair> optimizer = new(
            new Pair(Tensor.Ones([2, 2]), Tensor.Ones([3])),
            new AdamWOptions { Rate = 0.5, WeightDecay = 0.5, Decays = OptimizerOptions.MatricesOnly });
        optimizer.Step(new Pair(Tensor.Zeros([2, 2]), Tensor.Zeros([3])));
        Assert.Equal([0.75f, 0.75f, 0.75f, 0.75f], optimizer.Parameters.W.ToArray<float>());
        Assert.Equal([1f, 1, 1], optimizer.Parameters.B.ToArray<float>());
    }

    [Fact]
    public void MixedDTypes_AreUpdatedEachInItsOwn()
    {
        AdamW<Pair> optimizer = new(new Pair(Tensor.Ones([2, 2]), Tensor.Ones([3], DType.Float64)), new AdamWOptions { WeightDecay = 0 });
        optimizer.Step(new Pair(Tensor.Ones([2, 2]), Tensor.Ones([3], DType.Float64)));
        Assert.Equal(DType.Float32, optimizer.Parameters.W.DType);
        Assert.Equal(DType.Float64, optimizer.Parameters.B.DType);
        Assert.Equal(1 - 1e-3, optimizer.Parameters.B.ToArray<double>()[0], 1e-10);
        Assert.Equal(1 - 1e-3f, optimizer.Parameters.W.ToArray<float>()[0], 1e-6f);
    }

    [Fact]
    public void Step_WithAMaximumNorm_ReturnsTheNormAndScales()
    {
        Sgd<Tensor> optimizer = new(Tensor.Zeros([2], DType.Float64), new SgdOptions { Rate = 1, MaximumNorm = 1 });
        Tensor norm = optimizer.Step(Tensor.From(new[] { 3.0, 4 }));
        Assert.Equal(5, norm.Item<double>());
        Assert.Equal([-0.6, -0.8], optimizer.Parameters.ToArray<double>().Select(x => Math.Round(x, 6)));
    }

    [Fact]
    public void Gradients_OfAnotherShape_AreRefusedByName()
    {
        AdamW<Pair> optimizer = new(new Pair(Tensor.Ones([2, 2]), Tensor.Ones([3])));
        OptimizerException e = Assert.Throws<OptimizerException>(
            () => optimizer.Step(new Pair(Tensor.Ones([2, 2]), Tensor.Ones([4]))));
        Assert.Contains("'b'", e.Message);
        Assert.Contains("[4]", e.Message);
    }

    [Fact]
    public void IntegerParameter_IsRefusedByName() =>
        Assert.Contains("'b'", Assert.Throws<OptimizerException>(() => new AdamW<Pair>(new Pair(Tensor.Ones([2]), Tensor.Arange(3)))).Message);

    [Fact]
    public void Import_OfForeignState_IsRefusedAndChangesNothing()
    {
        AdamW<Tensor> optimizer = new(Tensor.Ones([2]));
        optimizer.Step(Tensor.Ones([2]));
        Dictionary<string, Tensor> state = new(optimizer.Export());
        float[] before = state["m"].ToArray<float>();
        state["v"] = Tensor.Zeros([5]);
        Assert.Throws<OptimizerException>(() => optimizer.Import(state));
        Assert.Throws<OptimizerException>(() => optimizer.Import(new Dictionary<string, Tensor>()));
        Assert.Equal(before, optimizer.Export()["m"].ToArray<float>());
    }

    [Theory]
    [InlineData(1.0, 0.999)]
    [InlineData(0.9, -0.1)]
    [InlineData(double.NaN, 0.999)]
    public void Betas_OutsideTheirRange_AreRefused(double beta1, double beta2) => Assert.Throws<ArgumentOutOfRangeException>(
        () => new AdamW<Tensor>(Tensor.Ones([2]), new AdamWOptions { Beta1 = beta1, Beta2 = beta2 }));

    private static void Follow(Golden golden)
    {
        AdamW<Pair> optimizer = new(golden.Start, Options(golden));
        for (int step = 0; step < golden.Steps; step++)
        {
            optimizer.Step(golden.Gradient(step));
            golden.Check(step, optimizer.Parameters);
        }

        golden.CheckFinal(optimizer.Export(), "m", "exp_avg");
        golden.CheckFinal(optimizer.Export(), "v", "exp_avg_sq");
    }

    private static AdamWOptions Options(Golden golden)
    {
        JsonElement h = golden.Hyperparameters;
        Assert.False(h.GetProperty("amsgrad").GetBoolean());
        return new AdamWOptions
        {
            Rate = h.GetProperty("lr").GetDouble(),
            Beta1 = h.GetProperty("betas")[0].GetDouble(),
            Beta2 = h.GetProperty("betas")[1].GetDouble(),
            Epsilon = h.GetProperty("eps").GetDouble(),
            WeightDecay = h.GetProperty("weight_decay").GetDouble(),
        };
    }
}
