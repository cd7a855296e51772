using Cotangent.Graph;

namespace Cotangent.Tests.Engine;

public class RandomKeyTests
{
    [Theory] // The known-answer vectors of Random123, threefry2x32 with 20 rounds.
    [InlineData(0u, 0u, 0u, 0u, 0x6b200159u, 0x99ba4efeu)]
    [InlineData(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x1cb996fcu, 0xbb002be7u)]
    [InlineData(0x13198a2eu, 0x03707344u, 0x243f6a88u, 0x85a308d3u, 0xc4923a9cu, 0x483df7a0u)]
    public void Threefry_PublishedVectors_Agree(uint k0, uint k1, uint c0, uint c1, uint x0, uint x1)
    {
        Node[] inputs = [.. new[] { k0, k1, c0, c1 }.Select(w => Tensor.From([w]).Node)];

        Assert.Equal([x0], new Tensor(new Node(Ops.Threefry0, [.. inputs])).ToArray<uint>());
        Assert.Equal([x1], new Tensor(new Node(Ops.Threefry1, [.. inputs])).ToArray<uint>());
    }

    [Fact]
    public void Fold_OfANumberThatIsNoInteger_IsRefused()
    {
        Assert.Throws<Cotangent.DTypeMismatchException>(() => new RandomKey(1).Fold(Tensor.Scalar(0.5f)));
        Assert.Throws<Cotangent.DTypeMismatchException>(() => new RandomKey(1).Fold(0.5));
    }

    [Fact]
    public void Key_OfSeed_IsItsTwoWords()
    {
        Assert.Equal([0u, 42u], new RandomKey(42).Value.ToArray<uint>());
        Assert.Equal([1u, 5u], new RandomKey((1L << 32) + 5).Value.ToArray<uint>());
        Assert.Equal([uint.MaxValue, uint.MaxValue], new RandomKey(-1).Value.ToArray<uint>());
    }

    [Fact] // jax.random.split(jax.random.key(42)), partitionable, from JAX's documentation.
    public void Split_OfKey42_IsJaxs()
    {
        RandomKey[] keys = new RandomKey(42).Split(2);

        Assert.Equal([1832780943u, 270669613u], keys[0].Value.ToArray<uint>());
        Assert.Equal([64467757u, 2916123636u], keys[1].Value.ToArray<uint>());
    }

    [Fact] // jax.random.normal(jax.random.key(42)), from JAX's documentation.
    public void Normal_OfKey42_IsJaxs() => Assert.Equal(-0.028304616f, new RandomKey(42).Normal([]).Item<float>(), 1e-8f);

    [Fact]
    public void Bits_OfShape_CountElementsInOrder()
    {
        RandomKey key = new(7);

        Assert.Equal(key.Bits([12]).ToArray<uint>(), key.Bits([3, 4]).ToArray<uint>());
        Assert.Equal(key.Bits([12])[..5].ToArray<uint>(), key.Bits([5]).ToArray<uint>());
        Assert.Empty(key.Bits([0, 3]).ToArray<uint>());
    }

    [Theory]
    [InlineData(DType.Float16, 1 << 10)]
    [InlineData(DType.BFloat16, 1 << 7)]
    [InlineData(DType.Float32, 1 << 23)]
    [InlineData(DType.Float64, 1L << 52)]
    public void Uniform_EachDType_IsAMultipleBelowOne(DType type, double steps)
    {
        double[] x = new RandomKey(3).Uniform([2000], type).ToDoubles();

        Assert.All(x, u => Assert.True(u >= 0 && u < 1 && u * steps == Math.Floor(u * steps)));
        Assert.InRange(x.Average(), 0.48, 0.52);
    }

    [Fact]
    public void Uniform_OfBits_IsJaxsFormula()
    {
        float[] expected =
            [.. new RandomKey(5).Bits([100]).ToArray<uint>().Select(b => BitConverter.UInt32BitsToSingle((b >> 9) | 0x3f800000) - 1)];

        Assert.Equal(expected, new RandomKey(5).Uniform([100]).ToArray<float>());
    }

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void Normal_ManyNumbers_HaveTheMoments(DType type)
    {
        double[] x = new RandomKey(11).Normal([20000], type).ToDoubles();

        Assert.InRange(x.Average(), -0.03, 0.03);
        Assert.InRange(x.Average(v => v * v), 0.95, 1.05);
        Assert.InRange(x.Average(v => v * v * v * v), 2.7, 3.3);
        Assert.InRange(x.Count(v => Math.Abs(v) > 1.959964) / 20000.0, 0.045, 0.055);
    }

    [Theory]
    [InlineData(DType.Float32, 3e-7)]
    [InlineData(DType.Float64, 2e-15)]
    public void InverseErf_AcrossItsDomain_InvertsErf(DType type, double tolerance)
    {
        double[] x = [.. Enumerable.Range(-999, 1999).Select(i => i / 1000.0), 0.99999, -0.999999];
        Tensor y = Tensor.From(x).Cast(type);

        double[] back = [.. RandomKey.InverseErf(y).ToDoubles().Select(XMathOracle.Erf)];

        double[] given = y.ToDoubles();
        for (int i = 0; i < x.Length; i++) Assert.Equal(given[i], back[i], tolerance);
    }

    [Fact]
    public void Bernoulli_WithProbability_HitsItsShare() =>
        Assert.InRange(new RandomKey(1).Bernoulli(0.3, [10000]).Sum().Item<int>(), 2850, 3150);

    [Fact]
    public void Fold_OfNumbers_GivesSplitsKeys() =>
        Assert.Equal(new RandomKey(9).Split(3)[2].Value.ToArray<uint>(), new RandomKey(9).Fold(2).Value.ToArray<uint>());
}
