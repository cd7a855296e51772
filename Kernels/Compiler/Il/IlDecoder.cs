using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;

namespace Cotangent.Kernels.Il;

/// <summary>Turns a method's IL bytes into instructions.</summary>
internal static class IlDecoder
{
    private static readonly Dictionary<ILOpCode, OperandType> s_operands = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(f => (OpCode)f.GetValue(null)!)
        .ToDictionary(o => (ILOpCode)(ushort)o.Value, o => o.OperandType);

    public static ImmutableArray<IlInstruction> Decode(ReadOnlySpan<byte> il)
    {
        ImmutableArray<IlInstruction>.Builder result = ImmutableArray.CreateBuilder<IlInstruction>();
        int position = 0;
        int start = 0;
        int constrained = 0;
        while (position < il.Length)
        {
            ILOpCode code = il[position] == 0xFE ? (ILOpCode)(0xFE00 | il[position + 1]) : (ILOpCode)il[position];
            position += il[position] == 0xFE ? 2 : 1;
            (long operand, int[]? targets) = ReadOperand(il, s_operands[code], ref position);
            if (code == ILOpCode.Constrained)
            {
                constrained = (int)operand;
                continue;
            }

            if (code is ILOpCode.Unaligned or ILOpCode.Volatile or ILOpCode.Tail or ILOpCode.Readonly)
            {
                continue;
            }

            (code, operand) = Widen(code, operand);
            result.Add(new(start, code, operand, position, constrained, targets));
            start = position;
            constrained = 0;
        }

        return result.ToImmutable();
    }

    private static (long Operand, int[]? Targets) ReadOperand(ReadOnlySpan<byte> il, OperandType type, ref int position)
    {
        ReadOnlySpan<byte> at = il[position..];
        switch (type)
        {
            case OperandType.InlineNone:
                return (0, null);
            case OperandType.ShortInlineBrTarget:
                position++;
                return (position + (sbyte)at[0], null);
            case OperandType.InlineBrTarget:
                position += 4;
                return (position + BinaryPrimitives.ReadInt32LittleEndian(at), null);
            case OperandType.ShortInlineI:
                position++;
                return ((sbyte)at[0], null);
            case OperandType.ShortInlineVar:
                position++;
                return (at[0], null);
            case OperandType.InlineVar:
                position += 2;
                return (BinaryPrimitives.ReadUInt16LittleEndian(at), null);
            case OperandType.InlineI8 or OperandType.InlineR:
                position += 8;
                return (BinaryPrimitives.ReadInt64LittleEndian(at), null);
            case OperandType.InlineSwitch:
                int count = BinaryPrimitives.ReadInt32LittleEndian(at);
                position += 4 + 4 * count;
                int[] targets = new int[count];
                for (int i = 0; i < count; i++)
                    targets[i] = position + BinaryPrimitives.ReadInt32LittleEndian(at[(4 + 4 * i)..]);
                return (count, targets);
            default:
                position += 4;
                return (BinaryPrimitives.ReadInt32LittleEndian(at), null);
        }
    }

    private static (ILOpCode Code, long Operand) Widen(ILOpCode code, long operand) => code switch
    {
        >= ILOpCode.Ldarg_0 and <= ILOpCode.Ldarg_3 => (ILOpCode.Ldarg, (int)code - (int)ILOpCode.Ldarg_0),
        >= ILOpCode.Ldloc_0 and <= ILOpCode.Ldloc_3 => (ILOpCode.Ldloc, (int)code - (int)ILOpCode.Ldloc_0),
        >= ILOpCode.Stloc_0 and <= ILOpCode.Stloc_3 => (ILOpCode.Stloc, (int)code - (int)ILOpCode.Stloc_0),
        >= ILOpCode.Ldc_i4_m1 and <= ILOpCode.Ldc_i4_8 => (ILOpCode.Ldc_i4, (int)code - (int)ILOpCode.Ldc_i4_0),
        >= ILOpCode.Br_s and <= ILOpCode.Blt_un_s => (code - ILOpCode.Br_s + ILOpCode.Br, operand),
        ILOpCode.Ldarg_s => (ILOpCode.Ldarg, operand),
        ILOpCode.Ldarga_s => (ILOpCode.Ldarga, operand),
        ILOpCode.Starg_s => (ILOpCode.Starg, operand),
        ILOpCode.Ldloc_s => (ILOpCode.Ldloc, operand),
        ILOpCode.Ldloca_s => (ILOpCode.Ldloca, operand),
        ILOpCode.Stloc_s => (ILOpCode.Stloc, operand),
        ILOpCode.Ldc_i4_s => (ILOpCode.Ldc_i4, operand),
        ILOpCode.Leave_s => (ILOpCode.Leave, operand),
        _ => (code, operand),
    };
}
