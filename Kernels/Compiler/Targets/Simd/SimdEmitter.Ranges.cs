using System.Reflection.Emit;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

// Branches on comparisons of linear with uniform values, such as the borders of a grid: scalar tests tell that all lanes go one way,
// which is nearly always so. Then the arm runs without a mask of its own, the other not at all.
internal sealed partial class SimdEmitter
{
    // The arms are emitted twice: not in methods that are large already.
    private const int LargestRangeBranch = 80;
    private const int DeepestRangeBranch = 2;
    private const int MostBytesBefore = 6000;

    private int _rangeBranches;

    private bool IsRangeBranch(If node) => !_target.Quick && _rangeBranches < DeepestRangeBranch && _il.Offset < MostBytesBefore
        && IsRangeCondition(node.Condition)
        && node.Regions.Sum(r => r.Descendants().Count()) <= LargestRangeBranch;

    /// <summary>True for a tree of comparisons, evaluated at this branch.</summary>
    private bool IsRangeCondition(Value value) => value is Instruction x && IsVarying(x) && _usage.IsInlined(x) && x.Opcode switch
    {
        Opcode.And or Opcode.Or => x.Operands.All(o => IsUniform(o) || IsRangeCondition(o)),
        Opcode.Not => IsRangeCondition(x.Operands[0]),
        >= Opcode.Equal and <= Opcode.GreaterEqual => x.Operands[0].Type.Scalar is ScalarType.Int32 or ScalarType.Int64
            && (_shapes[x.Operands[0]], _shapes[x.Operands[1]])
                is (Shape.Linear, Shape.Uniform) or (Shape.Uniform, Shape.Linear),
        _ => false,
    };

    private void EmitRangeBranch(If node, Frame frame)
    {
        Label some = _il.Label();
        Label mixed = _il.Label();
        Mask? before = _mask;
        Frame[] unused = [.. _frames.Values.Where(f => f.IsFirst)];
        _rangeBranches++;
        PushHolds(node.Condition, forAll: true);
        _il.Branch(OpCodes.Brfalse, some);
        EmitWhole(node.Then);
        _il.Mark(some);
        PushHolds(node.Condition, forAll: false);
        _il.Branch(OpCodes.Brfalse, mixed);
        EmitWhole(node.Else);
        _il.Mark(mixed);
        EmitMaskedIf(node, frame);
        _rangeBranches--;

        void EmitWhole(Region arm)
        {
            _mask = before;
            EmitBody(arm);
            _il.Branch(OpCodes.Br, frame.Exit);
            _mask = before;
            // What was written on this way was not on the next one.
            foreach (Frame other in unused)
                other.IsFirst = true;
        }
    }

    /// <summary>Pushes whether a condition surely holds for all lanes, or surely for none.</summary>
    private void PushHolds(Value condition, bool forAll)
    {
        Instruction? x = condition as Instruction;
        if (IsUniform(condition))
        {
            PushScalar(condition);
            if (!forAll)
                Negate();
        }
        else if (x!.Opcode == Opcode.Not)
        {
            PushHolds(x.Operands[0], !forAll);
        }
        else if (x.Opcode is Opcode.And or Opcode.Or)
        {
            PushHolds(x.Operands[0], forAll);
            PushHolds(x.Operands[1], forAll);
            _il.Op((x.Opcode == Opcode.And) == forAll ? OpCodes.And : OpCodes.Or);
        }
        else
        {
            PushComparisonHolds(x, forAll);
        }
    }

    /// <summary>The lanes are first … last, in 64 bits; if they wrap around, neither holds.</summary>
    private void PushComparisonHolds(Instruction x, bool forAll)
    {
        bool linearFirst = _shapes[x.Operands[0]] == Shape.Linear;
        Value linear = x.Operands[linearFirst ? 0 : 1];
        Value bound = x.Operands[linearFirst ? 1 : 0];
        Opcode opcode = linearFirst ? x.Opcode : Mirrored(x.Opcode);
        if (!forAll)
            opcode = Opposite(opcode);
        switch (opcode)
        {
            case Opcode.Less:
                PushEnds(last: true, OpCodes.Clt);
                break;
            case Opcode.LessEqual:
                PushEnds(last: true, OpCodes.Cgt);
                Negate();
                break;
            case Opcode.Greater:
                PushEnds(last: false, OpCodes.Cgt);
                break;
            case Opcode.GreaterEqual:
                PushEnds(last: false, OpCodes.Clt);
                Negate();
                break;
            case Opcode.NotEqual:
                PushEnds(last: true, OpCodes.Clt);
                PushEnds(last: false, OpCodes.Cgt);
                _il.Op(OpCodes.Or);
                break;
            default:
                _il.Int(0);
                break;
        }

        PushEnd(linear, last: true);
        _il.Long(linear.Type.Scalar == ScalarType.Int32 ? int.MaxValue : long.MaxValue - Lanes);
        _il.Op(OpCodes.Cgt);
        Negate();
        _il.Op(OpCodes.And);

        void PushEnds(bool last, OpCode compare)
        {
            PushEnd(linear, last);
            PushEnd(bound, last: false);
            _il.Op(compare);
        }
    }

    private void PushEnd(Value value, bool last)
    {
        PushScalar(value);
        if (!IsWide(value.Type))
            _il.Op(OpCodes.Conv_I8);
        if (!last)
            return;
        _il.Long(Lanes - 1);
        _il.Op(OpCodes.Add);
    }

    private static Opcode Mirrored(Opcode opcode) => opcode switch
    {
        Opcode.Less => Opcode.Greater,
        Opcode.LessEqual => Opcode.GreaterEqual,
        Opcode.Greater => Opcode.Less,
        Opcode.GreaterEqual => Opcode.LessEqual,
        _ => opcode,
    };

    private static Opcode Opposite(Opcode opcode) => opcode switch
    {
        Opcode.Less => Opcode.GreaterEqual,
        Opcode.LessEqual => Opcode.Greater,
        Opcode.Greater => Opcode.LessEqual,
        Opcode.GreaterEqual => Opcode.Less,
        Opcode.Equal => Opcode.NotEqual,
        _ => Opcode.Equal,
    };
}
