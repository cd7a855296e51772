using System.Reflection.Emit;
using System.Runtime.Intrinsics.X86;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

// Shuffles whose items all run in these lanes (ShuffleLowering has turned the others into loads and stores). With AVX-512 a warp is a
// table of two or four registers, else the values go through scratch memory.
internal sealed partial class SimdEmitter
{
    private void EmitShuffle(Instruction x)
    {
        if (!IsVarying(x))
        {
            PushScalar(x.Operands[0]);
            _il.Store(Define(x).Locals[0]);
        }
        else if (x.Opcode == Opcode.WarpShuffle && _isa.Bits == 512 && Avx512F.IsSupported)
        {
            EmitWarpPermutation(x);
        }
        else
        {
            EmitShuffleInMemory(x);
        }
    }

    // In registers.

    private void EmitWarpPermutation(Instruction x)
    {
        Type element = VectorIsa.ElementOf(x.Type);
        Type bits = IsWide(x.Type) ? typeof(long) : typeof(int);
        LocalBuilder[] table = new LocalBuilder[PartsOf(x.Type)];
        for (int part = 0; part < table.Length; part++)
        {
            PushVector(x.Operands[0], part);
            As(element, bits);
            _il.Store(table[part] = _il.Take(_isa.Vector(bits)));
        }

        Location location = Define(x);
        LocalBuilder lane = _il.Take(_isa.Vector(bits));
        int registers = Math.Min(table.Length, Opcodes.WarpSize * (IsWide(x.Type) ? 8 : 4) / _isa.Bytes);
        for (int part = 0; part < table.Length; part++)
        {
            int first = part / registers * registers;
            PushLaneNumbers(x.Operands[1], x.Type, part);
            _il.Store(lane);
            if (!IsKnownLane(x.Operands[1]))
            {
                PushLaneExists(lane, bits, part * _isa.Bytes / (IsWide(x.Type) ? 8 : 4) / Opcodes.WarpSize);
                EmitPermutation(table, first, registers, lane, bits);
                _il.Load(table[part]);
                _il.Call(_isa.Method("ConditionalSelect", bits, 3));
            }
            else
            {
                EmitPermutation(table, first, registers, lane, bits);
            }

            As(bits, element);
            _il.Store(location.Locals[part]);
        }

        _il.Give(lane);
        _il.Give(table);
    }

    /// <summary>Pushes a vector of lane numbers, widened if the values are.</summary>
    private void PushLaneNumbers(Value lane, IrType type, int part)
    {
        if (!IsWide(type))
        {
            PushVector(lane, part);
            return;
        }

        PushVector(lane, part / 2);
        _il.Call(_isa.Method(part % 2 == 0 ? "WidenLower" : "WidenUpper", typeof(int), 1));
    }

    /// <summary>True if a lane number is surely below 32, and every warp is full.</summary>
    private bool IsKnownLane(Value lane) => GroupItems % Opcodes.WarpSize == 0 && IsBelowWarpSize(lane);

    private static bool IsBelowWarpSize(Value lane) => lane switch
    {
        Constant c => c.AsInteger is >= 0 and < Opcodes.WarpSize,
        Instruction { Opcode: Opcode.And } x => x.Operands.Any(IsBelowWarpSize),
        Instruction { Opcode: Opcode.Xor or Opcode.Or } x => x.Operands.All(IsBelowWarpSize),
        _ => false,
    };

    /// <summary>Pushes which lane numbers are those of a lane of this warp.</summary>
    private void PushLaneExists(LocalBuilder lane, Type bits, int warp)
    {
        Type unsigned = bits == typeof(long) ? typeof(ulong) : typeof(uint);
        _il.Load(lane);
        As(bits, unsigned);
        PushWarpItems(warp);
        if (bits == typeof(long))
            _il.Op(OpCodes.Conv_U8);
        _il.Call(_isa.Broadcast(unsigned));
        _il.Call(_isa.Method("LessThan", unsigned, 2));
        As(unsigned, bits);
    }

