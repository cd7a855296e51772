using Cotangent.Optimizers.Privacy;

namespace Cotangent.Tests.Docs;

/// <summary>docs/privacy.md: its code is the code below, and runs.</summary>
public class PrivacyPageTests
{
    [Fact]
    public void ThreeLines_Run_GiveAGradientAndSpendBudget()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "privacy.md"));
        Assert.Contains($"```csharp\n{Snippet.Of<PrivacyPageTests>("Private")}```", page, StringComparison.Ordinal);

        const int count = 40, steps = 10;
        const double q = 0.25;
        Tensor images = new RandomKey(1).Normal([count, 5]), labels = new RandomKey(2).Normal([count]);
        Net net = new(new RandomKey(3).Normal([5]), Tensor.Scalar(0));
        // begin Private
        double sigma = PrivacyAccountant.Prv.NoiseMultiplier(epsilon: 8, delta: 1e-5, sampleRate: q, steps);
        var privately = Private.Wrap((Net n, (Tensor X, Tensor Y) r) => n.Loss(r.X, r.Y), new PrivateOptions { Records = count, SampleRate = q, NoiseMultiplier = sigma });
        (Net gradient, _) = privately.Gradient(net, i => (images.Gather(i), labels.Gather(i)));      // then: optimizer.Step(gradient)
        // end

        Assert.All(gradient.Weight.ToArray<float>(), g => Assert.True(float.IsFinite(g)));
        Assert.InRange(privately.Epsilon(1e-5).Upper, 0.1, 8);
    }

    private sealed record Net(Tensor Weight, Tensor Offset)
    {
        public Tensor Loss(Tensor x, Tensor y) => ((x * Weight).Sum() + Offset - y).Square();
    }
}
