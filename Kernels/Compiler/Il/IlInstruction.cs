using System.Reflection.Metadata;

namespace Cotangent.Kernels.Il;

/// <summary>One decoded IL instruction, short forms widened (<c>ldloc.1</c> is <c>ldloc 1</c>, <c>br.s</c> is <c>br</c>).</summary>
/// <param name="Offset">Where it starts in the method's IL, prefixes included.</param>
/// <param name="Code">The operation.</param>
/// <param name="Operand">An integer, the raw bits of a float, a token, a variable's number, or a branch's target offset.</param>
/// <param name="Next">The offset behind it.</param>
/// <param name="Constrained">The type token of a <c>constrained.</c> prefix, or 0.</param>
/// <param name="Targets">For <c>switch</c>: the target offsets.</param>
internal readonly record struct IlInstruction(
    int Offset, ILOpCode Code, long Operand, int Next, int Constrained = 0, int[]? Targets = null)
{
    /// <summary>Where it stands in the method's IL, for diagnostics: instructions may be copied.</summary>
    public int Source { get; init; } = Offset;

    /// <summary>True if control never falls to the next instruction.</summary>
    public bool EndsFlow => Code is ILOpCode.Br or ILOpCode.Ret or ILOpCode.Throw or ILOpCode.Rethrow or ILOpCode.Jmp
        or ILOpCode.Leave or ILOpCode.Endfinally;

    /// <summary>True for one- and two-operand conditional branches.</summary>
    public bool IsConditionalBranch => Code is ILOpCode.Brtrue or ILOpCode.Brfalse
        or (>= ILOpCode.Beq and <= ILOpCode.Blt_un);
}
