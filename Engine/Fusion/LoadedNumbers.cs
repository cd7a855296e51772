using System.Collections.Immutable;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Fusion;

/// <summary>Makes a kernel read some of its numbers from memory: numbers that a device computes.</summary>
internal sealed class LoadedNumbers : Rewriter
{
    private readonly IReadOnlySet<int> _loaded;

    private LoadedNumbers(IReadOnlySet<int> loaded) => _loaded = loaded;

    /// <summary>The kernel in which the scalar parameters of these indices are pointers to one element.</summary>
    public static Kernel Of(Kernel kernel, IReadOnlySet<int> loaded) =>
        loaded.Count == 0 ? kernel : new LoadedNumbers(loaded).Run(kernel);

    public override Kernel Run(Kernel kernel)
    {
        ImmutableArray<Parameter> parameters = [.. kernel.Parameters.Select(p => _loaded.Contains(p.Index)
            ? new Parameter(IrType.Pointer(p.Type.Scalar, AddressSpace.Global), p.Index)
            : p)];
        return Copy(kernel, parameters, () =>
        {
            foreach (int i in _loaded.Order()) Map(kernel.Parameters[i], Output.Load(parameters[i], Constant.Of(0)));
        });
    }
}
