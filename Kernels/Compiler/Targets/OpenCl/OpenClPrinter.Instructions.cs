using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>Single instructions. Each is one statement, so that no precedence and no order of evaluation is left to the
/// C compiler.</summary>
internal sealed partial class OpenClPrinter
{
    private void Print(Instruction instruction)
    {
        switch (instruction.Opcode)
        {
            case Opcode.Store:
                PrintStore(instruction);
                break;
            case Opcode.Barrier:
                Line("barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);");
                break;
            case Opcode.Fence:
                Line("mem_fence(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);");
                break;
            case Opcode.Allocate:
                PrintAllocate(instruction);
                break;
            default:
                string expression = Expression(instruction);
                Line($"{OpenClTypes.Value(instruction.Type)} {NewName(instruction)} = {expression};");
                break;
        }
    }

    private void PrintStore(Instruction store)
    {
        string element = $"{Operand(store, 0)}[{Operand(store, 1)}]";
        Line($"{element} = {Operand(store, 2)}{(store.Operands[2].Type.IsBool ? " ? 1 : 0" : "")};");
    }

    // An array, and a pointer to it: the name of every pointer is a pointer.
    private void PrintAllocate(Instruction allocate)
    {
        string name = NewName(allocate);
        string qualifier = OpenClTypes.Qualifier(allocate.Type.Space!.Value);
        Line($"{qualifier}{OpenClTypes.Memory(allocate.Type.Scalar)} {name}_array[{Math.Max(1, allocate.Count)}];");
        Line($"{OpenClTypes.Value(allocate.Type)} {name} = {name}_array;");
    }

    private string Operand(Instruction instruction, int index) => Name(instruction.Operands[index]);

    private string Expression(Instruction i)
    {
        ScalarType type = i.Type.Scalar;
        return i.Opcode switch
        {
            <= Opcode.LeadingZeros => Unary(i.Opcode, i.Type, Operand(i, 0)),
            <= Opcode.MulHigh => Binary(i),
            <= Opcode.GreaterEqual => Comparison(i),
            Opcode.Select => $"{Operand(i, 0)} ? {Operand(i, 1)} : {Operand(i, 2)}",
            Opcode.Fma => $"fma({Operand(i, 0)}, {Operand(i, 1)}, {Operand(i, 2)})",
            Opcode.Convert => Conversion(i.Operands[0].Type.Scalar, type, Operand(i, 0)),
            Opcode.BitCast => BitCast(i.Operands[0].Type.Scalar, type, Operand(i, 0)),
            >= Opcode.GlobalIndex and <= Opcode.GridExtent => Position(i),
            Opcode.Load => $"{Operand(i, 0)}[{Operand(i, 1)}]{(i.Type.IsBool ? " != 0" : "")}",
            >= Opcode.AtomicAdd and <= Opcode.AtomicCompareExchange => Atomic(i),
            Opcode.DynamicShared or Opcode.DynamicSharedSize => DynamicShared(i),
            Opcode.PointerAdd => $"{Operand(i, 0)} + {Operand(i, 1)}",
            Opcode.PointerCast => $"({OpenClTypes.Value(i.Type)}){Operand(i, 0)}",
            >= Opcode.GroupAdd and <= Opcode.WarpShuffle => GroupOperation(i),
            _ => throw new ArgumentOutOfRangeException(nameof(i), i.Opcode, "This opcode has no translation."),
        };
    }

    private string Unary(Opcode opcode, IrType type, string x) => opcode switch
    {
        Opcode.Neg => type.IsFloat ? $"-{x}" : Wrapped(type.Scalar, $"0 - {ToUnsigned(type.Scalar, x)}"),
        Opcode.Abs => type.IsFloat ? $"fabs({x})"
            : type.Scalar.IsSigned() ? $"({OpenClTypes.Memory(type.Scalar)})abs({x})" : x,
        Opcode.Not => type.IsBool ? $"!{x}" : Wrapped(type.Scalar, $"~{x}"),
        Opcode.Sqrt => type.Scalar == ScalarType.Float64 || _traits.CorrectDivideSqrt ? $"sqrt({x})"
            : $"{_helpers.Sqrt(_traits)}({x})",
        Opcode.Floor => $"floor({x})",
        Opcode.Ceil => $"ceil({x})",
        Opcode.Truncate => $"trunc({x})",
        Opcode.Round => $"rint({x})",
        Opcode.PopCount => $"popcount({x})",

        // Drivers disagree about clz(0).
        Opcode.LeadingZeros => $"{x} == 0 ? {8 * type.Scalar.Size()} : clz({x})",
        _ => throw new ArgumentOutOfRangeException(nameof(opcode), opcode, "Not a unary opcode."),
    };

