using Cotangent.Kernels;

namespace Cotangent.AutoDiff.Mesh;

/// <summary>The energy of a mesh as tensors: one kernel evaluates every element, another its gradients, another its Hessians, and
/// all of <see cref="Diff"/> applies.</summary>
public static class MeshEnergy
{
    /// <summary>The energies of all elements, shape [elements], by one kernel. Differentiable by the coordinates, twice:
    /// gradients come from dual numbers in registers and are gathered and scattered by the engine, so that
    /// <c>Diff.Grad(x =&gt; MeshEnergy.Evaluate&lt;Spring&gt;(x, edges, parameters).Sum())</c> is the gradient of the
    /// mesh, and <see cref="Diff.Hvp(Func{Tensor, Tensor}, Tensor, Tensor)"/> multiplies by its Hessian without assembling it.</summary>
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
        Tensor[] x = Checked<TEnergy>(coordinates, vertices, parameters);
        return coordinates.DType == DType.Float64 ? Energy<TEnergy, Real64>(x) : Energy<TEnergy, Real32>(x);
    }

    /// <summary>The Hessians of all elements, [n·(n + 1)/2, elements] for n variables an element: the rows of the upper
    /// triangle, one after the other, of each. For assembly; not differentiable.</summary>
    /// <inheritdoc cref="Evaluate"/>
    public static Tensor Hessian<TEnergy>(Tensor coordinates, Tensor vertices, Tensor parameters)
        where TEnergy : struct, ILocalEnergy
    {
        Tensor[] x = Checked<TEnergy>(coordinates, vertices, parameters);
        return coordinates.DType == DType.Float64 ? Hessian<TEnergy, Real64>(x) : Hessian<TEnergy, Real32>(x);
    }

    private static Tensor[] Checked<TEnergy>(Tensor coordinates, Tensor vertices, Tensor parameters)
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
        return [vertices, coordinates, parameters];

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
            Tensor d = Local<TEnergy>(x, dx);
            return [(y[1] * d).Sum(0), Product<TEnergy, TBase>(x, d)];
        })[1];
    }

    /// <summary>The Hessians of all elements times vectors, [variables, elements]. Linear in the vectors, and symmetric: its own
    /// transpose.</summary>
    private static Tensor Product<TEnergy, TBase>(Tensor[] x, Tensor vectors)
        where TEnergy : struct, ILocalEnergy
        where TBase : unmanaged, IReal<TBase, TBase> =>
        Tensor.Kernel(LocalDual.Product<TEnergy, TBase>(), x[0].Shape[0], [.. x, vectors], vectors.Shape, options: new()
        {
            LinearInputs = [3],
            Transpose = (x, ct) => [null, null, null, Product<TEnergy, TBase>([x[0]!, x[1]!, x[2]!], ct[0]!)],
        });

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
}
