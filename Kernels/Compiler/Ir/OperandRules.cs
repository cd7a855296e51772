namespace Cotangent.Kernels.Ir;

/// <summary>Which operand and result types each opcode takes.</summary>
internal static class OperandRules
{
    /// <summary>True for the types that arithmetic and carried values may have.</summary>
    public static bool IsArithmetic(IrType type) => type.IsFloat || IsWide(type);

    /// <summary>What is wrong with the instruction's types, or null.</summary>
    public static string? Fault(Instruction node)
    {
        int arity = Arity(node);
        if (node.Operands.Length != arity)
        {
            return $"{node.Opcode} takes {arity} operands, not {node.Operands.Length}";
        }

        if (Accepts(node))
        {
            return null;
        }

        string operands = string.Join(", ", node.Operands.Select(x => x.Type.ToString()));
        return $"{node.Opcode} does not take ({operands}) to {node.Type}";
    }

    private static int Arity(Instruction node) => node.Opcode switch
    {
        <= Opcode.LeadingZeros => 1,
        <= Opcode.GreaterEqual => 2,
        Opcode.Select or Opcode.Fma or Opcode.Store => 3,
        Opcode.AtomicCompareExchange => 4,
        Opcode.Print => node.Print?.Types.Length ?? -1,
        _ when node.Opcode.IsAtomic() => 3,
        Opcode.Convert or Opcode.BitCast or Opcode.PointerCast or Opcode.GroupAdd or Opcode.GroupMin
            or Opcode.GroupMax or Opcode.RoundTf32 => 1,
        Opcode.AsyncCopy => 4,
        Opcode.MatrixMultiplyAdd => 10,
        Opcode.Call => node.Function is MathFunction.Pow or MathFunction.Atan2 ? 2 : 1,
        Opcode.BoundsCheck or Opcode.Load or Opcode.PointerAdd or Opcode.GroupBroadcast or Opcode.GroupShuffle or Opcode.WarpShuffle
            or Opcode.Scale => 2,
        _ => 0,
    };

    private static bool Accepts(Instruction node)
    {
        IrType result = node.Type;
        IrType x = node.Operands.Length > 0 ? node.Operands[0].Type : default;
        IrType y = node.Operands.Length > 1 ? node.Operands[1].Type : default;
        IrType z = node.Operands.Length > 2 ? node.Operands[2].Type : default;
        return node.Opcode switch
        {
            Opcode.Neg or Opcode.Abs or Opcode.GroupAdd or Opcode.GroupMin or Opcode.GroupMax =>
                IsArithmetic(x) && result == x,
            Opcode.Not => IsLogical(x) && result == x,
            Opcode.Sqrt or Opcode.Floor or Opcode.Ceil or Opcode.Truncate or Opcode.Round => x.IsFloat && result == x,
            Opcode.PopCount or Opcode.LeadingZeros => IsWide(x) && result == x,
            >= Opcode.Add and <= Opcode.Max => IsArithmetic(x) && y == x && result == x,
            Opcode.And or Opcode.Or or Opcode.Xor => IsLogical(x) && y == x && result == x,
            Opcode.ShiftLeft or Opcode.ShiftRight => IsWide(x) && y == ScalarType.Int32 && result == x,
            Opcode.MulHigh => IsWide(x) && y == x && result == x,
            Opcode.Equal or Opcode.NotEqual => (IsArithmetic(x) || x.IsBool) && y == x && result.IsBool,
            >= Opcode.Less and <= Opcode.GreaterEqual => IsArithmetic(x) && y == x && result.IsBool,
            Opcode.Select => x.IsBool && (IsArithmetic(y) || y.IsBool || y.IsPointer) && z == y && result == y,
            Opcode.Fma => x.IsFloat && y == x && z == x && result == x,
            Opcode.Convert => IsScalar(x) && IsScalar(result),
            Opcode.BitCast => IsScalar(x) && IsScalar(result) && !x.IsBool && !result.IsBool
                && x.Scalar.Size() == result.Scalar.Size(),
            Opcode.Call => x.IsFloat && result == x && (node.Operands.Length == 1 || y == x),
            Opcode.Print => node.Operands.All(v => IsArithmetic(v.Type) || v.Type.IsBool) && result == ScalarType.Void,
            Opcode.BoundsCheck => IsIndex(x) && y == ScalarType.Int64 && result == x,
            >= Opcode.GlobalIndex and <= Opcode.GridExtent => result == ScalarType.Int32,
            Opcode.Load => x.IsPointer && IsIndex(y) && result == x.Element,
            Opcode.Store => x.IsPointer && IsIndex(y) && z == x.Element && result == ScalarType.Void,
            _ when node.Opcode.IsAtomic() => AcceptsAtomic(node),
            Opcode.PointerAdd => x.IsPointer && IsIndex(y) && result == x,
            Opcode.PointerCast => x.IsPointer && result.IsPointer && result.Space == x.Space,
            Opcode.Allocate => result.Space is AddressSpace.Shared or AddressSpace.Local && IsScalar(result.Element)
                && node.Count > 0,
            Opcode.DynamicShared => result.Space == AddressSpace.Shared && IsScalar(result.Element),
            Opcode.SerialGroups or Opcode.MatrixUnits => result.IsBool,
            Opcode.RoundTf32 => x == ScalarType.Float32 && result == x,
            Opcode.Scale => x == ScalarType.Float32 && y == x && result == x,
            Opcode.AsyncCopy => x.Space == AddressSpace.Shared && IsIndex(y) && z.Space == AddressSpace.Global
                && IsIndex(node.Operands[3].Type) && node.Count is 4 or 8 or 16 && result == ScalarType.Void,
            Opcode.AsyncCommit or Opcode.AsyncWait => result == ScalarType.Void,
            Opcode.MatrixMultiplyAdd => AcceptsMatrix(node),
            Opcode.DynamicSharedSize => result == ScalarType.Int32,
            Opcode.Fence or Opcode.Barrier => result == ScalarType.Void,
            Opcode.GroupBroadcast or Opcode.GroupShuffle or Opcode.WarpShuffle => (IsArithmetic(x) || x.IsBool) && y == ScalarType.Int32 && result == x,
            _ => false,
        };
    }

    private static bool AcceptsMatrix(Instruction node)
    {
        ScalarType register = node.Matrix == MatrixElement.Tf32 ? ScalarType.Float32 : ScalarType.UInt32;
        return node.Operands.Take(6).All(v => v.Type == register) && node.Operands.Skip(6).All(v => v.Type == ScalarType.Float32)
            && node.Type == ScalarType.Float32 && node.Count is >= 0 and < 4;
    }

    private static bool AcceptsAtomic(Instruction node)
    {
        IrType pointer = node.Operands[0].Type;
        bool bitwise = node.Opcode is Opcode.AtomicAnd or Opcode.AtomicOr or Opcode.AtomicXor;
        return pointer.IsPointer && pointer.Space != AddressSpace.Local && IsIndex(node.Operands[1].Type)
            && node.Operands.Skip(2).All(v => v.Type == pointer.Element) && node.Type == pointer.Element
            && (bitwise ? IsWide(node.Type) : IsArithmetic(node.Type));
    }

    private static bool IsScalar(IrType type) => !type.IsPointer && type.Scalar != ScalarType.Void;

    private static bool IsWide(IrType type) => type.IsInteger && type.Scalar.Size() >= 4;

    private static bool IsLogical(IrType type) => type.IsBool || IsWide(type);

    private static bool IsIndex(IrType type) => type == ScalarType.Int32 || type == ScalarType.Int64;
}
