using System.Reflection.Emit;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

// Kernels that read a matrix across its rows, such as x + y.T, would touch a cache line for each element and come back to it in the next
// row, when it has left the cache. They take sixteen rows of the range at once: for a group of lanes, what is read across is first brought
// into a tile along the rows, then the body runs once a row.
internal sealed partial class SimdEmitter
{
    private readonly Dictionary<Instruction, TurnedLoad> _turned = new(ReferenceEqualityComparer.Instance);
    private LocalBuilder? _tileRow;

    /// <summary>A load of parameter[x·Stride + y + Offset], and where its tile lies in scratch memory.</summary>
    private sealed record TurnedLoad(Parameter Pointer, long Stride, long Offset, int Slot);

    /// <summary>Rows of the range that are best done by the same part of a launch.</summary>
    public int RowsTogether => _turned.Count > 0 ? TurnedTile.Rows : 1;

    private void FindTurnedLoads()
    {
        if (_kernel.Kind != LaunchKind.Range2D || _target.Quick)
            return;

        // What is loaded after an item has stored may be what it stored.
        foreach (INode node in _kernel.Body.Nodes)
        {
            if (node is not Instruction x || x.Opcode == Opcode.Store || x.Opcode.IsAtomic())
                return;
            if (x.Opcode == Opcode.Load && x.Operands[0] is Parameter pointer && pointer.Type.Scalar.Size() == 4
                && Across(x.Operands[1]) is var (stride, offset))
            {
                _turned[x] = new(pointer, stride, offset, Reserve(TurnedTile.Rows * Lanes * 4));
            }
        }
    }

    /// <summary>The c and d of an index x·c + y + d with |c| above 1; null for others.</summary>
    private static (long Stride, long Offset)? Across(Value index)
    {
        long stride = 0, rows = 0, offset = 0;
        Stack<Value> rest = new([index]);
        while (rest.TryPop(out Value? value))
        {
            switch (value)
            {
                case Constant c:
                    offset += c.AsInteger;
                    break;
                case Instruction { Opcode: Opcode.Add } sum:
                    rest.Push(sum.Operands[0]);
                    rest.Push(sum.Operands[1]);
                    break;
                case Instruction { Opcode: Opcode.GlobalIndex, Axis: Axis.Y }:
                    rows++;
                    break;
                case Instruction { Opcode: Opcode.Mul, Operands: [Instruction { Opcode: Opcode.GlobalIndex, Axis: Axis.X }, Constant c] }:
                    stride += c.AsInteger;
                    break;
                default:
                    return null;
            }
        }

        return rows == 1 && stride > 1 ? (stride, offset) : null;
    }

    /// <summary>Sixteen rows, if there are as many: whole groups of lanes by tiles, then the last items of each row.</summary>
    private void EmitTiledRows(LocalBuilder row, Label head)
    {
        if (_turned.Count == 0)
            return;
        Label single = _il.Label();
        Label body = _il.Label();
        Label test = _il.Label();
        Label end = _il.Label();
        LocalBuilder x = _position[(int)Axis.X]!;
        _il.Load(row);
        _il.Int(TurnedTile.Rows);
        _il.Op(OpCodes.Add);
        _il.Argument(RowToArgument);
        _il.Branch(OpCodes.Bgt, single);
        EmitSplit(row, _extent[(int)Axis.Y]!, _position[(int)Axis.Y]!, _position[(int)Axis.Z]!);
        _il.LongArgument(FromArgument);
        _il.Store(x);
        _il.Branch(OpCodes.Br, test);

        _il.Mark(body);
        foreach (TurnedLoad load in _turned.Values)
            EmitFill(load, row);
        ForEachRow(row, () => EmitBodyOnce(null), inTiles: true);
        Increment(x, Lanes);
        _il.Mark(test);
        _il.Load(x);
        _il.LongArgument(ToArgument);
        _il.Int(Lanes);
        _il.Op(OpCodes.Sub);
        _il.Branch(OpCodes.Ble, body);

        _il.Load(x);
        _il.LongArgument(ToArgument);
        _il.Branch(OpCodes.Bge, end);
        LocalBuilder[] tail = TakeMask();
        EmitTailMask(tail, () =>
        {
            _il.LongArgument(ToArgument);
            _il.Load(x);
            _il.Op(OpCodes.Sub);
        });
        ForEachRow(row, () => EmitBodyOnce(new Mask(tail, nonEmpty: true)), inTiles: false);
        _il.Give(tail);
        _il.Mark(end);
        Increment(row, TurnedTile.Rows);
        _il.Branch(OpCodes.Br, head);
        _il.Mark(single);
    }

    private void ForEachRow(LocalBuilder row, Action emit, bool inTiles)
    {
        LocalBuilder r = _il.Take(typeof(int));
        Label head = _il.Label();
        _il.Int(0);
        _il.Store(r);
        _il.Mark(head);
        _il.Load(row);
        _il.Load(r);
        _il.Op(OpCodes.Add);
        _il.Store(_position[(int)Axis.Y]!);
        _tileRow = inTiles ? r : null;
        emit();
        _tileRow = null;
        Increment(r, 1);
        _il.Load(r);
        _il.Int(TurnedTile.Rows);
        _il.Branch(OpCodes.Blt, head);
        _il.Give(r);
    }

    /// <summary>Brings a tile along the rows: those from this row on, the lanes from this x on.</summary>
    private void EmitFill(TurnedLoad load, LocalBuilder row)
    {
        PushScalar(load.Pointer);
        _il.Load(_position[(int)Axis.X]!);
        _il.Op(OpCodes.Conv_I8);
        _il.Long(load.Stride);
        _il.Op(OpCodes.Mul);
        _il.Load(row);
        _il.Op(OpCodes.Conv_I8);
        _il.Op(OpCodes.Add);
        _il.Long(load.Offset);
        _il.Op(OpCodes.Add);
        _il.Long(4);
        _il.Op(OpCodes.Mul);
        _il.Op(OpCodes.Add);
        _il.Op(OpCodes.Conv_I);
        _il.Long(4 * load.Stride);
        _il.Op(OpCodes.Conv_I);
        PushScratch(load.Slot);
        _il.Op(OpCodes.Conv_I);
        _il.Int(Lanes);
        _il.Call(typeof(TurnedTile).GetMethod(nameof(TurnedTile.Fill))!);
    }

    private bool TryTileLoad(Instruction x)
    {
        if (_tileRow is null || !_turned.TryGetValue(x, out TurnedLoad? load))
            return false;
        LocalBuilder address = _il.Take(typeof(nint));
        PushScratch(load.Slot);
        _il.Load(_tileRow);
        _il.Int(Lanes * 4);
        _il.Op(OpCodes.Mul);
        _il.Op(OpCodes.Conv_I);
        _il.Op(OpCodes.Add);
        _il.Op(OpCodes.Conv_I);
        _il.Store(address);
        Location location = Define(x);
        for (int part = 0; part < location.Locals.Length; part++)
        {
            _il.Load(address);
            _il.AddBytes(part * _isa.Bytes);
            _il.LoadVector(_isa.Vector(VectorIsa.ElementOf(x.Type)));
            _il.Store(location.Locals[part]);
        }

        _il.Give(address);
        return true;
    }
}
