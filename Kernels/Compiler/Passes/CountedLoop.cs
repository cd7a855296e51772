using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>A loop that counts: one integer parameter goes up by a constant in every round, and each round tests it
/// against a bound that does not change in the loop, before it may start another one.</summary>
/// <param name="Loop">The loop.</param>
/// <param name="Index">Which of its parameters counts.</param>
/// <param name="Step">The constant that every Continue adds; positive.</param>
/// <param name="Test">The If that decides. It stands in the outermost region of the body and nothing before it
/// continues the loop.</param>
/// <param name="Compare">The condition of Test: the counter (perhaps plus a constant) against the bound.</param>
/// <param name="StaysIfTrue">Which way the loop goes on.</param>
internal sealed record CountedLoop(Loop Loop, int Index, Constant Step, If Test, Instruction Compare, bool StaysIfTrue)
{
    /// <summary>The counter.</summary>
    public LoopParameter Counter => Loop.Parameters[Index];

    /// <summary>The loop as a counted one, or null. Front ends' shapes differ: the test may stand first or last, either
    /// arm may leave.</summary>
    public static CountedLoop? Match(Loop loop)
    {
        HashSet<INode> inside = new(loop.Body.Descendants(), ReferenceEqualityComparer.Instance);
        foreach (INode node in loop.Body.Nodes)
        {
            if (node is If test && Match(loop, test, inside) is { } match)
            {
                return match;
            }

            if (node is Structured structured
                && structured.Regions.SelectMany(Nodes.Descendants)
                    .Any(n => n is Continue again && again.Target == loop))
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>How often the body starts if the start and the bound are constants and that is at most
    /// <paramref name="limit"/>; else null. In the last round the test leaves.</summary>
    public int? Rounds(int limit)
    {
        if (Loop.Initial[Index] is not Constant start)
        {
            return null;
        }

        for (int round = 1; round <= limit; round++)
        {
            if (TestAt(CounterAt(start, round - 1)) is not { } stays)
            {
                return null;
            }

            if (!stays)
            {
                return round;
            }
        }

        return null;
    }

    /// <summary>The rounds of a counter that starts near 0, if the bound is a constant: for guesses of work.</summary>
    public long? RoundsFromZero => (Compare.Operands[0] as Constant ?? Compare.Operands[1] as Constant) is { } bound
        ? Math.Max(1, bound.AsInteger / Step.AsInteger)
        : null;

    /// <summary>The counter's value in a round, from 0.</summary>
    public Constant CounterAt(Constant start, int round)
    {
        ulong mask = ulong.MaxValue >> (64 - 8 * start.Type.Scalar.Size());
        return new Constant(start.Type, (start.Bits + (ulong)round * Step.Bits) & mask);
    }

    private bool? TestAt(Constant counter)
    {
        ulong? left = ValueAt(Compare.Operands[0], counter);
        ulong? right = ValueAt(Compare.Operands[1], counter);
        return left is { } x && right is { } y ? Semantics.Evaluate(Compare, [x, y]) != 0 == StaysIfTrue : null;
    }

    private ulong? ValueAt(Value value, Constant counter) => value switch
    {
        Constant c => c.Bits,
        LoopParameter p when p == Counter => counter.Bits,
        Instruction { Opcode: Opcode.Add, Operands: [LoopParameter p, Constant c] } add when p == Counter =>
            Semantics.Evaluate(add, [counter.Bits, c.Bits]),
        _ => null,
    };

    private static CountedLoop? Match(Loop loop, If test, HashSet<INode> inside)
    {
        bool thenLeaves = Leaves(test.Then, loop);
        if (thenLeaves == Leaves(test.Else, loop)
            || test.Condition is not Instruction { Opcode: >= Opcode.Equal and <= Opcode.GreaterEqual } compare)
        {
            return null;
        }

        Continue[] again = [.. loop.Body.Descendants().OfType<Continue>().Where(c => c.Target == loop)];
        for (int i = 0; i < loop.Parameters.Length; i++)
        {
            LoopParameter counter = loop.Parameters[i];
            bool left = Counts(compare.Operands[0], counter) && IsFixed(compare.Operands[1]);
            bool right = Counts(compare.Operands[1], counter) && IsFixed(compare.Operands[0]);
            Opcode stays = compare.Opcode;
            bool towards = left ? stays is Opcode.Less or Opcode.LessEqual or Opcode.NotEqual
                : stays is Opcode.Greater or Opcode.GreaterEqual or Opcode.NotEqual;
            bool away = left ? stays is Opcode.Greater or Opcode.GreaterEqual or Opcode.Equal
                : stays is Opcode.Less or Opcode.LessEqual or Opcode.Equal;
            if ((left || right) && counter.Type.IsInteger && StepOf(again, counter, i) is { } step
                && (thenLeaves ? away : towards))
            {
                return new CountedLoop(loop, i, step, test, compare, !thenLeaves);
            }
        }

        return null;

        bool IsFixed(Value value) => value is Constant or Parameter
            || (value is Instruction instruction && !inside.Contains(instruction))
            || (value is Result result && !inside.OfType<Structured>().Any(s => s.Results.Contains(result)))
            || (value is LoopParameter p && !loop.Parameters.Contains(p)
                && !inside.OfType<Loop>().Any(l => l.Parameters.Contains(p)));
    }

    private static bool Leaves(Region region, Loop loop) =>
        region.Terminator is Break leave && leave.Target == loop && !region.Nodes.Any(n => n is Structured);

    private static bool Counts(Value value, LoopParameter counter) => value == counter
        || (value is Instruction { Opcode: Opcode.Add, Operands: [var p, Constant] } && p == counter);

    private static Constant? StepOf(Continue[] again, LoopParameter counter, int index)
    {
        Constant? step = null;
        foreach (Continue c in again)
        {
            if (c.Arguments[index] is not Instruction { Opcode: Opcode.Add } add)
            {
                return null;
            }

            Constant? found = add.Operands[0] == counter ? add.Operands[1] as Constant
                : add.Operands[1] == counter ? add.Operands[0] as Constant
                : null;
            if (found is null || found.AsInteger <= 0 || (step is not null && step.Bits != found.Bits))
            {
                return null;
            }

            step = found;
        }

        return step;
    }
}
