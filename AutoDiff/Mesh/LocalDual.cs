using System.Reflection;
using Cotangent.Kernels;

namespace Cotangent.AutoDiff.Mesh;

/// <summary>Closes the element kernels over dual numbers of as many variables as an energy has.</summary>
internal static class LocalDual
{
    /// <summary>The second-order dual number of <paramref name="variables"/> variables.</summary>
    public static Type Of(Type baseType, int variables)
    {
        Type vector = typeof(None<>).MakeGenericType(baseType), matrix = vector;
        for (int i = 0; i < variables; i++)
        {
            matrix = typeof(Rows<,,>).MakeGenericType(baseType, vector, matrix);
            vector = typeof(Entries<,>).MakeGenericType(baseType, vector);
        }

        return typeof(Dual2<,,>).MakeGenericType(baseType, vector, matrix);
    }

    /// <summary><see cref="ElementKernels.Energy"/> of an energy.</summary>
    public static Action<Index1D, ArrayView<int>, ArrayView<TBase>, ArrayView<TBase>, ArrayView<TBase>> Energy<TEnergy, TBase>()
        where TEnergy : struct, ILocalEnergy
        where TBase : unmanaged, IReal<TBase, TBase> => ElementKernels.Energy<TEnergy, TBase>;

    /// <summary><see cref="ElementKernels.Gradient"/> of an energy.</summary>
    public static Action<Index1D, ArrayView<int>, ArrayView<TBase>, ArrayView<TBase>, ArrayView<TBase>, ArrayView<TBase>>
        Gradient<TEnergy, TBase>()
        where TEnergy : struct, ILocalEnergy
        where TBase : unmanaged, IReal<TBase, TBase> =>
        Close<TEnergy, TBase>(nameof(ElementKernels.Gradient))
            .CreateDelegate<Action<Index1D, ArrayView<int>, ArrayView<TBase>, ArrayView<TBase>, ArrayView<TBase>, ArrayView<TBase>>>();

    /// <summary><see cref="ElementKernels.Hessian"/> of an energy.</summary>
    public static Action<Index1D, ArrayView<int>, ArrayView<TBase>, ArrayView<TBase>, ArrayView<TBase>, ArrayView<TBase>, ArrayView<TBase>>
        Hessian<TEnergy, TBase>()
        where TEnergy : struct, ILocalEnergy
        where TBase : unmanaged, IReal<TBase, TBase> => Close<TEnergy, TBase>(nameof(ElementKernels.Hessian))
            .CreateDelegate<Action<Index1D, ArrayView<int>, ArrayView<TBase>, ArrayView<TBase>, ArrayView<TBase>, ArrayView<TBase>, ArrayView<TBase>>>();

    /// <summary><see cref="ElementKernels.Product"/> of an energy.</summary>
    public static Action<Index1D, ArrayView<int>, ArrayView<TBase>, ArrayView<TBase>, ArrayView<TBase>, ArrayView<TBase>>
        Product<TEnergy, TBase>()
        where TEnergy : struct, ILocalEnergy
        where TBase : unmanaged, IReal<TBase, TBase> =>
        Close<TEnergy, TBase>(nameof(ElementKernels.Product))
            .CreateDelegate<Action<Index1D, ArrayView<int>, ArrayView<TBase>, ArrayView<TBase>, ArrayView<TBase>, ArrayView<TBase>>>();

    private static MethodInfo Close<TEnergy, TBase>(string kernel)
        where TEnergy : struct, ILocalEnergy =>
        typeof(ElementKernels).GetMethod(kernel)!.MakeGenericMethod(
            typeof(TEnergy), Of(typeof(TBase), TEnergy.Valence * TEnergy.Dimension), typeof(TBase));
}
