using System.Reflection.Emit;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

// Hardware gathers: 4- and 8-byte elements of a uniform pointer. Inactive lanes touch no memory.
internal sealed partial class SimdEmitter
{
    private bool IsGather(Instruction x)
    {
        ScalarType index = x.Operands[1].Type.Scalar;
        if (!_isa.HasGather || IsLocal(x.Operands[0]) || !IsUniform(x.Operands[0]) || x.Type.Scalar.Size() < 4)
            return false;
        return IsWide(x.Operands[1].Type)
            ? _isa.Bits >= 256
            : index == ScalarType.Int32 && (!IsWide(x.Type) || _isa.Bits >= 256);
    }

    private void EmitGather(Instruction x)
    {
        Location location = Define(x);
        for (int part = 0; part < location.Locals.Length; part++)
        {
            PushScalar(x.Operands[0]);
            _il.Op(OpCodes.Conv_I);
            if (IsWide(x.Type))
                EmitWideGather(x, part);
            else if (IsWide(x.Operands[1].Type))
                EmitGatherByWideIndex(x, part);
            else
                EmitGatherOfInts(() => PushVector(x.Operands[1], part), part);
            As(IsWide(x.Type) ? typeof(long) : typeof(int), VectorIsa.ElementOf(x.Type));
            _il.Store(location.Locals[part]);
        }
    }

    /// <summary>Address on the stack → vector of int.</summary>
    private void EmitGatherOfInts(Action pushIndex, int part)
    {
        Type ints = _isa.Vector(typeof(int));
        pushIndex();
        if (_mask is not null)
            _il.Load(_mask.Parts[part]);
        _il.Call(_mask is null ? _isa.Helper("Gather", typeof(nint), ints) : _isa.Helper("Gather", typeof(nint), ints, ints));
    }

    private void EmitWideGather(Instruction x, int part)
    {
        Type longs = _isa.Vector(typeof(long));
        if (IsWide(x.Operands[1].Type))
        {
            PushVector(x.Operands[1], part);
            As(VectorIsa.ElementOf(x.Operands[1].Type), typeof(long));
        }
        else
        {
            PushVector(x.Operands[1], part / 2);
            _il.Call(_isa.Method(part % 2 == 0 ? "WidenLower" : "WidenUpper", typeof(int), 1));
        }

        if (_mask is not null)
            PushMask(_mask.Parts, ScalarType.Int64, part);
        _il.Call(_mask is null ? _isa.Helper("Gather", typeof(nint), longs) : _isa.Helper("Gather", typeof(nint), longs, longs));
    }

    private void EmitGatherByWideIndex(Instruction x, int part)
    {
        Type longs = _isa.Vector(typeof(long));
        for (int half = 0; half < 2; half++)
        {
            PushVector(x.Operands[1], 2 * part + half);
            As(VectorIsa.ElementOf(x.Operands[1].Type), typeof(long));
        }

        if (_mask is not null)
            _il.Load(_mask.Parts[part]);
        _il.Call(_mask is null
            ? _isa.Helper("GatherWords", typeof(nint), longs, longs)
            : _isa.Helper("GatherWords", typeof(nint), longs, longs, _isa.Vector(typeof(int))));
    }
}
