using System.Collections.Immutable;
using Cotangent.Fusion;
using Cotangent.Kernels;
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
        // Steps that are looked at one by one are left apart.
        if (_graph.Device.MapsProducts && !CompiledProgram.StepsAreVerified) MapProducts();
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

    /// <summary>Joins each product with the next step, if that computes element by element on its result: it finds the result in
    /// the caches.</summary>
    private void MapProducts()
    {
        for (int i = 0; i + 1 < _steps.Count; i++)
        {
            if (_steps[i] is not ProductStep product || _steps[i + 1] is not KernelStep map || !IsMapOver(product, map)) continue;
            _steps[i] = Map(product, map);
            _steps.RemoveAt(i + 1);
        }
    }

    private bool IsMapOver(ProductStep product, KernelStep map)
    {
        (FusedKernel fused, MatrixLayout c) = (map.Fused, product.Dot.Problem.C);
        Index3D items = fused.Launch.Extent;
        return map.ReadsInPlace.Contains(product.Writes[0]) && fused.Kernel.Kind is (LaunchKind.Range1D or LaunchKind.Range2D)
            && (long)items.X * items.Y * items.Z == product.Dot.Result.Shape.Size && (c.Column == 1 || c.Row == 1)
            && !map.Reads.Any(r => r != product.Writes[0] && WholeOf(r) == WholeOf(product.Writes[0]));
    }

    /// <summary>The buffer that a part is in. What a product writes may be a part of what its consumer reads otherwise: all of that must be
    /// there before.</summary>
    private int WholeOf(int buffer) => _buffers[buffer].Kind == BufferKind.Part ? WholeOf(_buffers[buffer].Index) : buffer;

    /// <summary>Where nobody else reads the product's result, it needs no memory of its own: it lies where the map's goes. Where the map goes
    /// over an input or an output instead, element by element, that saves more.</summary>
    private MappedProductStep Map(ProductStep product, KernelStep map)
    {
        int own = product.Writes[0];
        int[] others = [.. map.ReadsInPlace.Where(b => b != own && !product.Reads.Contains(b))];
        int over = map.Writes.FirstOrDefault(w => _buffers[w].Bytes == _buffers[own].Bytes && !product.Reads.Contains(w), own);
        if (_buffers[own].Kind != BufferKind.Scratch || _buffers.Exists(b => b.Kind == BufferKind.Part && b.Index == own)
            || _steps.Exists(s => s != map && s.Reads.Contains(own)) || others.Any(b => _buffers[WholeOf(b)].Kind != BufferKind.Scratch))
        {
            over = own;
        }

        // The product is where the map's result goes before the map has read the others: they may not be there.
        if (over == own) return new(product, map, own) { ReadsInPlace = [.. others] };
        _buffers[own] = new ProgramBuffer(BufferKind.Scratch, 0, 0);
        return new(product, map, over);
    }
}