    private string Binary(Instruction i)
    {
        IrType type = i.Type;
        string x = Operand(i, 0);
        string y = Operand(i, 1);
        return i.Opcode switch
        {
            Opcode.Add => Arithmetic(type, x, "+", y),
            Opcode.Sub => Arithmetic(type, x, "-", y),
            Opcode.Mul => Arithmetic(type, x, "*", y),
            Opcode.Div when type.Scalar == ScalarType.Float32 && !_traits.CorrectDivideSqrt =>
                $"{_helpers.Divide(_traits)}({x}, {y})",
            Opcode.Div => type.IsFloat ? $"{x} / {y}" : $"{_helpers.IntegerDivide(type.Scalar)}({x}, {y})",
            Opcode.Rem => type.IsFloat ? $"fmod({x}, {y})" : $"{_helpers.IntegerRemainder(type.Scalar)}({x}, {y})",
            Opcode.Min => type.IsFloat ? $"{_helpers.Minimum(type.Scalar)}({x}, {y})" : $"min({x}, {y})",
            Opcode.Max => type.IsFloat ? $"{_helpers.Maximum(type.Scalar)}({x}, {y})" : $"max({x}, {y})",
            Opcode.And => Bitwise(type, x, "&", y),
            Opcode.Or => Bitwise(type, x, "|", y),
            Opcode.Xor => Bitwise(type, x, "^", y),
            Opcode.ShiftLeft => Wrapped(type.Scalar, $"{ToUnsigned(type.Scalar, x)} << {ShiftAmount(type, y)}"),
            Opcode.ShiftRight => Wrapped(type.Scalar, $"{x} >> {ShiftAmount(type, y)}"),
            Opcode.MulHigh => $"mul_hi({x}, {y})",
            _ => throw new ArgumentOutOfRangeException(nameof(i), i.Opcode, "Not a binary opcode."),
        };
    }

    // Signed overflow is undefined in C: integers are added as unsigned ones.
    private static string Arithmetic(IrType type, string x, string operation, string y) => type.IsFloat
        ? $"{x} {operation} {y}"
        : Wrapped(type.Scalar, $"{ToUnsigned(type.Scalar, x)} {operation} {ToUnsigned(type.Scalar, y)}");

    private static string Bitwise(IrType type, string x, string operation, string y) => type.IsBool
        ? $"({x} {operation} {y}) != 0"
        : Wrapped(type.Scalar, $"{x} {operation} {y}");

    private static string ShiftAmount(IrType type, string amount) => $"({amount} & {8 * type.Scalar.Size() - 1})";

    private static string ToUnsigned(ScalarType type, string x) =>
        type.IsSigned() ? $"({OpenClTypes.Unsigned(type)}){x}" : x;

    private static string Wrapped(ScalarType type, string expression) => $"({OpenClTypes.Memory(type)})({expression})";

    private string Comparison(Instruction i)
    {
        string operation = i.Opcode switch
        {
            Opcode.Equal => "==",
            Opcode.NotEqual => "!=",
            Opcode.Less => "<",
            Opcode.LessEqual => "<=",
            Opcode.Greater => ">",
            _ => ">=",
        };
        return $"{Operand(i, 0)} {operation} {Operand(i, 1)}";
    }

