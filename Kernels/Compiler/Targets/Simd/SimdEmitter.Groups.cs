using System.Numerics;
using System.Reflection.Emit;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

// Grouped kernels. Where the group fits the lockstep lanes, barriers need nothing and group operations are trees over the vectors;
// larger groups run in phases.
internal sealed partial class SimdEmitter
{
    private int GroupItems => _target.Group.Size;

    private int GroupExtent(Axis axis) => axis switch
    {
        Axis.X => _target.Group.X,
        Axis.Y => _target.Group.Y,
        _ => _target.Group.Z,
    };

    /// <summary>True if a chunk of lanes lies within one row of the group.</summary>
    private bool ChunksFollowRows => _target.Group.X % Lanes == 0;

    private Shape ShapeOfGroupIndex(Axis axis)
    {
        if (GroupExtent(axis) == 1)
            return Shape.Uniform;
        bool isRow = _target.Group.X == GroupItems || ChunksFollowRows;
        return !isRow ? Shape.Varying : axis == Axis.X ? Shape.Linear : Shape.Uniform;
    }

    /// <summary>for each group: the body, under the mask of the group's items.</summary>
    private void EmitGroups()
    {
        LocalBuilder group = _il.Take(typeof(int));
        Label head = _il.Label();
        Label test = _il.Label();
        Mask? mask = null;
        if (GroupItems < Lanes)
        {
            mask = new Mask(TakeMask(), nonEmpty: true);
            EmitTailMask(mask.Parts, () => _il.Int(GroupItems));
        }

        _il.LongArgument(FromArgument);
        _il.Store(group);
        _il.Branch(OpCodes.Br, test);
        _il.Mark(head);
        EmitGridPosition(group);
        if (_phases is not null)
            EmitPhasedBody();
        else
            EmitBodyOnce(mask);
        Increment(group, 1);
        _il.Mark(test);
        _il.Load(group);
        _il.LongArgument(ToArgument);
        _il.Branch(OpCodes.Blt, head);
    }

    private void EmitGridPosition(LocalBuilder group)
    {
        LocalBuilder rest = _il.Take(typeof(int));
        EmitSplit(group, _extent[0]!, _position[0]!, rest);
        EmitSplit(rest, _extent[1]!, _position[1]!, _position[2]!);
        _il.Give(rest);
    }

    /// <summary>Pushes the first item of this group along an axis.</summary>
    private void PushGroupStart(Axis axis)
    {
        _il.Load(_position[(int)axis]!);
        _il.Int(GroupExtent(axis));
        _il.Op(OpCodes.Mul);
    }

    /// <summary>Pushes a uniform GroupIndex, or lane 0 of a linear one.</summary>
    private void PushGroupIndex(Axis axis)
    {
        if (_phases is null || GroupExtent(axis) == 1)
        {
            int row = _locations.Row;
            _il.Int(axis switch { Axis.X => 0, Axis.Y => row % _target.Group.Y, _ => row / _target.Group.Y });
            return;
        }

        if (Rows > 1)
        {
            PushGroupRow(axis);
            return;
        }

        PushChunkStart();
        if (_target.Group.X == GroupItems)
            return;
        int below = axis == Axis.X ? 1 : axis == Axis.Y ? _target.Group.X : _target.Group.X * _target.Group.Y;
        _il.Int(below);
        _il.Op(OpCodes.Div);
        _il.Int(GroupExtent(axis));
        _il.Op(OpCodes.Rem);
    }

    /// <summary>Pushes a GroupIndex of this row, which the lanes fill.</summary>
    private void PushGroupRow(Axis axis)
    {
        if (axis == Axis.X)
        {
            _il.Int(0);
            return;
        }

        PushChunkRow();
        if (_target.Group.Z == 1)
            return;
        _il.Int(_target.Group.Y);
        _il.Op(axis == Axis.Y ? OpCodes.Rem : OpCodes.Div);
    }

    /// <summary>Pushes a vector of a GroupIndex or GlobalIndex whose lanes span rows of the group.</summary>
    private void EmitVaryingPosition(Instruction x, int part)
    {
        PushSlot(TableSlot(_kernel));
        _il.Op(OpCodes.Ldind_I);
        _il.AddBytes((int)x.Axis * TableStride(GroupItems) + part * _isa.Bytes);
        if (_phases is not null)
        {
            PushChunkStart();
            _il.Int(sizeof(int));
            _il.Op(OpCodes.Mul);
            _il.Op(OpCodes.Conv_I);
            _il.Op(OpCodes.Add);
        }

        _il.LoadVector(_isa.Vector(typeof(int)));
        if (x.Opcode == Opcode.GlobalIndex)
        {
            PushGroupStart(x.Axis);
            _il.Call(_isa.Broadcast(typeof(int)));
            _il.Call(_isa.Method("Add", typeof(int), 2));
        }
    }

