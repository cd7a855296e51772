using System.Reflection.Emit;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

// Stores of 4- and 8-byte elements of a uniform pointer at indices that are not in order: by a helper that takes all lanes at once.
internal sealed partial class SimdEmitter
{
    private bool IsScatter(Instruction x) => !IsLocal(x.Operands[0]) && IsUniform(x.Operands[0]) && !IsUniform(x.Operands[1])
        && x.Operands[0].Type.Scalar.Size() >= 4 && x.Operands[1].Type.Scalar == ScalarType.Int32;

    private void EmitScatter(Instruction x)
    {
        const int index = 1, value = 2;
        int indices = SpillVectors(x.Operands[index], index);
        int values = SpillVectors(x.Operands[value], value);
        if (_mask is not null)
            SpillMask();
        PushScalar(x.Operands[0]);
        _il.Op(OpCodes.Conv_I);
        PushScratch(indices);
        PushScratch(values);
        if (_mask is not null)
            PushScratch(MaskSlot);
        _il.Int(Lanes);
        _il.Call(typeof(ScatterMemory).GetMethod(_mask is null ? nameof(ScatterMemory.Store) : nameof(ScatterMemory.StoreMasked))!
            .MakeGenericMethod(VectorIsa.ElementOf(x.Operands[value].Type)));
    }
}
