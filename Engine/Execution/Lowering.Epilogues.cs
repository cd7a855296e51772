using System.Collections.Immutable;
using Cotangent.Fusion;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

// Elementwise kernels behind products, on devices that want them in the products' kernels.
internal sealed partial class Lowering
{
    /// <summary>Joins each product whose result only the next step reads, element by element, with that step: the result is never
    /// stored.</summary>
    private void FuseEpilogues()
    {
        if (!_graph.Device.FusesEpilogues) return;
        for (int i = 0; i + 1 < _steps.Count; i++)
        {
            if (_steps[i] is not ProductStep product || _steps[i + 1] is not KernelStep map || Join(product, map) is not { } joined)
                continue;
            _steps[i] = joined;
            _steps.RemoveAt(i + 1);
            _buffers[product.Writes[0]] = new ProgramBuffer(BufferKind.Scratch, 0, 0);
        }
    }

    private FusedProductStep? Join(ProductStep product, KernelStep map)
    {
        int result = product.Writes[0];
        ImmutableArray<KernelOperand> operands = map.Fused.Operands;
        int[] reading = [.. Enumerable.Range(0, operands.Length).Where(k => operands[k].Kind == OperandKind.Read && BufferOf(operands[k].Node) == result)];
        if (_buffers[result].Kind != BufferKind.Scratch || _buffers.Exists(b => b.Kind == BufferKind.Part && b.Index == result)
            || !map.ReadsInPlace.Contains(result) || reading is not [int parameter]
            || _steps.Exists(s => s != map && s.Reads.Contains(result)))
        {
            return null;
        }

        Kernel kernel = map.Fused.Kernel;
        FusedGemm? gemm = FusedGemm.Create(_graph.Device, product.Dot.Problem, kernel, kernel.Parameters[parameter], map.Fused.Launch.Extent.X, _compile);
        return gemm is null ? null : new FusedProductStep(gemm, product, map, parameter)
        {
            ReadsInPlace = [.. map.ReadsInPlace.Where(b => b != result && !product.Reads.Contains(b))],
        };
    }
}
