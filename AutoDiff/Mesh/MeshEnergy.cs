using Cotangent.Kernels;

namespace Cotangent.AutoDiff.Mesh;

/// <summary>The energy of a mesh as tensors: one kernel evaluates every element, another its gradients, another its Hessians, and
/// all of <see cref="Diff"/> applies.</summary>
public static class MeshEnergy
{
    /// <summary>The energies of all elements, shape [elements], by one kernel. Differentiable by the coordinates, twice:
    /// gradients come from dual numbers in registers and are gathered and scattered by the engine, so that
    /// <c>Diff.Grad(x =&gt; MeshEnergy.Evaluate&lt;Spring&gt;(x, edges, parameters).Sum())</c> is the gradient of the
    /// mesh, and <see cref="Diff.Hvp"/> multiplies by its Hessian without assembling it.</summary>
    /// <typeparam name="TEnergy">The energy of one element.</typeparam>
    /// <param name="coordinates">[vertices, TEnergy.Dimension], Float32 or Float64.</param>
    /// <param name="vertices">[elements, TEnergy.Valence], Int32. Indices outside the coordinates are the caller's
    /// mistake, see <see cref="Device.Debug"/>.</param>
    /// <param name="parameters">[parameters, elements], of the coordinates' dtype. Constants: not differentiated
    /// by.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit the energy and each other.</exception>
    /// <exception cref="DTypeMismatchException">A dtype does not.</exception>
    public static Tensor Evaluate<TEnergy>(Tensor coordinates, Tensor vertices, Tensor parameters)
        where TEnergy : struct, ILocalEnergy
    {
        ArgumentNullException.ThrowIfNull(coordinates);
        ArgumentNullException.ThrowIfNull(vertices);
        ArgumentNullException.ThrowIfNull(parameters);
        Require(coordinates.Rank == 2 && coordinates.Shape[1] == TEnergy.Dimension, "coordinates", coordinates,
            $"[vertices, {TEnergy.Dimension}]");
        Require(vertices.Rank == 2 && vertices.Shape[1] == TEnergy.Valence, "vertices", vertices,
            $"[elements, {TEnergy.Valence}]");
        Require(parameters.Rank == 2 && parameters.Shape[1] == vertices.Shape[0], "parameters", parameters,
            $"[parameters, {vertices.Shape[0]}]");
        Tensor[] x = [vertices, coordinates, parameters];
        return coordinates.DType == DType.Float64 ? Energy<TEnergy, Real64>(x) : Energy<TEnergy, Real32>(x);

        static void Require(bool condition, string name, Tensor x, string expected)
        {
            if (!condition) throw new ShapeMismatchException(
                $"{typeof(TEnergy).Name}: {name} have shape {x.Shape}; they must have {expected}.");
        }
    }

    private static Tensor Energy<TEnergy, TBase>(Tensor[] x)
        where TEnergy : struct, ILocalEnergy
        where TBase : unmanaged, IReal<TBase, TBase>
    {
        int count = x[0].Shape[0];
        return Tensor.Kernel(LocalDual.Energy<TEnergy, TBase>(), count, x, output: [count],
            jvp: (x, dx, _) => [(Gradient<TEnergy, TBase>(x) * Local<TEnergy>(x, dx)).Sum(0)]);
    }

    /// <summary>The gradients of all elements, [variables, elements].</summary>
    private static Tensor Gradient<TEnergy, TBase>(Tensor[] x)
        where TEnergy : struct, ILocalEnergy
        where TBase : unmanaged, IReal<TBase, TBase>
    {
        int count = x[0].Shape[0], variables = TEnergy.Valence * TEnergy.Dimension;
        return Tensor.Kernel(LocalDual.Gradient<TEnergy, TBase>(), count, x, outputs: [[count], [variables, count]], jvp: (x, dx, y) =>
        {
            Tensor d = Local<TEnergy>(x, dx), hessian = Hessian<TEnergy, TBase>(x).Gather(Entries(variables, x[0].Device));
            return [(y[1] * d).Sum(0), (hessian * d).Sum(1)];
        })[1];
    }

    /// <summary>The upper triangles of the Hessians of all elements, [variables·(variables + 1)/2, elements].</summary>
    private static Tensor Hessian<TEnergy, TBase>(Tensor[] x)
        where TEnergy : struct, ILocalEnergy
        where TBase : unmanaged, IReal<TBase, TBase>
    {
        int count = x[0].Shape[0], variables = TEnergy.Valence * TEnergy.Dimension;
        return Tensor.Kernel(LocalDual.Hessian<TEnergy, TBase>(), count, x,
            outputs: [[count], [variables, count], [variables * (variables + 1) / 2, count]])[2];
    }

    /// <summary>The tangents of the elements' variables, [variables, elements], from those of the coordinates.</summary>
    private static Tensor Local<TEnergy>(Tensor[] x, Tensor?[] dx)
        where TEnergy : struct, ILocalEnergy
    {
        if (dx[2] is not null || dx[1] is null) throw new KernelDerivativeException(
            $"{typeof(TEnergy).Name}: energies of a mesh are differentiated by its coordinates; the parameters depend on what is " +
            "differentiated too. Put .StopGradient() on the parameters.");
        return dx[1]!.Gather(x[0]).Reshape(x[0].Shape[0], TEnergy.Valence * TEnergy.Dimension).T;
    }

    /// <summary>Where each entry of a symmetric matrix is among the rows of its upper triangle.</summary>
    private static Tensor Entries(int n, Device device)
    {
        int[,] at = new int[n, n];
        for (int i = 0, next = 0; i < n; i++)
        {
            for (int j = i; j < n; j++) at[i, j] = at[j, i] = next++;
        }

        return Tensor.From(at, device);
    }
}
