namespace Cotangent.Samples.Networks;

/// <summary>Two half circles in each other: points of the plane, and on which of them they are.</summary>
internal static class Moons
{
    /// <summary>Points [count, 2] with some noise, and their sides, −1 or 1.</summary>
    public static (Tensor X, Tensor Y) Draw(RandomKey key, int count)
    {
        RandomKey[] keys = key.Split(2);
        Tensor side = Tensor.Where(Tensor.Arange(count) < count / 2, 1f, -1f), angle = Math.PI * keys[0].Uniform([count]);
        Tensor x = side * (angle.Cos() - 0.5), y = side * (angle.Sin() - 0.25);
        return ((2 * Tensor.Stack(-1, x, y) + 0.2 * keys[1].Normal([count, 2])).Realize(), side.Realize());
    }

    /// <summary>The mean logistic loss of a network with one output.</summary>
    public static Tensor Loss(Mlp n, Tensor x, Tensor y)
    {
        Tensor margin = y * n.Apply(x)[.., 0];
        return (Tensor.Maximum(-margin, 0) + (-margin.Abs()).Exp().Log1p()).Mean();
    }
}
