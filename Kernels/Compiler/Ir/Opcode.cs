namespace Cotangent.Kernels.Ir;

/// <summary>What an <see cref="Instruction"/> does. Operand and result types are those of the operands unless
/// said.</summary>
/// <remarks>
/// The meaning is the same on every target and in the interpreter, bit for bit: IEEE 754 for floats (round to nearest
/// even, no contraction, subnormals kept), two's complement wrap-around for integers. Only the sign and payload of a
/// NaN that an operation makes are left open. Which types an opcode takes is in <see cref="Verifier"/>; what it
/// computes, as code, in <see cref="Semantics"/>.
/// </remarks>
internal enum Opcode : byte
{
    // Unary, float and integer where it makes sense.

    /// <summary>−x. For floats flips the sign bit.</summary>
    Neg,

    /// <summary>|x|. For floats clears the sign bit; |int.MinValue| wraps.</summary>
    Abs,

    /// <summary>Logical not of a Bool, bitwise complement of an integer.</summary>
    Not,

    /// <summary>Correctly rounded square root.</summary>
    Sqrt,

    Floor,
    Ceil,

    /// <summary>Rounds towards zero.</summary>
    Truncate,

    /// <summary>Rounds to the nearest integer, ties to even.</summary>
    Round,

    /// <summary>The number of one bits of an integer, in the operand's type.</summary>
    PopCount,

    /// <summary>The number of leading zero bits of an integer, in the operand's type.</summary>
    LeadingZeros,

    // Binary.
    Add,
    Sub,
    Mul,

    /// <summary>Float: correctly rounded. Integer: towards zero; by zero the value is unspecified but nothing traps;
    /// MinValue / −1 wraps.</summary>
    Div,

    /// <summary>Remainder with the sign of the dividend (C# <c>%</c>); as <see cref="Div"/> for a zero divisor. Floats:
    /// exact fmod.</summary>
    Rem,

    /// <summary>IEEE 754-2019 minimum, as <c>MathF.Min</c>: NaN if either is NaN, −0 below +0.</summary>
    Min,

    /// <summary>IEEE 754-2019 maximum, as <c>MathF.Max</c>.</summary>
    Max,

    /// <summary>Bitwise on integers, logical on Bool.</summary>
    And,
    Or,
    Xor,

    /// <summary>Shift left; the amount (an Int32) is taken modulo the width, as in C#.</summary>
    ShiftLeft,

    /// <summary>Shift right: arithmetic for signed types, logical for unsigned; amount as in
    /// <see cref="ShiftLeft"/>.</summary>
    ShiftRight,

    /// <summary>The high half of the full product of two integers.</summary>
    MulHigh,

    // Comparisons: two operands of one type, Bool result. Ordered (false with NaN) except NotEqual (true with NaN).
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,

    // Ternary.

    /// <summary>operand 0 (Bool) ? operand 1 : operand 2. No side is evaluated lazily.</summary>
    Select,

    /// <summary>Fused multiply-add, a·b + c with one rounding.</summary>
    Fma,

    // Conversions.

    /// <summary>Numeric conversion to the instruction's type. Float to integer truncates and saturates, NaN gives 0
    /// (C# semantics since .NET 9), for the narrow types too; integer to integer wraps; Bool to number gives 0 or 1;
    /// number to Bool is x != 0. Every conversion rounds once, to nearest even, but for those to Float16 and BFloat16,
    /// which go through Float32.</summary>
    Convert,

    /// <summary>The same bits as another type of the same size.</summary>
    BitCast,

    // Transcendental library call, see Instruction.Function. Expanded by a pass before a target sees it.
    Call,

    /// <summary>Float32 → the nearest tf32 number (11 bits of precision, ties away from zero) as Float32. Stands only behind
    /// <see cref="MatrixUnits"/>.</summary>
    RoundTf32,

