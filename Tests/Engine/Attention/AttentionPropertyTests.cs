using Cotangent.AutoDiff;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Attention;

/// <summary>What holds of every attention: memory, determinism, batches, and what must not be read.</summary>
public class AttentionPropertyTests
{
    private const int Long = 8192;

    private static readonly AttentionOptions s_causal = new() { Causal = true, Fused = true };

    [Fact]
    public void Gradient_OfALongSequence_HoldsNoMatrixOfScores() => HoldsNoScores(x => Diff.Grad<Tensor[]>(Loss)(x), part: 16);

    [Fact]
    public void Jvp_OfALongSequence_HoldsNoMatrixOfScores() =>
        HoldsNoScores(x => [Diff.Jvp((Tensor[] p) => Nn.Attention(p[0], p[1], p[2], s_causal), x, x).Tangent], part: 16);

    [Fact]
    public void Hvp_OfALongSequence_HoldsNoMatrixOfScores() => HoldsNoScores(x => Diff.Hvp<Tensor[]>(Loss, x, x), part: 4);

    [Fact]
    public void GradientOfGradientNorm_OfALongSequence_HoldsNoMatrixOfScores() => HoldsNoScores(
        x => Diff.Grad<Tensor[]>(p => Diff.Grad<Tensor[]>(Loss)(p).Select(g => g.Square().Sum()).Aggregate((a, b) => a + b))(x), part: 4);

    [Theory]
    [InlineData("causal, many blocks")]
    [InlineData("grouped queries")]
    [InlineData("everything")]
    public void Gradient_OfAnyNumberOfThreads_HasTheSameBits(string name)
    {
        AttentionCase row = AttentionCase.All.Single(c => c.Name == name);
        float[][] one = Gradients(1);
        for (int threads = 2; threads <= 3; threads++)
        {
            float[][] more = Gradients(threads);
            for (int i = 0; i < one.Length; i++) Assert.True(one[i].AsSpan().SequenceEqual(more[i]), $"{name}: gradient {i} on {threads} threads differs.");
        }

        float[][] Gradients(int threads)
        {
            Device device = Device.CreateCpu(threads);
            Tensor[] x = [.. row.Operands(DType.Float32).Select(t => t.To(device).Realize())];
            return [.. Diff.Grad((Tensor[] p) => row.Call(p, fused: true, device).Output.Square().Sum())(x).Select(g => g.ToArray<float>())];
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.4)]
    public void Vmap_OfFusedAttention_IsEachExample(double? dropout)
    {
        RandomKey key = new(2);
        AttentionOptions options = s_causal with { Dropout = dropout ?? 0, Key = dropout is null ? null : key };
        Tensor q = new RandomKey(3).Normal([4, 2, 3, 20, 8]), k = new RandomKey(4).Normal([2, 3, 20, 8]), v = new RandomKey(5).Normal([4, 2, 3, 20, 8]);
        Tensor F(Tensor a, Tensor b, Tensor c) => Diff.Grad((Tensor[] p) => Nn.Attention(p[0], p[1], p[2], options).Square().Sum())([a, b, c])[0];
        Tensor all = Diff.Vmap((Tensor a, Tensor c) => F(a, k, c))(q, v);
        for (int i = 0; i < 4; i++) Close(F(q[i], k, v[i]), all[i]);
    }

    [Fact]
    public void Vmap_OverKeysOfDropout_GivesEachExampleItsOwn()
    {
        Tensor x = new RandomKey(3).Normal([2, 3, 20, 8]);
        Tensor keys = Tensor.Stack(0, new RandomKey(1).Value, new RandomKey(2).Value, new RandomKey(3).Value);
        Tensor F(Tensor key) => Nn.Attention(x, x, x, s_causal with { Dropout = 0.5, Key = new RandomKey(key) });
        Tensor all = Diff.Vmap((Tensor key) => F(key))(keys);
        for (int i = 0; i < 3; i++) Close(F(keys[i]), all[i]);
    }

    [Fact]
    public void Lengths_BehindThem_NothingIsRead()
    {
        Tensor clean = new RandomKey(3).Normal([2, 1, 60, 8]);
        Tensor isPadding = Tensor.Iota([60, 8], 0) >= 41, dirty = Tensor.Where(isPadding, double.NaN, clean);
        AttentionOptions options = new() { Lengths = Tensor.From([41, 17]), Fused = true };
        float[] expected = Nn.Attention(clean, clean, clean, options).ToArray<float>();
        Assert.Equal(expected, Nn.Attention(clean, dirty, dirty, options).ToArray<float>());
        Tensor[] gradients = Diff.Grad((Tensor[] p) => Nn.Attention(p[0], p[1], p[2], options).Square().Sum())([clean, dirty, dirty]);
        Assert.All(gradients, g => Assert.DoesNotContain(float.NaN, g.ToArray<float>()));
    }