    /// <summary>Pushes how many items a warp of these lanes has: 32, fewer in the group's last.</summary>
    private void PushWarpItems(int warp)
    {
        if (GroupItems % Opcodes.WarpSize == 0)
        {
            _il.Int(Opcodes.WarpSize);
        }
        else if (_phases is null)
        {
            _il.Int(Math.Clamp(GroupItems - warp * Opcodes.WarpSize, 0, Opcodes.WarpSize));
        }
        else
        {
            _il.Int(GroupItems - warp * Opcodes.WarpSize);
            PushChunkStart();
            _il.Op(OpCodes.Sub);
            _il.Int(0);
            _il.Int(Opcodes.WarpSize);
            _il.Call(typeof(Math).GetMethod(nameof(Math.Clamp), [typeof(int), typeof(int), typeof(int)])!);
        }
    }

    private void EmitPermutation(LocalBuilder[] table, int first, int registers, LocalBuilder lane, Type bits)
    {
        Type vector = _isa.Vector(bits);
        int entries = bits == typeof(long) ? 4 : 2;
        for (int i = 0; i < entries; i++)
            _il.Load(table[first + Math.Min(i, registers - 1)]);
        _il.Load(lane);
        _il.Call(_isa.Helper("Permute", [.. Enumerable.Repeat(vector, entries + 1)]));
    }

    // Through memory.

    private void EmitShuffleInMemory(Instruction x)
    {
        int values = SpillVectors(x.Operands[0], 0);
        int sources = OperandSlot + SlotBytes;
        for (int part = 0; part < _unroll; part++)
        {
            PushScratch(sources + part * _isa.Bytes);
            PushSourceLanes(x, part);
            _il.StoreVector(_isa.Vector(typeof(int)));
        }

        Location location = Define(x);
        if (!IsWide(x.Type) && _isa.HasGather)
        {
            for (int part = 0; part < location.Locals.Length; part++)
            {
                PushScratch(values);
                PushScratch(sources + part * _isa.Bytes);
                _il.LoadVector(_isa.Vector(typeof(int)));
                _il.Call(_isa.Helper("Gather", typeof(nint), _isa.Vector(typeof(int))));
                As(typeof(int), VectorIsa.ElementOf(x.Type));
                _il.Store(location.Locals[part]);
            }

            return;
        }

        PushScratch(values);
        PushScratch(sources);
        PushScratch(ResultSlot);
        _il.Int(Lanes);
        _il.Call(typeof(VectorOps).GetMethod(nameof(VectorOps.Pick))!.MakeGenericMethod(IsWide(x.Type) ? typeof(long) : typeof(int)));
        for (int part = 0; part < location.Locals.Length; part++)
        {
            PushScratch(ResultSlot + part * _isa.Bytes);
            _il.LoadVector(VectorOf(x.Type));
            _il.Store(location.Locals[part]);
        }
    }

    /// <summary>Pushes a vector of the lanes from which these lanes take their values: their own where there is no such item.</summary>
    private void PushSourceLanes(Instruction x, int part)
    {
        bool isWarp = x.Opcode == Opcode.WarpShuffle;
        Type vector = _isa.Vector(typeof(int));
        LocalBuilder own = _il.Take(vector);
        LocalBuilder asked = _il.Take(vector);
        _il.Call(_isa.Property("Indices", typeof(int)));
        _il.Int(part * _isa.Lanes);
        _il.Call(_isa.Broadcast(typeof(int)));
        _il.Call(_isa.Method("Add", typeof(int), 2));
        _il.Store(own);
        PushVector(x.Operands[1], part);
        _il.Store(asked);
        if (isWarp)
            PushLaneExists(asked, typeof(int), part * _isa.Lanes / Opcodes.WarpSize);
        else
            PushItemExists(asked);
        _il.Load(asked);
        if (isWarp)
        {
            _il.Int(part * _isa.Lanes / Opcodes.WarpSize * Opcodes.WarpSize);
            _il.Call(_isa.Broadcast(typeof(int)));
            _il.Call(_isa.Method("Add", typeof(int), 2));
        }

        _il.Load(own);
        _il.Call(_isa.Method("ConditionalSelect", typeof(int), 3));
        _il.Give([own, asked]);
    }

    private void PushItemExists(LocalBuilder item)
    {
        _il.Load(item);
        As(typeof(int), typeof(uint));
        _il.Int(GroupItems);
        _il.Call(_isa.Broadcast(typeof(uint)));
        _il.Call(_isa.Method("LessThan", typeof(uint), 2));
        As(typeof(uint), typeof(int));
    }
}
