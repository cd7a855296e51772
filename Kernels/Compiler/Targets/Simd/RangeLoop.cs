using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>A loop in the shape that <see cref="Builder.For"/> makes: <c>Loop(i, carried) { test = i &lt; end; If(test) { …;
/// Continue(i + step, …) } else { Break(carried) } Unreachable }</c>.</summary>
internal sealed record RangeLoop(Loop Loop, If Test, LoopParameter Index, Value End, Value? Step)
{
    /// <summary>The way out.</summary>
    public Break Exit => (Break)Test.Else.Terminator;

    /// <summary>The parts of <paramref name="loop"/> if it has this shape; else null.</summary>
    public static RangeLoop? Match(Loop loop)
    {
        List<INode> body = loop.Body.Nodes;
        if (body is not [Instruction { Opcode: Opcode.Less } compare, If test, Unreachable] || test.Condition != compare
            || compare.Operands[0] is not LoopParameter index || !loop.Parameters.Contains(index))
            return null;

        bool ends = test.Then.Terminator is Continue next && next.Target == loop
            && test.Else.Nodes is [Break exit] && exit.Target == loop;
        if (!ends || Defines(loop, compare.Operands[1]))
            return null;
        Value? step = ((Continue)test.Then.Terminator).Arguments[loop.Parameters.IndexOf(index)] switch
        {
            Instruction { Opcode: Opcode.Add } add when add.Operands[0] == index => add.Operands[1],
            Instruction { Opcode: Opcode.Add } add when add.Operands[1] == index => add.Operands[0],
            _ => null,
        };
        return new(loop, test, index, compare.Operands[1], step);
    }

    private static bool Defines(Loop loop, Value value) => value is LoopParameter parameter && loop.Parameters.Contains(parameter);
}
