using Cotangent.AutoDiff;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff.CrossEntropyTests;

/// <summary>Loss and gradients against independently computed numbers, on every device.</summary>
public class GoldenTests
{
    private static readonly CrossEntropyData s_data = new(37, 203, 300);

    private static readonly Golden[] s_goldens =
    [
        new("plain", false, false, new(), 13.13138431102, 15.65123068091, 1.019765027473, 1.916678552647, .2034354186919,
            3.470127454189e-3, -6.229754766754e-3, -3.386155829656e-3, 1.115464237123e-3),
        new("bias", true, false, new(), 13.13579406184, 15.77108915721, 1.022839180237, 1.926079600086, .2047986800938,
            2.989457491313e-3, -6.597431478147e-3, -4.165495494802e-3, 1.135581496182e-3),
        new("ignore", true, true, new(), 13.71065766686, 15.77108915721, 1.133840946096, 2.140669386439, .2205588159290,
            3.686997572619e-3, -8.136832156381e-3, -5.139098252517e-3, 1.566222827417e-3),
        new("sum", true, true, new() { Reduction = LossReduction.Sum }, 411.3197300059, 15.77108915721, 34.01522838287, 64.22008159317,
            6.616764477869, .1106099271786, -.2441049646914, -.1541729475755, 4.698668482250e-2),
        new("none", true, true, new() { Reduction = LossReduction.None }, 173.1050140360, 15.77108915721, 19.25855699779, 36.53041671531,
            3.478945484362, 0, -6.102624117286e-2, -.2137878016546, -1.714344891178e-3),
        new("softcap 5", true, true, new() { Softcap = 5 }, 8.214575513011, 8.164208514512, .5514707024800, 1.123648733869, .1180686705001,
            5.122110854257e-3, 3.363569094436e-3, -3.212067188194e-3, 1.177300510266e-4),
        new("softcap 30", true, false, new() { Softcap = 30 }, 12.49215921493, 14.84346042572, .9321032319117, 1.785422172826,
            .1886749761432, 3.976127273978e-3, -5.203284229039e-3, -4.266226464797e-3, 9.026188085226e-4),
        new("z-loss", true, true, new() { ZLoss = 1e-3 }, 13.89325178848, 15.77108915721, 1.145586903972, 2.156704059255, .2221161446277,
            3.548656130482e-3, -8.418402171641e-3, -5.070296855855e-3, 1.607052849198e-3),
        new("smoothing", true, true, new() { LabelSmoothing = .1 }, 13.67460768378, 15.77108915721, 1.064014672902, 1.985965848997,
            .2041538924379, 2.804018303325e-3, -8.508214545543e-3, -4.415576085030e-3, 1.485916998189e-3),
        new("all", true, true, new() { Softcap = 5, ZLoss = 1e-3, LabelSmoothing = .1, LogitScale = .25 }, 6.007241307154, 6.096008725354,
            .1935760788900, .3921092227055, .1605446590652, 1.512831931715e-3, 4.827067267299e-4, -1.482491977903e-3, 1.576837997701e-4),
        new("shift", true, true, new() { Shift = 1 }, 13.98456603203, 15.77108915721, 1.153685401650, 2.160078547173, .2249923889309,
            -1.073327837315e-2, 1.941744584589e-2, -1.016315321865e-2, 1.451260742100e-3),
    ];

