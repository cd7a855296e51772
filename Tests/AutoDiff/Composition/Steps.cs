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
        (r, x, _) => Flat(x).MatMul(Weights(r, (int)x.Size, 3).To(x.Device)),
        (r, x, _) => Flat(x)[Tensor.From([r.Next((int)x.Size), r.Next((int)x.Size), 0], x.Device)],
        (_, x, _) => Flat(x).MatMul(Flat(x)).BroadcastTo([2]) + Flat(x)[..1],
        (_, x, y) => Tensor.Maximum(x, y.Mean() - 3) + Tensor.Minimum(x, y.Mean() + 3),
        (_, x, _) => Diff.Grad(v => (v * v.Sin()).Sum())(x),
        (_, x, _) => Diff.Jvp(v => v.Tanh() * v, x, x * 0.5).Tangent,
        (_, x, _) => Diff.Vmap((Tensor v) => v.Sin() * Flat(x).Sum())(Flat(x)),
        (r, x, _) => x.Rank == 0 ? x : x.CumSum(r.Next(x.Rank)) * 0.5,
        (r, x, _) => x.Rank == 0 ? x : (x * 0.5 + 1).CumProd(r.Next(x.Rank)),
        (_, x, _) => (Flat(x) + Spread(x)).Sort(),
        (_, x, _) => (Flat(x) * Spread(x)).TopK(1).Values,
        (_, x, y) => Flow.Scan((Tensor c, Tensor v) => ((c + v * y.Mean()).Sin(), c * v), x.Mean(), Flat(x)).Ys,
        (_, x, y) => Flow.Fold((Tensor c, Tensor v) => (c * v).Cos() + y.Mean(), x.Mean(), Flat(x), memory: ScanMemory.SquareRoot) * x,
        (_, x, y) => Flow.Cond(x.Sum() > 0.1, (Tensor v) => v.Sin() * y.Sum(), v => v * v, x),
        (_, x, _) => Linalg.Cholesky(Outer(x) + Tensor.Eye((int)x.Size, DType.Float64) * 2),
        (_, x, _) => Linalg.Solve(Outer(x) + Tensor.Eye((int)x.Size, DType.Float64) * 2, Flat(x)),
        (_, x, _) => Tensor.Einsum("i,j,i->j", Flat(x), Flat(x) * 0.5, Flat(x)),
        (_, x, _) => Tensor.Conv(Flat(x).Reshape(1, 1, (int)x.Size), Flat(x)[..1].Reshape(1, 1, 1)).Reshape((int)x.Size),
        (_, x, y) => Diff.Checkpoint((Tensor v) => v.Sin() * y.Mean() + v.Cos())(x),
        (_, x, y) => Diff.CustomJvp(v => v * v, (v, dv, w) => 2 * v * dv)(x) + y.Mean(),
    ];

    private static Tensor Outer(Tensor x) => Flat(x).Reshape((int)x.Size, 1).MatMul(Flat(x).Reshape(1, (int)x.Size));

    /// <summary>Numbers so far apart that sorting what is added to them does not depend on it.</summary>
    private static Tensor Spread(Tensor x) => Tensor.From(Enumerable.Range(0, (int)x.Size).Select(i => 5.0 * ((i * 7) % 11) + i + 3).ToArray()).To(x.Device);

    private static Tensor Flat(Tensor x) => x.Reshape((int)x.Size);

    private static Tensor Weights(Random random, int rows, int columns) => Tensor.From(
        Enumerable.Range(0, rows * columns).Select(_ => random.NextDouble() - 0.5).ToArray(), [rows, columns]);
}
