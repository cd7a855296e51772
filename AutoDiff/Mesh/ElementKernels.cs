using Cotangent.Kernels;

namespace Cotangent.AutoDiff.Mesh;

/// <summary>The kernels that evaluate a local energy, one element a work item. Results are laid out […, elements], so that
/// neighbouring work items write neighbouring numbers.</summary>
public static class ElementKernels
{
    /// <summary>Energies alone: a line search. For float32 and N = 6 variables in V = 3 vertices, an element reads
    /// 4·(V + N) bytes and its parameters, and writes 4.</summary>
    public static void Energy<TEnergy, TBase>(Index1D e, ArrayView<int> vertices, ArrayView<TBase> coordinates,
        ArrayView<TBase> parameters, ArrayView<TBase> energy)
        where TEnergy : struct, ILocalEnergy
        where TBase : unmanaged, IReal<TBase, TBase> =>
        energy[e] = TEnergy.Evaluate<TBase, TBase>(new(
            vertices, coordinates, parameters, e.X, energy.IntLength, TEnergy.Valence, TEnergy.Dimension));

    /// <summary>Energies and gradients: as <see cref="Energy"/>, and N numbers written. Second derivatives are not computed:
    /// nothing uses them.</summary>
    public static void Gradient<TEnergy, TReal, TBase>(Index1D e, ArrayView<int> vertices, ArrayView<TBase> coordinates,
        ArrayView<TBase> parameters, ArrayView<TBase> energy, ArrayView<TBase> gradient)
        where TEnergy : struct, ILocalEnergy
        where TReal : unmanaged, IDual2<TReal, TBase>
        where TBase : unmanaged, IReal<TBase>
    {
        TReal f = TEnergy.Evaluate<TReal, TBase>(new(
            vertices, coordinates, parameters, e.X, energy.IntLength, TEnergy.Valence, TEnergy.Dimension));
        energy[e] = f.Value;
        f.StoreGradient(gradient, e.X, energy.IntLength);
    }

    /// <summary>Energies, gradients and Hessians: as <see cref="Gradient"/>, and N(N + 1)/2 numbers written.</summary>
    public static void Hessian<TEnergy, TReal, TBase>(Index1D e, ArrayView<int> vertices, ArrayView<TBase> coordinates,
        ArrayView<TBase> parameters, ArrayView<TBase> energy, ArrayView<TBase> gradient, ArrayView<TBase> hessian)
        where TEnergy : struct, ILocalEnergy
        where TReal : unmanaged, IDual2<TReal, TBase>
        where TBase : unmanaged, IReal<TBase>
    {
        TReal f = TEnergy.Evaluate<TReal, TBase>(new(
            vertices, coordinates, parameters, e.X, energy.IntLength, TEnergy.Valence, TEnergy.Dimension));
        energy[e] = f.Value;
        f.StoreGradient(gradient, e.X, energy.IntLength);
        f.StoreHessian(hessian, e.X, energy.IntLength);
    }

    /// <summary>The elements' Hessians times vectors: as <see cref="Gradient"/>, N numbers more read and no energy written. The
    /// Hessian never leaves the registers.</summary>
    public static void Product<TEnergy, TReal, TBase>(Index1D e, ArrayView<int> vertices, ArrayView<TBase> coordinates,
        ArrayView<TBase> parameters, ArrayView<TBase> vector, ArrayView<TBase> product)
        where TEnergy : struct, ILocalEnergy
        where TReal : unmanaged, IDual2<TReal, TBase>
        where TBase : unmanaged, IReal<TBase>
    {
        int count = product.IntLength / (TEnergy.Valence * TEnergy.Dimension);
        TReal f = TEnergy.Evaluate<TReal, TBase>(new(
            vertices, coordinates, parameters, e.X, count, TEnergy.Valence, TEnergy.Dimension));
        f.StoreProduct(vector, product, e.X, count);
    }
}
