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

    /// <summary>True if this store may bypass the caches, see <see cref="IsAlignedStore"/>.</summary>
    public bool Streams(Instruction store) => Streaming && IsAlignedStore(store);

    /// <summary>True for a store of 4- or 8-byte elements to parameter[start + GlobalIndex.X], where the start of every row is a
    /// multiple of the alignment of memory. The caches may be bypassed if the launch starts vectors at aligned addresses and
    /// the kernel does not read there too.</summary>
    public static bool IsAlignedStore(Instruction store) => store.Operands[0] is Parameter pointer
        && pointer.Type.Scalar.Size() is var size and >= 4
        && Unwidened(store.Operands[1]) is Instruction index
        && (IsX(index) || (index.Opcode == Opcode.Add
            && ((IsX(index.Operands[0]) && IsMultiple(index.Operands[1], CpuAllocator.Alignment / size))
                || (IsX(index.Operands[1]) && IsMultiple(index.Operands[0], CpuAllocator.Alignment / size)))));

    /// <summary>True for a load or store of parameter[GlobalIndex.X] of 4- or 8-byte elements.</summary>
    public static bool IsRangeElement(Instruction access)
    {
        if (access.Operands[0] is not Parameter pointer || pointer.Type.Scalar.Size() < 4)
            return false;
        return IsX(Unwidened(access.Operands[1]));
    }

    private static Value Unwidened(Value index) =>
        index is Instruction { Opcode: Opcode.Convert } widened ? widened.Operands[0] : index;

    private static bool IsX(Value value) => value is Instruction { Opcode: Opcode.GlobalIndex, Axis: Axis.X };

    /// <summary>True if an integer is known to be a multiple of a power of two; wrapping around keeps that.</summary>
    private static bool IsMultiple(Value value, long power) => value switch
    {
        Constant c => (long)c.Bits % power == 0,
        Instruction { Opcode: Opcode.Mul } x => x.Operands.Any(o => IsMultiple(o, power)),
        Instruction { Opcode: Opcode.Add or Opcode.Sub } x => x.Operands.All(o => IsMultiple(o, power)),
        Instruction { Opcode: Opcode.ShiftLeft } x when x.Operands[1] is Constant { Bits: < 32 } by =>
            1L << (int)by.Bits >= power || IsMultiple(x.Operands[0], power >> (int)by.Bits),
        _ => false,
    };
}