    private string Conversion(ScalarType from, ScalarType to, string x)
    {
        if (from == to)
            return x;

        // The 16-bit floats are bits here: in and out through float.
        if (from is ScalarType.Float16 or ScalarType.BFloat16)
            return Conversion(ScalarType.Float32, to, $"{_helpers.Widen(from)}({x})");

        if (to is ScalarType.Float16 or ScalarType.BFloat16)
            return $"{_helpers.Narrow(to)}({Conversion(from, ScalarType.Float32, x)})";

        if (to == ScalarType.Bool)
            return $"{x} != 0";

        if (from == ScalarType.Bool)
            return $"{x} ? 1 : 0";

        bool fromFloat = from is ScalarType.Float32 or ScalarType.Float64;
        bool toInteger = to is not (ScalarType.Float32 or ScalarType.Float64);
        return fromFloat && toInteger ? $"{_helpers.FloatToInteger(from, to)}({x})" : $"({OpenClTypes.Memory(to)}){x}";
    }

    private static string BitCast(ScalarType from, ScalarType to, string x) =>
        to == ScalarType.Bool ? $"{x} != 0"
        : from == ScalarType.Bool ? $"({OpenClTypes.Memory(to)}){x}"
        : $"as_{OpenClTypes.Memory(to)}({x})";

    private string Position(Instruction i)
    {
        int axis = (int)i.Axis;
        int rank = _kernel.Kind.Rank();
        return i.Opcode switch
        {
            Opcode.GlobalIndex when rank > 0 => axis < rank ? $"global_{axis}" : "0",
            Opcode.GlobalExtent when rank > 0 => axis < rank ? $"extent_{axis}" : "1",
            Opcode.GlobalIndex => $"(int)get_global_id({axis})",
            Opcode.GroupIndex => $"(int)get_local_id({axis})",
            Opcode.GroupExtent => $"(int)get_local_size({axis})",
            Opcode.GridIndex => $"(int)get_group_id({axis})",
            Opcode.GridExtent => $"(int)get_num_groups({axis})",
            _ => $"(int)get_global_size({axis})",
        };
    }

    private string Atomic(Instruction i)
    {
        IrType pointer = i.Operands[0].Type;
        if (pointer.Scalar.Size() == 8 && !_traits.Int64Atomics)
        {
            throw new DeviceException("CTG3007", $"Kernel '{_kernel.Name}' changes {pointer.Scalar.Name()} atomically, " +
                "which this OpenCL device lacks (cl_khr_int64_base_atomics). Use a 32-bit type, or run it on the CPU. " +
                "See docs/diagnostics.md#CTG3007");
        }

        string address = $"{Operand(i, 0)} + {Operand(i, 1)}";
        string values = string.Join(", ", i.Operands.Skip(2).Select(Name));
        return $"{_helpers.Atomic(i.Opcode, pointer.Scalar, pointer.Space!.Value, _traits)}({address}, {values})";
    }

    private string DynamicShared(Instruction i)
    {
        UsesDynamicShared = true;
        return i.Opcode == Opcode.DynamicSharedSize ? "dynamic_shared_size" : $"({OpenClTypes.Value(i.Type)})dynamic_shared";
    }

    private string GroupOperation(Instruction i)
    {
        string operands = string.Join(", ", i.Operands.Select(Name));
        if (i.Opcode.IsReduction())
        {
            _exchanges = 0;
            ScratchBytes = Math.Max(ScratchBytes, sizeof(ulong));
            return $"{_helpers.GroupReduce(i.Opcode, i.Type.Scalar, _traits)}({operands}, scratch)";
        }

        // The halves of the scratch memory take turns: the barrier inside an exchange also parts the reads of the last but one from the
        // writes of the next. The first of a region comes after who knows what.
        if (_exchanges == 0)
            Line("barrier(CLK_LOCAL_MEM_FENCE);");
        bool second = _exchanges++ % 2 == 1;
        ScratchBytes = Math.Max(ScratchBytes, (second ? 2 : 1) * sizeof(ulong));
        string scratch = second ? "scratch + ct_items()" : "scratch";
        return $"{_helpers.GroupExchange(i.Opcode, i.Type.Scalar)}({operands}, {scratch})";
    }
}
