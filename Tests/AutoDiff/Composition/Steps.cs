using Cotangent.AutoDiff;

namespace Cotangent.Tests.AutoDiff.Composition;

/// <summary>What random programs are made of: each step takes a tensor of any shape, and another that it may use.</summary>
internal static class Steps
{
    public static Func<Random, Tensor, Tensor, Tensor>[] All { get; } =
    [
        (_, x, _) => x.Tanh(),
        (_, x, _) => (x * 0.5).Exp(),
        (_, x, _) => (x.Square() + 1).Log() + (x * x + 0.5).Sqrt(),
        (_, x, _) => x.Sin() * x.Cos() + x.Erf(),
        (_, x, y) => x * y.Mean() + x / (y.Square().Sum() + 1),
        (_, x, y) => Tensor.Where(x.StopGradient() > 0, x, x * y.Sum()),
        (r, x, _) => x.Rank == 0 ? x : x.Softmax(r.Next(x.Rank)),
        (r, x, _) => x.Rank == 0 ? x : x.LogSumExp(r.Next(x.Rank)),
        (r, x, _) => x.Rank == 0 ? x : x.Sum(r.Next(x.Rank), keepDims: r.Next(2) == 0),
        (r, x, _) => x.Rank == 0 ? x : (x - x.Mean(r.Next(x.Rank), keepDims: true)).Square(),
        (r, x, _) => x.Rank == 0 ? x : Tensor.Concat(r.Next(x.Rank), x, x.Flip(r.Next(x.Rank)) * 0.3),
        (r, x, _) => x.Rank == 0 ? x : x[TensorIndex.Ellipsis, ..^0] + 0.1 * x,
        (_, x, _) => x.Reshape((int)x.Size),
        (_, x, _) => x.Reshape((int)x.Size, 1).MatMul(x.Reshape(1, (int)x.Size)),
        (r, x, _) => Flat(x).MatMul(Weights(r, (int)x.Size, 3)),
        (r, x, _) => Flat(x)[Tensor.From([r.Next((int)x.Size), r.Next((int)x.Size), 0])],
        (_, x, _) => Flat(x).MatMul(Flat(x)).BroadcastTo([2]) + Flat(x)[..1],
        (_, x, y) => Tensor.Maximum(x, y.Mean() - 3) + Tensor.Minimum(x, y.Mean() + 3),
        (_, x, _) => Diff.Grad(v => (v * v.Sin()).Sum())(x),
        (_, x, _) => Diff.Jvp(v => v.Tanh() * v, x, x * 0.5).Tangent,
        (_, x, _) => Diff.Vmap((Tensor v) => v.Sin() * Flat(x).Sum())(Flat(x)),
    ];

    private static Tensor Flat(Tensor x) => x.Reshape((int)x.Size);

    private static Tensor Weights(Random random, int rows, int columns) => Tensor.From(
        Enumerable.Range(0, rows * columns).Select(_ => random.NextDouble() - 0.5).ToArray(), [rows, columns]);
}