    public static TheoryData<string, string, string> Cases
    {
        get
        {
            TheoryData<string, string, string> cases = [];
            foreach (string device in Devices.Hardware.Where(Devices.Runs))
            {
                foreach (Golden golden in s_goldens)
                {
                    cases.Add(device, golden.Name, nameof(DType.Float32));
                    if (device == "cpu") cases.Add(device, golden.Name, nameof(DType.Float64));
                }
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Linear_GoldenCase_HasItsLossAndGradients(string device, string name, string dtype) =>
        Check(s_goldens.Single(g => g.Name == name), Devices.Get(device), Enum.Parse<DType>(dtype), new());

    [Theory]
    [InlineData("bias")]
    [InlineData("all")]
    [InlineData("none")]
    public void Linear_CompensatedSums_HaveTheSameLossAndGradients(string name) =>
        Check(s_goldens.Single(g => g.Name == name), Device.Cpu, DType.Float32, new() { Accumulation = GradientAccumulation.Kahan });

    [Theory]
    [InlineData(DType.BFloat16)]
    [InlineData(DType.Float16)]
    public void Linear_HalfInputs_ComputeInFloat32(DType type)
    {
        Device cpu = Device.Cpu;
        Tensor e = s_data.Embeddings(cpu, type), c = s_data.Classifier(cpu, type), targets = s_data.TargetsOf(cpu, false);

        (Tensor loss, (Tensor de, Tensor dc)) = Diff.ValueAndGrad((Tensor x, Tensor y) =>
            CrossEntropy.Linear(x, y, targets, new() { Filter = GradientFilter.Off }))(e, c);

        Assert.Equal(13.13138431102, loss.Item<float>(), 1e-4);
        Assert.Equal((type, type), (de.DType, dc.DType));
        double slack = type == DType.BFloat16 ? 4e-3 : 5e-4;
        Assert.Equal(1.019765027473, Norm(de.Cast(DType.Float64)), slack);
        Assert.Equal(1.916678552647, Norm(dc.Cast(DType.Float64)), 2 * slack);
    }

    [Fact]
    public void Linear_TinyCase_HasEveryElement()
    {
        CrossEntropyData data = new(5, 7, 4);
        Tensor targets = data.TargetsOf(Device.Cpu, false);
        Assert.Equal([0, 5, 4, 4, 5], data.Targets);

        (Tensor loss, (Tensor de, Tensor dc, Tensor db)) = Diff.ValueAndGrad((Tensor e, Tensor c, Tensor b) =>
            CrossEntropy.Linear(e, c, targets, new() { Bias = b }))(data.Embeddings(Device.Cpu, DType.Float64),
            data.Classifier(Device.Cpu, DType.Float64), data.BiasOf(Device.Cpu, DType.Float64));

        Assert.Equal(2.183927825417, loss.Item<double>(), 1e-11);
        Close([0.005333555698, -0.021086813737, 0.034114412068, 0.048504840253, 0.031637779595, -0.023553903173, 0.013286560819, 0.004110951430,
            -0.048881081375, 0.091795410884, -0.058283258159, -0.062984346552, -0.054750326069, 0.101820846539, -0.063847873931, -0.068396647863,
            0.027751516314, -0.009551878649, 0.007670093696, -0.002370617614], de, 1e-11);
        Close([0.133440048094, 0.124494768063, -0.015478409469, 0.120871959619, -0.057032213106, 0.006125951291, 0.033659934046, -0.017868501597,
            -0.063560101860, 0.032939345873, 0.031500046046, -0.028428964709, -0.078221216827, 0.038621141416, 0.039009392827, -0.032190413573,
            0.091334773228, -0.093288466846, -0.041234029362, -0.181916677112, 0.043439168287, -0.119456437636, -0.079100474143, 0.167893260566,
            -0.069400457817, 0.010563697838, 0.031643540056, -0.028360663193], dc, 1e-11);
        Close([-0.076271230738, 0.121981001728, 0.177672607151, 0.215473313899, -0.315903997670, -0.277014459498, 0.154062765128], db, 1e-11);
    }

    [Theory]
    [InlineData(.5, 5.382189120392)]
    [InlineData(5, 7.793657328281)]
    public void Linear_SmallSoftcap_PadsNothingIntoTheSum(double softcap, double loss)
    {
        Tensor value = CrossEntropy.Linear(s_data.Embeddings(Device.Cpu, DType.Float32), s_data.Classifier(Device.Cpu, DType.Float32),
            s_data.TargetsOf(Device.Cpu, false), new() { Bias = s_data.BiasOf(Device.Cpu, DType.Float32), Softcap = softcap });

        Assert.Equal(loss, value.Item<float>(), 1e-5 * loss);
    }

    internal static void Close(double[] expected, Tensor actual, double tolerance)
    {
        double[] values = actual.ToDoubles();
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++) Assert.Equal(expected[i], values[i], tolerance);
    }

    internal static double Norm(Tensor x) => Math.Sqrt(x.ToDoubles().Sum(v => v * v));

    private static void Check(Golden golden, Device device, DType type, CrossEntropyOptions like)
    {
        Tensor targets = s_data.TargetsOf(device, golden.Some);
        CrossEntropyOptions options = golden.Options with { Accumulation = like.Accumulation };
        Tensor Loss(Tensor e, Tensor c, Tensor b)
        {
            Tensor loss = CrossEntropy.Linear(e, c, targets, golden.HasBias ? options with { Bias = b } : options);
            return options.Reduction == LossReduction.None
                ? (loss * (Tensor.Arange(s_data.N) % 5).Cast(type) / 4).Sum()
                : golden.HasBias ? loss : loss + 0 * b.Sum();
        }

        Tensor embeddings = s_data.Embeddings(device, type), classifier = s_data.Classifier(device, type), bias = s_data.BiasOf(device, type);
        (Tensor value, (Tensor de, Tensor dc, Tensor db)) = Diff.ValueAndGrad((Tensor e, Tensor c, Tensor b) => Loss(e, c, b))(
            embeddings, classifier, bias);
        CrossEntropyResult details = CrossEntropy.LinearWithDetails(embeddings, classifier, targets,
            golden.HasBias ? options with { Bias = bias } : options);

        double relative = type == DType.Float64 ? 1e-10 : 1e-5;
        Assert.Equal(golden.Loss, value.ToDoubles()[0], relative * Math.Abs(golden.Loss));
        Assert.Equal(golden.FirstLse, details.LogSumExp.ToDoubles()[0], relative * golden.FirstLse);
        Assert.Equal(golden.NormE, Norm(de), relative * golden.NormE);
        Assert.Equal(golden.NormC, Norm(dc), relative * golden.NormC);
        if (golden.HasBias) Assert.Equal(golden.NormBias, Norm(db), relative * golden.NormBias);
        double[] e = de.ToDoubles(), c = dc.ToDoubles();
        double last = golden.Options.Shift == 0 ? e[^1] : e[^(1 + s_data.D)];
        Assert.Equal(golden.FirstE, e[0], relative * golden.NormE);
        Assert.Equal(golden.LastE, last, relative * golden.NormE);
        Assert.Equal(golden.FirstC, c[0], relative * golden.NormC);
        Assert.Equal(golden.LastC, c[^1], relative * golden.NormC);
    }

    private sealed record Golden(string Name, bool HasBias, bool Some, CrossEntropyOptions Options, double Loss, double FirstLse, double NormE,
        double NormC, double NormBias, double FirstE, double LastE, double FirstC, double LastC);
}