    /// <summary>m, n → m·2^n, rounded once, of Float32; n is an integer, or NaN where m is. Made by the SIMD target for processors that have
    /// it; nothing else sees it.</summary>
    Scale,

    /// <summary>index (Int32 or Int64), length (Int64) → the index: it is to be at least 0 and below the length, see
    /// Instruction.Site. Made by the front end for devices that check, and expanded before anything else sees
    /// it.</summary>
    BoundsCheck,

    /// <summary>values → Void: text for the host, see Instruction.Print. Expanded as BoundsCheck is.</summary>
    Print,

    // Where am I: Int32 results, see Instruction.Axis for X, Y, Z.

    /// <summary>The index of this work item in the launched range (Range kernels) or GridIdx·GroupDim +
    /// GroupIdx.</summary>
    GlobalIndex,

    /// <summary>The extent of the launched range (Range kernels only).</summary>
    GlobalExtent,

    /// <summary>The work item's index in its group.</summary>
    GroupIndex,

    /// <summary>Work items a group.</summary>
    GroupExtent,

    /// <summary>The group's index in the grid.</summary>
    GridIndex,

    /// <summary>Groups in the grid.</summary>
    GridExtent,

    // Memory. A pointer operand, then an element index (Int32 or Int64).

    /// <summary>pointer, index → element.</summary>
    Load,

    /// <summary>pointer, index, value → Void.</summary>
    Store,

    // Atomic operations: pointer, index, value → the old element. Relaxed order. Global or Shared memory; Int32, UInt32,
    // Int64, UInt64, Float32, Float64, of which the bitwise ones take the integers.
    AtomicAdd,

    /// <summary>The smaller of the element and the value, as <see cref="Min"/>.</summary>
    AtomicMin,

    /// <summary>The larger of the element and the value, as <see cref="Max"/>.</summary>
    AtomicMax,
    AtomicAnd,
    AtomicOr,
    AtomicXor,

    /// <summary>The value replaces the element.</summary>
    AtomicExchange,

    /// <summary>pointer, index, comparand, value → the old element. The value replaces the element if that has the
    /// comparand's bits (a float is compared by its bits: NaN equals the same NaN, −0 is not +0).</summary>
    AtomicCompareExchange,

    /// <summary>pointer, count of elements → pointer to that element (an ArrayView's SubView).</summary>
    PointerAdd,

    /// <summary>The same address as a pointer to elements of another type in the same space.</summary>
    PointerCast,

    /// <summary>Allocates Instruction.Count elements in Shared or Local space: the pointer. Only in the outermost
    /// region. Contents are undefined at start (zero on the interpreter's request, to find bugs).</summary>
    Allocate,

    /// <summary>The start of the shared memory whose size the launch gives, as a pointer to elements of any type.
    /// Grouped kernels; all of these are the same memory.</summary>
    DynamicShared,

    /// <summary>The bytes of <see cref="DynamicShared"/> memory: Int32, the same for the whole launch.</summary>
    DynamicSharedSize,

    /// <summary>Bool, a constant of the target: true where one work item does a group's work in less time than all with barriers
    /// between them (processors behind OpenCL). Resolved before other passes; no result may depend on it.</summary>
    SerialGroups,

    /// <summary>Bool, a constant of the target: true where there are <see cref="MatrixMultiplyAdd"/>, <see cref="RoundTf32"/> and
    /// <see cref="AsyncCopy"/>. Resolved before other passes; where it is false, what stands behind it is never seen.</summary>
    MatrixUnits,

    /// <summary>Shared pointer, index, Global pointer, index: copies Instruction.Count bytes (4, 8 or 16; both addresses multiples of
    /// it) at some time before a wait for the batch that it is in.</summary>
    AsyncCopy,

    /// <summary>Ends a batch of this work item's copies.</summary>
    AsyncCommit,

    /// <summary>Waits for all of this work item's batches but the last Instruction.Count.</summary>
    AsyncWait,

