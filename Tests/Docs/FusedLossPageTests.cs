using Cotangent.AutoDiff;

namespace Cotangent.Tests.Docs;

/// <summary>docs/cross-entropy.md and docs/attention.md: their code is the code below, and runs.</summary>
public class FusedLossPageTests
{
    [Fact]
    public void CrossEntropy_Run_GivesALossAndAGradient()
    {
        Assert.Contains($"```csharp\n{Snippet.Of<FusedLossPageTests>("CrossEntropy")}```", Page("cross-entropy.md"), StringComparison.Ordinal);
        Tensor hidden = new RandomKey(1).Normal([2, 9, 6]), head = new RandomKey(2).Normal([30, 6]), tokens = (Tensor.Arange(18) % 30).Reshape(2, 9);
        // begin CrossEntropy
        Tensor loss = CrossEntropy.Linear(hidden, head, tokens, new() { Shift = 1, Softcap = 30, ZLoss = 1e-4 });
        Tensor gradient = Diff.Grad((Tensor h) => CrossEntropy.Linear(hidden, h, tokens))(head);
        // end

        Assert.InRange(loss.Item<float>(), 0, 50);
        Assert.Equal(head.Shape, gradient.Shape);
        Assert.All(gradient.ToArray<float>(), g => Assert.True(float.IsFinite(g)));
    }

    [Fact]
    public void Attention_Run_GivesOutputsAndAGradient()
    {
        Assert.Contains($"```csharp\n{Snippet.Of<FusedLossPageTests>("Attention")}```", Page("attention.md"), StringComparison.Ordinal);
        Tensor[] x = [.. new RandomKey(3).Split(3).Select(key => key.Normal([2, 4, 40, 8]))];
        (Tensor q, Tensor k, Tensor v, Tensor lengths) = (x[0], x[1], x[2], Tensor.From([40, 7]));
        // begin Attention
        Tensor near = Nn.Attention(q, k, v, new AttentionOptions { Causal = true, Window = 16 });
        (Tensor all, Tensor lse) = Nn.AttentionWithLogSumExp(q, k, v, new AttentionOptions { Lengths = lengths });
        Tensor gradient = Diff.Grad((Tensor x) => Nn.Attention(x, k, v, causal: true).Sum())(q);
        // end

        Assert.Equal(v.Shape, near.Shape);
        Assert.Equal(v.Shape, all.Shape);
        Assert.Equal(q.Shape.SkipLast(1), lse.Shape);
        Assert.All(gradient.ToArray<float>(), g => Assert.True(float.IsFinite(g)));
    }

    private static string Page(string name) => File.ReadAllText(Path.Combine(Repository.Root, "docs", name));
}
