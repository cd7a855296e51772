using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>What a kernel's code is specialised for.</summary>
/// <param name="Isa">The vectors.</param>
/// <param name="Unroll">Vectors of 32-bit lanes a group of lockstep lanes: 1, 2 or 4.</param>
/// <param name="Group">Work items a group, for grouped kernels.</param>
/// <param name="Rows">Rows of the group that run in lockstep; a row is Lanes items.</param>
/// <param name="Streaming">Whole vectors are stored past the caches where the address is known to be aligned.</param>
internal readonly record struct SimdTarget(VectorIsa Isa, int Unroll, Index3D Group = default, int Rows = 1, bool Streaming = false)
{
    /// <summary>Lanes of the vectors of a statement.</summary>
    public int Lanes => Unroll * Isa.Lanes;

    /// <summary>True if this store may bypass the caches: y[GlobalIndex.X] of a parameter, which the launch checks for alignment.</summary>
    public bool Streams(Instruction store) => Streaming && IsAlignedStore(store);

    /// <summary>True for a store to parameter[GlobalIndex.X] of 4- or 8-byte elements. The caches may be bypassed if the launch
    /// starts vectors at aligned addresses and the kernel does not read there too.</summary>
    public static bool IsAlignedStore(Instruction store) => IsRangeElement(store);

    /// <summary>True for a load or store of parameter[GlobalIndex.X] of 4- or 8-byte elements.</summary>
    public static bool IsRangeElement(Instruction access)
    {
        if (access.Operands[0] is not Parameter pointer || pointer.Type.Scalar.Size() < 4)
            return false;
        Value index = access.Operands[1];
        if (index is Instruction { Opcode: Opcode.Convert } widened)
            index = widened.Operands[0];
        return index is Instruction { Opcode: Opcode.GlobalIndex, Axis: Axis.X };
    }
}