    [Theory]
    [InlineData(DType.Float16, 2e-3)]
    [InlineData(DType.BFloat16, 1.6e-2)]
    public void HalfTypes_AreComputedInFloat32(DType type, double tolerance)
    {
        Tensor x = new RandomKey(3).Normal([2, 40, 16]).Cast(type), y = Nn.Attention(x, x, x, s_causal);
        Assert.Equal(type, y.DType);
        Tensor wide = x.Cast(DType.Float32);
        float[] expected = Nn.Attention(wide, wide, wide, s_causal).ToArray<float>(), actual = y.Cast(DType.Float32).ToArray<float>();
        for (int i = 0; i < expected.Length; i++) Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * (1 + Math.Abs(expected[i])));
    }

    [Fact]
    public void LogSumExp_OfTwoPartsOfTheKeys_MergesThem()
    {
        Tensor q = new RandomKey(1).Normal([2, 30, 8]), k = new RandomKey(2).Normal([2, 50, 8]), v = new RandomKey(3).Normal([2, 50, 8]);
        AttentionOptions options = new() { Fused = true };
        (Tensor y0, Tensor l0) = Nn.AttentionWithLogSumExp(q, k[.., ..20], v[.., ..20], options);
        (Tensor y1, Tensor l1) = Nn.AttentionWithLogSumExp(q, k[.., 20..], v[.., 20..], options);
        Tensor all = Tensor.Stack(0, l0, l1).LogSumExp(0);
        Close(Nn.Attention(q, k, v, options), y0 * (l0 - all).Exp().Unsqueeze(-1) + y1 * (l1 - all).Exp().Unsqueeze(-1));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(5, 0)]
    public void NoQueriesOrNoKeys_GiveEmptyOrZero(int queries, int keys)
    {
        Tensor q = Tensor.Ones([2, queries, 4]), k = Tensor.Ones([2, keys, 4]);
        (Tensor y, Tensor lse) = Nn.AttentionWithLogSumExp(q, k, k, new AttentionOptions { Fused = true });
        Assert.All(y.ToArray<float>(), x => Assert.Equal(0, x));
        Assert.All(lse.ToArray<float>(), x => Assert.Equal(float.NegativeInfinity, x));
        Assert.Equal([2, queries, 4], y.Shape);
    }

    [Fact]
    public void Options_ThatDoNotFit_AreRefused()
    {
        Tensor x = Tensor.Ones([2, 4, 8]);
        Assert.Throws<ShapeMismatchException>(() => Nn.Attention(x, x[.., ..2], x[.., ..2], causal: true));
        Assert.Throws<ShapeMismatchException>(() => Nn.Attention(Tensor.Ones([3, 4, 8]), x, x, new AttentionOptions()));
        Assert.Throws<ShapeMismatchException>(() => Nn.Attention(x, x, x, new AttentionOptions { Bias = Tensor.Ones([4, 5]) }));
        Assert.Throws<DTypeMismatchException>(() => Nn.Attention(x, x, x, new AttentionOptions { Mask = Tensor.Ones([4, 4]) }));
        Assert.Throws<DTypeMismatchException>(() => Nn.Attention(x, x, x, new AttentionOptions { Lengths = Tensor.Scalar(1.5) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Nn.Attention(x, x, x, new AttentionOptions { Window = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Nn.Attention(x, x, x, new AttentionOptions { Dropout = 1, Key = new RandomKey(1) }));
        Assert.Throws<ArgumentException>(() => Nn.Attention(x, x, x, new AttentionOptions { Dropout = 0.5 }));
    }

    private static Tensor Loss(Tensor[] p) => Nn.Attention(p[0], p[1], p[2], s_causal).Square().Sum();

    /// <summary>The plan's scratch memory is less than a part of one matrix of scores.</summary>
    private static void HoldsNoScores(Func<Tensor[], Tensor[]> f, int part)
    {
        Tensor[] x = [.. Enumerable.Range(0, 3).Select(_ => Tensor.Zeros([1, Long, 16]).Realize())];
        MemoryReport report = Jit.Compile(f).Memory(x);
        Assert.True(report.ScratchBytes < 4L * Long * Long / part, report.ToString());
    }

    private static void Close(Tensor expected, Tensor actual)
    {
        float[] x = expected.ToArray<float>(), y = actual.ToArray<float>();
        Assert.Equal(x.Length, y.Length);
        for (int i = 0; i < x.Length; i++) Assert.True(Math.Abs(x[i] - y[i]) <= 1e-5 * (1 + Math.Abs(x[i])), $"element {i}: {y[i]}, expected {x[i]}");
    }
}
