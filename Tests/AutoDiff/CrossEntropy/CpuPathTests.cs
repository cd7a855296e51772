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
            foreach ((int n, int v, int d) in new[] { (1, 3, 1), (7, 127, 64), (17, 128, 123), (128, 507, 64), (255, 1100, 33), (130, 2300, 16),
                (390, 1100, 33), (400, 530, 48) })
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

        // What is not filtered differs by the order of sums: without a filter E's gradient is summed before log-sum-exps are known.
        Assert.InRange(Error(de, fullE), 0, ofE ? 2e-2 : 1e-6);
        Assert.InRange(Error(dc, fullC), 0, ofC ? 2e-2 : 1e-6);
        if (ofC) Assert.Contains(Enumerable.Range(0, v), i => dc[i].ToDoubles().All(x => x == 0));
    }

    /// <summary>Sums of exponentials and of E's gradient are relative to the largest logit so far.</summary>
    [Theory]
    [InlineData(.2, false, 64)]
    [InlineData(-.2, false, 64)]
    [InlineData(.2, true, 64)]
    [InlineData(.2, false, 400)]
    [InlineData(-.2, true, 400)]
    [InlineData(.02, false, 64)]
    [InlineData(.02, true, 400)]
    public void Float32_WhereLogitsRiseOrFallFromClassToClass_IsThatOfFloat64(double step, bool hides, int n)
    {
        const int v = 2000, d = 16;
        CrossEntropyData data = new(n, v, d)
        {
            // Classes that are hidden fill whole chunks, the first among them.
            Bias = [.. Enumerable.Range(0, v).Select(i => hides && i / 400 % 2 == 0 ? double.NegativeInfinity : (step * i) - 300)],
        };
        double[][] Gradients(DType type)
        {
            Tensor targets = Tensor.From([.. Enumerable.Range(0, n).Select(i => 400 + (i % 400))], [n]);
            (Tensor loss, (Tensor de, Tensor dc, Tensor db)) = Diff.ValueAndGrad((Tensor e, Tensor c, Tensor b) =>
                CrossEntropy.Linear(e, c, targets, new() { Bias = b, Filter = GradientFilter.Off }))(data.Embeddings(Device.Cpu, type),
                data.Classifier(Device.Cpu, type), data.BiasOf(Device.Cpu, type));
            return [loss.ToDoubles(), de.ToDoubles(), dc.ToDoubles(), db.ToDoubles()];
        }

        foreach ((double[] exact, double[] actual) in Gradients(DType.Float64).Zip(Gradients(DType.Float32)))
        {
            double scale = exact.Max(Math.Abs);
            for (int i = 0; i < exact.Length; i++) Assert.Equal(exact[i], actual[i], 5e-5 * scale);
        }
    }

    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    public void Threads_OfAnyNumber_GiveTheSameBits(int n)
    {
        CrossEntropyData data = new(n, 2500, 40);
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
