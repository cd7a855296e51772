using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Targets;

namespace Cotangent.Fusion;

// Short innermost axes along which elements differ in what they read: the pairs of an interleaved rotary embedding, the channels of a
// picture. Neighbouring lanes would need different loads, each a gather. Instead an item computes all elements along that axis, fields of
// a struct, which the CPU loads and stores as whole vectors with permutations.
internal sealed partial class KernelEmitter
{
    private const int WidestStruct = 4;

    /// <summary>The first of the outer variables that X counts, and the elements of an item; null for one element an item.</summary>
    private (int First, long Width)? StructX()
    {
        IndexVariable[] outer = OuterVariables;
        bool isStruct = _group.Kind == GroupKind.Fused && _domain.K == 1 && outer.Length > 1 && outer[^1].Extent <= WidestStruct
            && _graph.Device.Kind == DeviceKind.Cpu && VectorIsa.Best.Bits == 512
            && _operands.TrueForAll(o => o.Kind == OperandKind.Scalar || o.Node.DType.Size() == 4);
        if (!isStruct || FirstEvenX(outer) < outer.Length - 1) return null;
        int first = FirstEvenX(outer[..^1]);
        return Extent(outer[..^1], first) >= NarrowX ? (first, outer[^1].Extent) : null;
    }

    /// <summary>Computes all elements of an item before it stores any.</summary>
    private void StoreStructs()
    {
        Affine first = FlatIndex(OuterVariables[..^1]) * _width;
        Affine[] fields = [.. Enumerable.Range(0, (int)_width).Select(i => first + i)];
        Value[][] values = [.. fields.Select(at => _group.Stored.Select(n => ValueAt(n, at)).ToArray())];
        foreach ((Node n, int i) in _group.Stored.Select((n, i) => (n, i)))
        {
            Parameter pointer = Parameter(n, OperandKind.Write);
            for (int field = 0; field < fields.Length; field++)
            {
                _builder.Store(pointer, EmitIndex(fields[field]), _builder.Convert(values[field][i], n.DType.Scalar()));
            }
        }
    }
}
