using Cotangent.AutoDiff;

namespace Cotangent.Samples.Lm;

/// <summary>The sizes of a decoder-only transformer; the vocabulary is bytes unless given.</summary>
internal sealed record TransformerSizes(int Layers, int Width, int Heads, int Context, int Vocabulary = 256);

/// <summary>One pre-norm block: x + attention(norm(x)), then x + mlp(norm(x)). Weights multiply from the right: [in, out]; those of
/// queries, keys and values stand side by side, [in, 3·out]: one product.</summary>
internal sealed record Block(Tensor AttentionNorm, Tensor QueryKeyValue, Tensor Output, Tensor MlpNorm, Tensor Up, Tensor Down);

/// <summary>A decoder-only transformer's parameters; as a record of tensors it is a tree that Diff and the optimizers understand. The head's
/// rows are those of the vocabulary.</summary>
internal sealed record Transformer(Tensor Tokens, Tensor Positions, Block[] Blocks, Tensor Norm, Tensor Head)
{
    /// <summary>Normal initial weights of deviation 0.02, those that write to the residual stream smaller by √(2·layers) (GPT-2's recipe).</summary>
    public static Transformer Create(TransformerSizes sizes, RandomKey key, Kernels.Device device)
    {
        int d = sizes.Width;
        double residual = 0.02 / Math.Sqrt(2 * sizes.Layers);
        RandomKey[] keys = key.Split(3 + 4 * sizes.Layers);
        int next = 0;
        Tensor Weights(double deviation, params int[] shape) =>
            (keys[next++].Normal(Shape.Create(shape)) * deviation).To(device).Realize();
        Tensor Gain() => Tensor.Ones([d], device: device).Realize();

        return new Transformer(
            Weights(0.02, sizes.Vocabulary, d),
            Weights(0.02, sizes.Context, d),
            [.. Enumerable.Range(0, sizes.Layers).Select(_ => new Block(
                Gain(), Weights(0.02, d, 3 * d), Weights(residual, d, d),
                Gain(), Weights(0.02, d, 4 * d), Weights(residual, 4 * d, d)))],
            Gain(),
            Weights(0.02, sizes.Vocabulary, d));
    }

    /// <summary>Logits of the next token: tokens Int32 [batch, time] → [batch, time, vocabulary].</summary>
    /// <param name="tokens">In 0 … vocabulary − 1.</param>
    /// <param name="heads">Attention heads a block.</param>
    /// <param name="checkpoint">What each block keeps for the backward pass; all, unless given.</param>
    public Tensor Logits(Tensor tokens, int heads, CheckpointPolicy? checkpoint = null) => Features(tokens, heads, checkpoint).MatMul(Head.T);

    /// <summary>The mean cross-entropy in nats of predicting each of windows[:, 1:] from what precedes it; windows Int32 [batch, time + 1].</summary>
    /// <param name="windows">In 0 … vocabulary − 1.</param>
    /// <param name="heads">Attention heads a block.</param>
    /// <param name="checkpoint">What each block keeps for the backward pass; all, unless given.</param>
    /// <param name="fused">True to do without the logits, false to hold them and attention's scores: the same loss, more memory. Unless given,
    /// logits are held, and scores where that is faster.</param>
    public Tensor Loss(Tensor windows, int heads, CheckpointPolicy? checkpoint = null, bool? fused = null)
    {
        Tensor tokens = windows[.., ..^1], next = windows[.., 1..];
        Tensor features = Features(tokens, heads, checkpoint, fused);
        return fused == true ? CrossEntropy.Linear(features, Head, next) : Nn.CrossEntropy(features.MatMul(Head.T), next);
    }

    /// <summary>What the head sees: tokens Int32 [batch, time] → [batch, time, width].</summary>
    private Tensor Features(Tensor tokens, int heads, CheckpointPolicy? checkpoint, bool? fused = null)
    {
        Tensor x = Tokens.Gather(tokens) + Positions[..tokens.Shape[1]];
        foreach (Block block in Blocks)
        {
            x = Diff.Checkpoint((Tensor h) => Apply(h, block, heads, fused), checkpoint ?? CheckpointPolicy.All)(x);
        }

        return Nn.RmsNorm(x, Norm);
    }

    private static Tensor Apply(Tensor x, Block block, int heads, bool? fused)
    {
        x += Attend(Nn.RmsNorm(x, block.AttentionNorm), block, heads, fused);
        return x + Nn.RmsNorm(x, block.MlpNorm).MatMul(block.Up).Gelu().MatMul(block.Down);
    }

    private static Tensor Attend(Tensor x, Block block, int heads, bool? fused)
    {
        (int batch, int time, int width) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        AttentionOptions options = new() { Causal = true, Fused = fused == false ? false : null };
        Tensor each = x.MatMul(block.QueryKeyValue).Reshape(batch, time, 3, heads, width / heads).Permute(2, 0, 3, 1, 4);
        Tensor mixed = Nn.Attention(each[0], each[1], each[2], options);
        return mixed.Permute(0, 2, 1, 3).Reshape(batch, time, width).MatMul(block.Output);
    }
}
