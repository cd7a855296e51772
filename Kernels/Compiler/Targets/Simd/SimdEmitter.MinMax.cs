using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

// Minima and maxima of floats as IEEE 754 has them: NaN where an operand is, −0 below +0.
internal sealed partial class SimdEmitter
{
    // Of vrange: what is chosen, and that its sign is kept.
    private const byte Smallest = 0b0100;
    private const byte Greatest = 0b0101;

    /// <summary>True if several operands are compared at once. The runtime's own Min and Max are three instructions of one port, each waiting for the
    /// one before: vrange, which passes over NaN, and two to bring it back.</summary>
    private bool IsRange(Instruction x) => x.Opcode is Opcode.Min or Opcode.Max && x.Type.IsFloat && _isa.Bits == 512
        && !_target.Quick && Avx512DQ.IsSupported;

    /// <summary>Pushes the minimum or maximum of an expression's operands: one vrange an operand, one comparison of every two of them with each other,
    /// which holds where either is NaN, and NaN in these lanes.</summary>
    /// <remarks>Which operand comes first makes no difference but to the bits of NaN. What the others come to joins the first last: it may have been
    /// carried round a loop.</remarks>
    private void EmitRange(Instruction x, int part)
    {
        List<Value> operands = [];
        CollectRange(x, x, operands);
        Type vector = VectorOf(x.Type);
        LocalBuilder[] values = new LocalBuilder[operands.Count];
        for (int i = 0; i < values.Length; i++)
        {
            PushVector(operands[i], part);
            _il.Store(values[i] = _il.Take(vector));
        }

        PushUnordered(values, vector);
        if (x.Type.Scalar == ScalarType.Float32)
            _il.Float(float.NaN);
        else
            _il.Double(double.NaN);
        _il.Call(_isa.Broadcast(VectorIsa.ElementOf(x.Type)));
        _il.Load(values[0]);
        for (int i = 1; i < values.Length; i++)
            _il.Load(values[i]);
        for (int i = 1; i < values.Length; i++)
        {
            _il.Int(x.Opcode == Opcode.Min ? Smallest : Greatest);
            _il.Call(typeof(Avx512DQ).GetMethod(nameof(Avx512DQ.Range), [vector, vector, typeof(byte)])!);
        }

        _il.Call(_isa.Method("ConditionalSelect", VectorIsa.ElementOf(x.Type), 3));
        _il.Give(values);
    }

    private void CollectRange(Instruction root, Value x, List<Value> operands)
    {
        if (x is Instruction instruction && instruction.Opcode == root.Opcode && instruction.Type == root.Type && IsVarying(x)
            && (x == root || _usage.IsInlined(x)))
        {
            foreach (Value operand in instruction.Operands)
                CollectRange(root, operand, operands);
        }
        else
        {
            operands.Add(x);
        }
    }

    /// <summary>Pushes all ones in the lanes where one of the vectors is NaN.</summary>
    private void PushUnordered(LocalBuilder[] values, Type vector)
    {
        MethodInfo compare = typeof(Avx512F).GetMethod(nameof(Avx512F.CompareUnordered), [vector, vector])!;
        for (int i = 0; i < values.Length; i += 2)
        {
            _il.Load(values[i]);
            _il.Load(values[Math.Min(i + 1, values.Length - 1)]);
            _il.Call(compare);
            if (i > 0)
                _il.Call(_isa.Method("BitwiseOr", vector.GetGenericArguments()[0], 2));
        }
    }
}
