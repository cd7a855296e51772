using Cotangent.AutoDiff;
using Cotangent.Samples.Networks;

namespace Cotangent.Samples.Pinn;

/// <summary>Poisson's equation Δu = f on the unit square with u = 0 on its edge, where f is chosen so that u = sin πx · sin πy + ½ sin 2πx ·
/// sin 2πy. The network's u is zero on the edge by its form.</summary>
internal static class Poisson
{
    /// <summary>The network's u at a point [2]: x(1 − x)·y(1 − y)·N(x, y).</summary>
    public static Tensor Network(Mlp n, Tensor p) => 16 * (p * (1 - p))[0] * (p * (1 - p))[1] * n.Apply(2 * p - 1)[0];

    /// <summary>The solution at points [n, 2].</summary>
    public static Tensor Exact(Tensor p) => Mode(p, 1) + 0.5 * Mode(p, 2);

    /// <summary>Δu of the solution, at points [n, 2].</summary>
    public static Tensor Source(Tensor p) => -2 * Math.PI * Math.PI * (Mode(p, 1) + 2 * Mode(p, 2));

    /// <summary>The mean square of what the network's Laplacian differs from the source by.</summary>
    public static Tensor Residual(Mlp n, Tensor points)
    {
        Tensor laplacian = Diff.Vmap((Tensor p) => Diff.Laplacian(q => Network(n, q))(p))(points);
        return (laplacian - Source(points)).Square().Mean();
    }

    /// <summary>The points of a square lattice, [size², 2], row by row.</summary>
    public static Tensor Lattice(int size)
    {
        Tensor i = (Tensor.Arange(size, DType.Float32) + 0.5) / size;
        return Tensor.Stack(-1, i.Unsqueeze(0).BroadcastTo([size, size]), i.Unsqueeze(1).BroadcastTo([size, size])).Reshape(-1, 2);
    }

    private static Tensor Mode(Tensor p, int k) => (k * Math.PI * p[.., 0]).Sin() * (k * Math.PI * p[.., 1]).Sin();
}
