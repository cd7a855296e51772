using Cotangent.Kernels;
using Cotangent.Optimizers.Privacy;

namespace Cotangent.Tests.Optimizers.Privacy;

/// <summary>Norms and clipped sums of a linear layer, norms and an embedding, against values computed independently in float64.</summary>
public class ClippingGoldenTests
{
    private const int B = 4, T = 6, D = 10, P = 7;

    private sealed record Linear(Tensor W, Tensor Bias);

    public static TheoryData<ClippingMethod> Methods => [ClippingMethod.Materialised, ClippingMethod.BookKeeping];

    [Theory, MemberData(nameof(Methods))]
    public void Norms_OfALinearLayer_AreTheGolden(ClippingMethod method)
    {
        double[][] norms = Norms(Weights(), LinearLoss, (A(), G()), method);
        Near([47.932720422745, 50.824648678303, 29.215238332748, 73.938478946686], norms[0]);
        Near([6.149169921875, 10.043701171875, 4.719970703125, 9.153564453125], norms[1]);
    }

    [Theory, MemberData(nameof(Methods))]
    public void Norms_OfALongLayer_AreTheSameByGramMatrices(ClippingMethod method)
    {
        // Wide enough that Gram matrices are chosen: the same numbers in a corner of a wide layer.
        Tensor wide = Tensor.Concat(2, A(), Tensor.Zeros([B, T, 390], DType.Float64)), more = Tensor.Concat(2, G(), Tensor.Zeros([B, T, 393], DType.Float64));
        Linear layer = new(Tensor.Zeros([400, 400], DType.Float64), Tensor.Zeros([400], DType.Float64));
        PrivateGradient<Linear, (Tensor, Tensor)> gradient = Private.Wrap<Linear, (Tensor, Tensor)>(LinearLoss, Options(method));
        Assert.Equal(method == ClippingMethod.BookKeeping, gradient.Describe(layer, (wide, more)).Contains("w: product of T=6, 400×400: ghost norm", StringComparison.Ordinal));
        Near([47.932720422745, 50.824648678303, 29.215238332748, 73.938478946686], Norms(layer, LinearLoss, (wide, more), method)[0]);
    }

    [Theory, MemberData(nameof(Methods))]
    public void Norms_OfNormGains_AreTheGolden(ClippingMethod method)
    {
        static Tensor Layer(Linear p, (Tensor X, Tensor H) r)
        {
            Tensor centred = r.X - r.X.Mean(1, keepDims: true);
            return ((centred / (centred.Square().Mean(1, keepDims: true) + 1e-5).Sqrt() * p.W + p.Bias) * r.H).Sum();
        }

        static Tensor Rms(Tensor gain, (Tensor X, Tensor H) r) => (r.X / (r.X.Square().Mean(1, keepDims: true) + 1e-6).Sqrt() * gain * r.H).Sum();

        double[][] norms = Norms(new Linear(Tensor.Ones([D], DType.Float64), Tensor.Zeros([D], DType.Float64)), Layer, (A(), H()), method);
        Near([25.038622627454, 29.636514542617, 44.894504702832, 30.989807550394], norms[0]);
        Near([11.287841796875, 27.410644531250, 21.506835937500, 8.149169921875], norms[1]);
        Near([20.910897397966, 31.065378778996, 48.717308986292, 39.960571331557], Norms(Tensor.Ones([D], DType.Float64), Rms, (A(), H()), method)[0]);
    }

    [Theory, MemberData(nameof(Methods))]
    public void Norms_OfAnEmbedding_AddEqualRowsFirst(ClippingMethod method)
    {
        static Tensor Loss(Tensor table, (Tensor Ids, Tensor G) r) => (table.Gather(r.Ids) * r.G).Sum();
        int[,] ids = new int[B, T];
        for (int b = 0; b < B; b++)
        {
            for (int t = 0; t < T; t++) ids[b, t] = (3 * b + t * t) % 5;
        }

        Near([10.270263671875, 10.906982421875, 8.470947265625, 11.271728515625],
            Norms(Tensor.Zeros([5, P], DType.Float64), Loss, (Tensor.From(ids), G()), method)[0]);

        // Opacus' own cases.
        Tensor pairs = Tensor.From(new[,] { { 1, 1 }, { 2, 0 }, { 2, 0 } });
        Tensor g = Tensor.From([0.2, 0.2, 0.3, 0.1, 0.3, 0.1], [3, 2, 1]);
        Near([0.16, 0.1, 0.1], Norms(Tensor.Zeros([3, 1], DType.Float64), Loss, (pairs, g), method)[0]);
    }

