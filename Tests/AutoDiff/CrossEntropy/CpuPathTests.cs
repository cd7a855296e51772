using Cotangent.AutoDiff;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff.CrossEntropyTests;

/// <summary>The CPU's own path: shapes on both sides of its blocks against the path of all devices, the filter, threads.</summary>
public class CpuPathTests
{
    public static TheoryData<int, int, int, bool> Shapes
    {
        get
        {
            TheoryData<int, int, int, bool> shapes = [];
            foreach ((int n, int v, int d) in new[] { (1, 3, 1), (7, 127, 64), (17, 128, 123), (128, 507, 64), (255, 1100, 33), (130, 2300, 16) })
            {
                shapes.Add(n, v, d, false);
                shapes.Add(n, v, d, true);
            }

            return shapes;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Float32_OfAShape_IsThatOfFloat64(int n, int v, int d, bool all)
    {
        CrossEntropyData data = new(n, v, d);
        CrossEntropyOptions options = new()
        {
            Filter = GradientFilter.Off, Softcap = all ? 5 : null, LabelSmoothing = all ? .1 : 0, ZLoss = all ? 1e-3 : 0, LogitScale = .5,
        };
        double[][] Gradients(DType type)
        {
            Tensor targets = data.TargetsOf(Device.Cpu, n > 5);
            (Tensor loss, (Tensor de, Tensor dc, Tensor db)) = Diff.ValueAndGrad((Tensor e, Tensor c, Tensor b) =>
                CrossEntropy.Linear(e, c, targets, options with { Bias = b }))(data.Embeddings(Device.Cpu, type), data.Classifier(Device.Cpu, type),
                data.BiasOf(Device.Cpu, type));
            return [loss.ToDoubles(), de.ToDoubles(), dc.ToDoubles(), db.ToDoubles()];
        }

        foreach ((double[] exact, double[] actual) in Gradients(DType.Float64).Zip(Gradients(DType.Float32)))
        {
            double scale = exact.Max(Math.Abs) + 1e-30;
            for (int i = 0; i < exact.Length; i++) Assert.Equal(exact[i], actual[i], 2e-5 * scale);
        }
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Filter_OfAPeakedDistribution_LeavesOutAlmostNothing(bool ofE, bool ofC)
    {
        const int n = 150, v = 3000, d = 24;
        CrossEntropyData data = new(n, v, d) { Bias = [.. Enumerable.Range(0, v).Select(i => -(((211 * i) + 17) % 512) / 16.0)] };
        (Tensor, Tensor) Gradients(GradientFilter filter) => Diff.Grad((Tensor e, Tensor c) => CrossEntropy.Linear(e, c,
            data.TargetsOf(Device.Cpu, true), new()
            {
                Bias = data.BiasOf(Device.Cpu, DType.Float32), Filter = filter, FilterEmbeddings = ofE, FilterClassifier = ofC, Reduction = LossReduction.Sum,
            }))(data.Embeddings(Device.Cpu, DType.Float32), data.Classifier(Device.Cpu, DType.Float32));

        (Tensor fullE, Tensor fullC) = Gradients(GradientFilter.Off);
        (Tensor de, Tensor dc) = Gradients(GradientFilter.Below(Math.ScaleB(1, -12)));

        Assert.InRange(Error(de, fullE), 0, ofE ? 2e-2 : 0);
        Assert.InRange(Error(dc, fullC), 0, ofC ? 2e-2 : 0);
        if (ofC) Assert.Contains(Enumerable.Range(0, v), i => dc[i].ToDoubles().All(x => x == 0));
    }

    [Fact]
    public void Threads_OfAnyNumber_GiveTheSameBits()
    {
        CrossEntropyData data = new(200, 2500, 40);
        float[][] On(int threads)
        {
            Device device = new CpuDevice(threads);
            Tensor targets = data.TargetsOf(device, true);
            (Tensor loss, (Tensor de, Tensor dc)) = Diff.ValueAndGrad((Tensor e, Tensor c) => CrossEntropy.Linear(e, c, targets))(
                data.Embeddings(device, DType.Float32), data.Classifier(device, DType.Float32));
            return [loss.ToArray<float>(), de.ToArray<float>(), dc.ToArray<float>()];
        }

        Assert.Equal(On(1), On(3));
    }

    [Fact]
    public void Scratch_ForALanguageModel_IsATwentiethOfTheLogits()
    {
        Tensor e = Tensor.Ones([2048, 512]).Realize(), c = Tensor.Ones([50257, 512]).Realize(), targets = Tensor.Full([2048], 3, DType.Int32);
        long scratch = Jit.Compile((Tensor x, Tensor y) => Diff.Grad((Tensor a, Tensor b) => CrossEntropy.Linear(a, b, targets))(x, y))
            .Memory(e, c).ScratchBytes;

        Assert.InRange(scratch, 0, 4L * 2048 * 50257 / 20);
    }

    private static double Error(Tensor x, Tensor y) => GoldenTests.Norm(x - y) / GoldenTests.Norm(y);
}
