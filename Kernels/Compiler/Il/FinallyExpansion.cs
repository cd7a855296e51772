using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;

namespace Cotangent.Kernels.Il;

/// <summary>Rewrites try/finally as straight code: nothing is thrown in a kernel, so the finally block runs exactly where control
/// leaves the try block, and each <c>leave</c> gets its own copy of it.</summary>
internal static class FinallyExpansion
{
    /// <summary>The instructions with finally blocks copied to where control leaves for them, numbered anew.</summary>
    /// <exception cref="RefusalException">A finally block has exception handling of its own.</exception>
    public static ImmutableArray<IlInstruction> Run(ImmutableArray<IlInstruction> code, IList<ExceptionHandlingClause> clauses)
    {
        // Offsets of the result: what stands at an old offset keeps it, times a factor that leaves room for copies behind it.
        List<(IlInstruction Instruction, Func<long, int> Target)> result = [];
        Dictionary<int, int> moved = [];
        foreach (IlInstruction instruction in code)
        {
            moved[instruction.Offset] = result.Count;
            if (instruction.Code != ILOpCode.Leave)
            {
                result.Add((instruction, t => moved[(int)t]));
                continue;
            }

            foreach (ExceptionHandlingClause clause in Left(clauses, instruction))
                Copy(code, clause, result);
            result.Add((instruction with { Code = ILOpCode.Br }, t => moved[(int)t]));
        }

        // Behind the last instruction.
        moved[code[^1].Next] = result.Count;
        return [.. result.Select((item, i) => Renumber(item.Instruction, item.Target, i))];
    }

    /// <summary>The try blocks with a finally that a <c>leave</c> leaves, the innermost first.</summary>
    private static IEnumerable<ExceptionHandlingClause> Left(IList<ExceptionHandlingClause> clauses, IlInstruction leave) => clauses
        .Where(c => IsIn(leave.Offset, c.TryOffset, c.TryLength) && !IsIn(leave.Operand, c.TryOffset, c.TryLength))
        .OrderBy(c => c.TryLength);

    private static bool IsIn(long offset, int start, int length) => offset >= start && offset < start + length;

    private static void Copy(ImmutableArray<IlInstruction> code, ExceptionHandlingClause clause,
        List<(IlInstruction Instruction, Func<long, int> Target)> result)
    {
        IlInstruction[] handler = [.. code.Where(i => IsIn(i.Offset, clause.HandlerOffset, clause.HandlerLength))];
        if (handler.Any(i => i.Code == ILOpCode.Leave))
            throw new RefusalException(Diagnostics.ExceptionUse, "A finally block contains try, catch or finally.");
        Dictionary<int, int> at = [];
        int end = result.Count + handler.Length;
        foreach (IlInstruction instruction in handler)
        {
            at[instruction.Offset] = result.Count;
            result.Add(instruction.Code == ILOpCode.Endfinally
                ? (instruction with { Code = ILOpCode.Br }, _ => end)
                : (instruction, t => at[(int)t]));
        }
    }

    private static IlInstruction Renumber(IlInstruction instruction, Func<long, int> target, int offset)
    {
        bool branches = instruction.Code == ILOpCode.Br || instruction.IsConditionalBranch;
        return instruction with
        {
            Offset = offset,
            Next = offset + 1,
            Source = instruction.Source,
            Operand = branches ? target(instruction.Operand) : instruction.Operand,
            Targets = instruction.Targets is { } targets ? [.. targets.Select(t => target(t))] : null,
        };
    }
}
