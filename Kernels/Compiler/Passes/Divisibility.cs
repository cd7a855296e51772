using System.Numerics;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Which power of two divides each integer of a kernel, whatever it runs on: what a wide access needs to know of its
/// index.</summary>
/// <remarks>Wrap-around does not matter: 2ᵏ divides 2³² and 2⁶⁴. The values of loops start at "divides everything" and sink until
/// nothing changes, so that an induction variable that starts at 8 and goes up by 4 is a multiple of 4.</remarks>
internal sealed class Divisibility
{
    /// <summary>What zero is a multiple of.</summary>
    private const int All = 64;

    private readonly Dictionary<Value, int> _zeros = new(ReferenceEqualityComparer.Instance);
    private bool _changed;

    public Divisibility(Kernel kernel)
    {
        List<INode> nodes = [.. kernel.Body.Descendants()];
        do
        {
            _changed = false;
            foreach (INode node in nodes)
                Visit(node);
        }
        while (_changed);
    }

    /// <summary>The number of low bits that are 0 in every value that this integer takes; 64 for zero itself.</summary>
    public int TrailingZeros(Value value) => value switch
    {
        Constant constant => constant.Bits == 0 ? All : BitOperations.TrailingZeroCount(constant.Bits),
        Parameter => 0,
        _ => _zeros.GetValueOrDefault(value, All),
    };

    private void Visit(INode node)
    {
        switch (node)
        {
            case Instruction x when x.Type.IsInteger:
                Sink(x, Of(x));
                break;
            case Loop loop:
                for (int i = 0; i < loop.Initial.Length; i++)
                    Sink(loop.Parameters[i], TrailingZeros(loop.Initial[i]));
                break;
            case Continue again:
                for (int i = 0; i < again.Arguments.Length; i++)
                    Sink(again.Target.Parameters[i], TrailingZeros(again.Arguments[i]));
                break;
            case Break leave:
                for (int i = 0; i < leave.Arguments.Length; i++)
                    Sink(leave.Target.Results[i], TrailingZeros(leave.Arguments[i]));
                break;
        }
    }

    private void Sink(Value value, int zeros)
    {
        int known = _zeros.GetValueOrDefault(value, All);
        if (zeros < known || !_zeros.ContainsKey(value))
        {
            _zeros[value] = Math.Min(zeros, known);
            _changed = true;
        }
    }

    private int Of(Instruction x)
    {
        int First() => TrailingZeros(x.Operands[0]);
        int Second() => TrailingZeros(x.Operands[1]);
        switch (x.Opcode)
        {
            case Opcode.Add or Opcode.Sub or Opcode.Or or Opcode.Xor or Opcode.Min or Opcode.Max:
                return Math.Min(First(), Second());
            case Opcode.And:
                return Math.Max(First(), Second());
            case Opcode.Mul:
                return Math.Min(All, First() + Second());
            case Opcode.Neg:
                return First();
            case Opcode.Abs:
                return First();
            case Opcode.ShiftLeft when x.Operands[1] is Constant amount:
                return Math.Min(All, First() + Amount(x, amount));
            case Opcode.ShiftRight when x.Operands[1] is Constant amount:
                return First() == All ? All : Math.Max(0, First() - Amount(x, amount));
            case Opcode.Div when x.Operands[1] is Constant { Bits: var divisor } && ulong.IsPow2(divisor):
                // Exact where the dividend is a multiple; else anything.
                return First() == All ? All : Math.Max(0, First() - BitOperations.TrailingZeroCount(divisor));
            case Opcode.Rem when x.Operands[1] is Constant { Bits: not 0 }:
                return Math.Min(First(), Second());
            case Opcode.Select:
                return Math.Min(Second(), TrailingZeros(x.Operands[2]));
            case Opcode.Convert or Opcode.BitCast when x.Operands[0].Type.IsInteger:
                return First();
            default:
                return 0;
        }
    }

    private static int Amount(Instruction shift, Constant amount) => (int)amount.AsInteger & (8 * shift.Type.Scalar.Size() - 1);
}
