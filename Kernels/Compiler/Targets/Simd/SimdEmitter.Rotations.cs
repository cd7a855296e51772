using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

// Rotations of 32 bits, which C# and the IR write as two shifts: one instruction where vectors have 512 bits.
internal sealed partial class SimdEmitter
{
    /// <summary>What <c>x &lt;&lt; n | x &gt;&gt; (32 − n)</c> rotates, and n; null for anything else. Both shifts are evaluated in place, nowhere else: what they
    /// read is still there.</summary>
    private (Value Turned, int Left)? RotationOf(Instruction or)
    {
        if (_isa.Bits != 512 || !Avx512F.IsSupported || or.Type.Scalar != ScalarType.UInt32) return null;
        (Instruction Shift, int Count)? x = ShiftOf(or.Operands[0]), y = ShiftOf(or.Operands[1]);
        if (x is not { } a || y is not { } b || a.Count + b.Count != 32 || a.Shift.Operands[0] != b.Shift.Operands[0]) return null;
        return (a.Shift.Opcode, b.Shift.Opcode) switch
        {
            (Opcode.ShiftLeft, Opcode.ShiftRight) => (a.Shift.Operands[0], a.Count),
            (Opcode.ShiftRight, Opcode.ShiftLeft) => (a.Shift.Operands[0], b.Count),
            _ => null,
        };
    }

    private (Instruction Shift, int Count)? ShiftOf(Value value) =>
        value is Instruction { Opcode: Opcode.ShiftLeft or Opcode.ShiftRight } shift && shift.Type == ScalarType.UInt32 && _usage.IsInlined(shift)
        && shift.Operands[1] is Constant { AsInteger: > 0 and < 32 } count ? (shift, (int)count.AsInteger) : null;

    private void EmitRotation(Value turned, int left, int part)
    {
        PushVector(turned, part);
        _il.Int(left);
        _il.Call(typeof(Avx512F).GetMethod(nameof(Avx512F.RotateLeft), [typeof(Vector512<uint>), typeof(byte)])!);
    }
}