    [Theory, MemberData(nameof(Methods))]
    public void Sum_OfEachRule_IsTheGolden(ClippingMethod method)
    {
        (Tensor w, Tensor b) = Clipped(Options(method) with { Clip = 6, Groups = null });
        Assert.Equal(15.71729177937, PrivateModels.Norm([w]), 1e-5);
        Assert.Equal(3.093491699121, PrivateModels.Norm([b]), 1e-5);
        Assert.Equal(-1.134652435524, w[0, 0].Item<double>(), 1e-6);
        Assert.Equal(-0.5954769735489, w[9, 6].Item<double>(), 1e-6);

        (w, b) = Clipped(Options(method) with { Clip = 6, Groups = null, Rule = ClippingRule.Automatic });
        Assert.Equal(15.78820002182, PrivateModels.Norm([w]), 1e-9);
        Assert.Equal(3.062625236826, PrivateModels.Norm([b]), 1e-9);
        Assert.Equal(-1.137716115578, w[0, 0].Item<double>(), 1e-10);
        Assert.Equal(-0.6040732510827, w[9, 6].Item<double>(), 1e-10);

        (w, b) = Clipped(Options(method) with { Clip = 6 });
        Assert.Equal(11.99659412616, PrivateModels.Norm([w]), 1e-5);
        Assert.Equal(4.516408885248, PrivateModels.Norm([b]), 1e-5);

        static (Tensor, Tensor) Clipped(PrivateOptions options)
        {
            Tensor[] sum = Private.Wrap<Linear, (Tensor, Tensor)>(LinearLoss, options).ClippedSum(Weights(), (A(), G())).Sum.Sum;
            return (sum[0], sum[1]);
        }
    }

    private static Tensor LinearLoss(Linear p, (Tensor A, Tensor G) r) => ((r.A.MatMul(p.W) + p.Bias) * r.G).Sum();

    private static Linear Weights() => new(Tensor.Zeros([D, P], DType.Float64), Tensor.Zeros([P], DType.Float64));

    private static Tensor A() => Values(D, 31, 17, 13, 5, 11, 3);

    private static Tensor G() => Values(P, 23, 29, 19, 7, 5, 40);

    private static Tensor H() => Values(D, 37, 3, 41, 9, 13, 77);

    private static Tensor Values(int width, int a, int b, int c, int d, int e, int f)
    {
        double[,,] values = new double[B, T, width];
        for (int x = 0; x < B; x++)
        {
            for (int y = 0; y < T; y++)
            {
                for (int z = 0; z < width; z++)
                    values[x, y, z] = ((a * x + b * y + c * z + d * x * y + e * y * z + 3 * x * z + 7 * z * z + 2 * y * y + f) % 127 - 63) / 64.0;
            }
        }

        return Tensor.From(values);
    }

    // The squared norms before clipping, of each parameter.
    private static double[][] Norms<TParameters, TRecord>(
        TParameters parameters, Func<TParameters, TRecord, Tensor> loss, TRecord batch, ClippingMethod method)
    {
        Tensor norms = Private.Wrap(loss, Options(method)).ClippedSum(parameters, batch).Norms;
        return [.. Enumerable.Range(0, norms.Shape[0]).Select(g => norms[g].ToArray<double>().Select(n => n * n).ToArray())];
    }

    private static PrivateOptions Options(ClippingMethod method) =>
        PrivateModels.Options(B) with { Groups = PrivateOptions.PerParameter, Method = method };

    private static void Near(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-11 * Math.Abs(expected[i]));
    }
}