    /// <summary>Orders this work item's accesses to memory before and after it for the observers that
    /// Instruction.Scope names. Waits for no one.</summary>
    Fence,

    // Group-wide operations: control flow must be group-uniform here.

    /// <summary>Waits for all work items of the group and makes their shared and global writes visible.</summary>
    Barrier,

    /// <summary>Sum over the group's work items, in a fixed tree; the result is the same for all. With n items, p = the
    /// smallest power of two ≥ n; for s = p/2, p/4, …, 1: item i &lt; s with i + s &lt; n adds item i+s's value: v[i] =
    /// v[i] + v[i+s]; the result is v[0]. Items count X fastest, then Y, then Z. Every target uses this order, so that
    /// float sums agree bit for bit.</summary>
    GroupAdd,

    /// <summary>Minimum over the group.</summary>
    GroupMin,

    /// <summary>Maximum over the group.</summary>
    GroupMax,

    /// <summary>value, Int32 index of a work item (X fastest; the same for all items) → that item's value, for
    /// all.</summary>
    GroupBroadcast,

    /// <summary>value, Int32 number of a work item in the group (X fastest; may differ by item) → that item's value; the
    /// item's own where there is no such item.</summary>
    GroupShuffle,

    /// <summary>value, Int32 lane → the value of that lane of the own warp; the item's own where there is no such lane.
    /// A warp is 32 items with consecutive numbers (X fastest) on every device; the last of a group may have
    /// fewer.</summary>
    WarpShuffle,

    /// <summary>Component Instruction.Count (0 to 3) of a lane's part of sums + A·B, by the warp: 4 registers of A, 2 of B, 4 sums
    /// (Float32), laid out as <see cref="MmaSums"/> and the others say. Registers are Float32 for tf32, else UInt32 with two numbers
    /// of Instruction.Matrix. The four components of one product stand one after the other.</summary>
    MatrixMultiplyAdd,
}

/// <summary>The numbers of a <see cref="Opcode.MatrixMultiplyAdd"/>.</summary>
internal enum MatrixElement : byte { Tf32, Float16, BFloat16 }

/// <summary>Who sees memory accesses in the order of a <see cref="Opcode.Fence"/>.</summary>
internal enum MemoryScope : byte { Group, Device, System }

/// <summary>Facts about opcodes.</summary>
internal static class Opcodes
{
    /// <summary>Work items of a warp.</summary>
    public const int WarpSize = 32;

    /// <summary>True for reading, changing and writing an element in one step.</summary>
    public static bool IsAtomic(this Opcode opcode) =>
        opcode is >= Opcode.AtomicAdd and <= Opcode.AtomicCompareExchange;

    /// <summary>True for the sum, minimum or maximum over the group.</summary>
    public static bool IsReduction(this Opcode opcode) => opcode is >= Opcode.GroupAdd and <= Opcode.GroupMax;

    /// <summary>True for the operations to which all items of a group must come together.</summary>
    public static bool IsGroupWide(this Opcode opcode) => opcode >= Opcode.Barrier;

    /// <summary>True for GroupShuffle and WarpShuffle.</summary>
    public static bool IsShuffle(this Opcode opcode) => opcode is Opcode.GroupShuffle or Opcode.WarpShuffle;
}

/// <summary>Coordinates of launches; X varies fastest.</summary>
internal enum Axis : byte { X, Y, Z }

/// <summary>The functions behind <see cref="Opcode.Call"/>, on Float32 or Float64; C# semantics of <c>Math</c> for
/// special values.</summary>
internal enum MathFunction : byte
{
    Exp, Exp2, Expm1, Log, Log2, Log10, Log1p, Sin, Cos, Tan, Asin, Acos, Atan, Atan2, Sinh, Cosh, Tanh, Asinh, Acosh,
    Atanh,
    Pow, Cbrt, Erf, Erfc,
}