    /// <summary>Bytes between the axes in the table of item positions: room for whole groups of vectors.</summary>
    public static int TableStride(int items) => 4 * ((items + 63) / 64 * 64);

    private void EmitGroupOperation(Instruction x)
    {
        if (x.Opcode == Opcode.GroupBroadcast)
        {
            EmitBroadcast(x);
            return;
        }

        Type element = VectorIsa.ElementOf(x.Type);
        int partsOfRow = PartsOf(x.Type);
        LocalBuilder[] parts = new LocalBuilder[Rows * partsOfRow];
        for (int i = 0; i < parts.Length; i++)
        {
            _locations.Row = i / partsOfRow;
            PushOrIdentity(x, i % partsOfRow);
            _il.Store(parts[i] = _il.Take(_isa.Vector(element)));
        }

        _locations.Row = 0;

        PushReduced(x, parts);
        _il.Store(Define(x).Locals[0]);
        _il.Give(parts);
    }

    /// <summary>Pushes the reduction of the items in some vectors, in the fixed tree. The vectors are overwritten.</summary>
    private void PushReduced(Instruction x, LocalBuilder[] parts)
    {
        Type element = VectorIsa.ElementOf(x.Type);
        string function = x.Opcode.ToString()["Group".Length..];
        for (int half = (int)BitOperations.RoundUpToPowerOf2((uint)parts.Length) / 2; half > 0; half /= 2)
        {
            for (int i = 0; i < half && i + half < parts.Length; i++)
            {
                _il.Load(parts[i]);
                _il.Load(parts[i + half]);
                _il.Call(_isa.Method(function, element, 2));
                _il.Store(parts[i]);
            }

            parts = parts[..Math.Min(half, parts.Length)];
        }

        _il.Load(parts[0]);
        _il.Call(_isa.Tree(function, element, isInlined: !_target.Quick));
    }

    /// <summary>Pushes a part of a reduction's operand, with the identity in inactive lanes.</summary>
    private void PushOrIdentity(Instruction x, int part)
    {
        if (_mask is null)
        {
            PushVector(x.Operands[0], part);
            return;
        }

        Type element = VectorIsa.ElementOf(x.Type);
        PushMask(_mask.Parts, x.Type, part);
        PushVector(x.Operands[0], part);
        PushConstant(IdentityOf(x));
        _il.Call(_isa.Broadcast(element));
        _il.Call(_isa.Method("ConditionalSelect", element, 3));
    }

    /// <summary>The value that changes no other: lanes outside the group take it, which leaves the tree of n items as it is.</summary>
    private static Constant IdentityOf(Instruction x)
    {
        ScalarType type = x.Type.Scalar;
        bool min = x.Opcode == Opcode.GroupMin;
        if (x.Opcode == Opcode.GroupAdd)
            return Constant.Of(type, x.Type.IsFloat ? -0.0 : 0);
        return type switch
        {
            ScalarType.Float32 or ScalarType.Float64 =>
                Constant.Of(type, min ? double.PositiveInfinity : double.NegativeInfinity),
            ScalarType.Int32 => Constant.Of(min ? int.MaxValue : int.MinValue),
            ScalarType.UInt32 => Constant.Of(min ? uint.MaxValue : 0),
            ScalarType.Int64 => Constant.Of(min ? long.MaxValue : long.MinValue),
            _ => Constant.Of(min ? ulong.MaxValue : 0),
        };
    }

    private void EmitBroadcast(Instruction x)
    {
        int value = SpillOperand(x.Operands[0], 0);
        int index = SpillOperand(x.Operands[1], 1);
        LocalBuilder lane = _il.Take(typeof(int));
        _il.Int(0);
        _il.Store(lane);
        PushLane(x.Operands[1], index, lane);
        _il.Store(lane);
        PushLane(x.Operands[0], value, lane);
        _il.Store(Define(x).Locals[0]);
        _il.Give(lane);
    }
}
