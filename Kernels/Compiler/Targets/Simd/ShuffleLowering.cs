using System.Collections.Immutable;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

/// <summary>Turns shuffles between items that do not run in the same lockstep lanes into stores, a barrier and loads of shared memory;
/// the barrier becomes the end of a phase.</summary>
/// <remarks>Two arrays serve all shuffles by turns: a shuffle's loads and the next one's stores may stand in one phase, which runs for
/// one chunk of lanes after the other. Between any others lies a cut (the way back in a loop is one).</remarks>
internal sealed class ShuffleLowering : Rewriter
{
    private readonly SimdTarget _target;
    private readonly Uniformity _shapes;
    private readonly Value?[] _arrays = new Value?[2];
    private Value? _item;
    private int _count;

    private ShuffleLowering(Kernel kernel, SimdTarget target)
    {
        _target = target;
        _shapes = new Uniformity(kernel, x => GroupControl.Shape(x, target.Group));
    }

    /// <summary>The kernel with only those shuffles left that the target does in its lanes.</summary>
    public static Kernel Lower(Kernel kernel, SimdTarget target) =>
        kernel.Body.Descendants().Any(n => n is Instruction x && x.Opcode.IsShuffle() && !IsInLanes(x.Opcode, target))
            ? new ShuffleLowering(kernel, target).Run(kernel)
            : kernel;

    private static bool IsInLanes(Opcode opcode, SimdTarget target) => target.Group.Size <= target.Lanes
        || (opcode == Opcode.WarpShuffle && target.Lanes % Opcodes.WarpSize == 0);

    protected override void Visit(Region region)
    {
        if (_item is null)
        {
            for (int i = 0; i < _arrays.Length; i++)
                _arrays[i] = Output.Allocate(ScalarType.Int64, AddressSpace.Shared, _target.Group.Size);
            _item = LinearIndex();
        }

        base.Visit(region);
    }

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands)
    {
        if (!old.Opcode.IsShuffle() || IsInLanes(old.Opcode, _target))
            return base.Visit(old, operands);
        if (_shapes[old.Operands[0]] == Shape.Uniform)
            return operands[0];

        Value value = old.Type.IsBool ? Output.Convert(operands[0], ScalarType.Int32) : operands[0];
        Value array = Output.Append(new Instruction(Opcode.PointerCast,
            IrType.Pointer(value.Type.Scalar, AddressSpace.Shared), _arrays[_count++ % _arrays.Length]!));
        Output.Store(array, _item!, value);
        Output.Barrier();
        Value taken = Output.Load(array, Source(old.Opcode, operands[1]));
        return old.Type.IsBool ? Output.Compare(Opcode.NotEqual, taken, Constant.Of(0)) : taken;
    }

    /// <summary>The item whose value is taken: the own one where that asked for does not exist.</summary>
    private Instruction Source(Opcode opcode, Value asked)
    {
        int items = _target.Group.Size;
        if (opcode == Opcode.GroupShuffle)
            return Output.Select(IsBelow(asked, items), asked, _item!);
        Value start = Output.Binary(Opcode.And, _item!, Constant.Of(~(Opcodes.WarpSize - 1)));
        Value source = Output.Add(start, asked);
        Value exists = IsBelow(asked, Opcodes.WarpSize);
        if (items % Opcodes.WarpSize != 0)
            exists = Output.Binary(Opcode.And, exists, IsBelow(source, items));
        return Output.Select(exists, source, _item!);
    }

    private Instruction IsBelow(Value x, int limit) =>
        Output.Compare(Opcode.Less, Output.BitCast(x, ScalarType.UInt32), Constant.Of((uint)limit));

    private Value LinearIndex()
    {
        Value x = Output.Position(Opcode.GroupIndex);
        Index3D group = _target.Group;
        if (group.X == group.Size)
            return x;
        Value plane = Output.Mul(Output.Position(Opcode.GroupIndex, Axis.Z), Constant.Of(group.Y));
        Value row = Output.Add(plane, Output.Position(Opcode.GroupIndex, Axis.Y));
        return Output.Add(Output.Mul(row, Constant.Of(group.X)), x);
    }
}
