using System.Reflection.Emit;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

// Atomic operations and fences. The lanes go in lane order; where none wants the old element, in one call.
internal sealed partial class SimdEmitter
{
    private void EmitAtomic(Instruction x)
    {
        if (_usage.IsUsed(x) || !AtomicLanes.IsUpdate(x.Opcode) || !IsUniform(x.Operands[0]))
        {
            EmitByLane(x);
            return;
        }

        if (IsSharedCounter(x))
        {
            EmitSharedCounters(x);
            return;
        }

        Type element = VectorIsa.ElementOf(x.Type);
        Value index = x.Operands[1];
        AddressSpace space = x.Operands[0].Type.Space!.Value;
        int values = SpillVectors(x.Operands[2], 1);
        int indices = IsUniform(index) ? 0 : SpillVectors(index, 0);
        if (_mask is not null)
            SpillMask();
        if (IsUniform(index))
        {
            PushAddress(x);
        }
        else
        {
            PushScalar(x.Operands[0]);
            _il.Op(OpCodes.Conv_I);
            PushScratch(indices);
        }

        PushScratch(values);
        PushSpilledMask();
        _il.Int(Lanes);
        _il.Call(IsUniform(index)
            ? AtomicLanes.Same(x.Opcode, space, element)
            : AtomicLanes.Many(x.Opcode, space, element, VectorIsa.ElementOf(index.Type)));
    }

    /// <summary>True for adding the same to elements of shared memory, as histograms do: two instructions a lane, not worth a
    /// call.</summary>
    private bool IsSharedCounter(Instruction x) => x.Opcode == Opcode.AtomicAdd && _mask is null
        && x.Operands[0].Type.Space == AddressSpace.Shared && x.Operands[1].Type.Scalar == ScalarType.Int32
        && x.Type.Scalar is ScalarType.Int32 or ScalarType.UInt32 && IsVarying(x.Operands[1]) && IsUniform(x.Operands[2]);

    private void EmitSharedCounters(Instruction x)
    {
        int indices = SpillVectors(x.Operands[1], 0);
        LocalBuilder value = _il.Take(typeof(int));
        PushScalar(x.Operands[2]);
        _il.Store(value);
        for (int lane = 0; lane < Lanes; lane++)
        {
            PushScalar(x.Operands[0]);
            PushScratch(indices + sizeof(int) * lane);
            _il.Op(OpCodes.Ldind_I4);
            _il.Op(OpCodes.Conv_I8);
            _il.Int(sizeof(int));
            _il.Op(OpCodes.Conv_I8);
            _il.Op(OpCodes.Mul);
            _il.Op(OpCodes.Add);
            _il.Op(OpCodes.Conv_I);
            _il.Op(OpCodes.Dup);
            _il.Op(OpCodes.Ldind_I4);
            _il.Load(value);
            _il.Op(OpCodes.Add);
            _il.Op(OpCodes.Stind_I4);
        }

        _il.Give(value);
    }

    /// <summary>Stores all lanes of a value in an operand's slot, also those of a uniform one.</summary>
    private int SpillVectors(Value value, int operand)
    {
        int slot = OperandSlot + operand * SlotBytes;
        for (int part = 0; part < PartsOf(value.Type); part++)
        {
            PushScratch(slot + part * _isa.Bytes);
            PushVector(value, part);
            _il.StoreVector(VectorOf(value.Type));
        }

        return slot;
    }

    private void PushSpilledMask()
    {
        if (_mask is not null)
        {
            PushScratch(MaskSlot);
            return;
        }

        _il.Int(0);
        _il.Op(OpCodes.Conv_U);
    }

    /// <summary>The items of a group are one thread's: only others need the fence.</summary>
    private void EmitFence(Instruction x)
    {
        if (x.Scope != MemoryScope.Group)
            _il.Call(typeof(Interlocked).GetMethod(nameof(Interlocked.MemoryBarrier))!);
    }
}
