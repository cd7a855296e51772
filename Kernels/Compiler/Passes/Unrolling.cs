using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Repeats the bodies of counted loops with few rounds. Each round becomes a Block whose break goes to the
/// next one; the folder then decides the tests and dissolves the blocks. Inner loops go first: an outer loop follows in
/// a later run, if by then no loop is left in it or it indexes a local array, which only constants let live in
/// registers.</summary>
internal sealed class Unrolling : Rewriter
{
    private const int MostRounds = 32;
    private const int MostNodes = 2048;

    // More than it expands to: with a call in it a loop's own cost hardly matters.
    private const int NodesOfCall = 256;

    private readonly Dictionary<Loop, Block> _rounds = new(ReferenceEqualityComparer.Instance);

    public static Kernel Unroll(Kernel kernel) =>
        kernel.Body.Contains<Loop>() ? new Unrolling().RunOrKeep(kernel) : kernel;

    protected override void Visit(Loop old)
    {
        if (Plan(old) is { } plan)
        {
            Unroll(plan.Loop, plan.Rounds);
        }
        else
        {
            base.Visit(old);
        }
    }

    protected override void Visit(Continue old)
    {
        if (_rounds.TryGetValue(old.Target, out Block? round))
        {
            Output.Append(new Break(round, Get(old.Arguments)));
        }
        else
        {
            base.Visit(old);
        }
    }

    private void Unroll(CountedLoop counted, int rounds)
    {
        HasChanged = true;
        Loop old = counted.Loop;
        Block exit = new(Types(old));
        Map(old, exit);
        Output.Within(exit.Body, () =>
        {
            ImmutableArray<Value> carried = Get(old.Initial);
            for (int round = 0; round < rounds; round++)
            {
                carried = Repeat(counted, round, carried);
            }

            Output.Append(new Unreachable());
        });
        Output.Append(exit);
        MapResults(old, [.. exit.Results]);
    }

    private ImmutableArray<Value> Repeat(CountedLoop counted, int round, ImmutableArray<Value> carried)
    {
        Loop old = counted.Loop;
        for (int i = 0; i < carried.Length; i++)
        {
            Map(old.Parameters[i], i == counted.Index ? counted.CounterAt((Constant)old.Initial[i], round)
                : carried[i]);
        }

        Block block = new([.. old.Parameters.Select(p => p.Type)]);
        _rounds[old] = block;
        Output.Within(block.Body, () => Visit(old.Body));
        Output.Append(block);
        return [.. block.Results];
    }

    /// <summary>How many copies of a loop's body the pass makes; null if it leaves the loop.</summary>
    public static int? Copies(Loop loop) => Plan(loop)?.Rounds;

    private static (CountedLoop Loop, int Rounds)? Plan(Loop loop)
    {
        INode[] inside = [.. loop.Body.Descendants()];
        bool innermost = !inside.Any(n => n is Loop);
        bool worthwhile = innermost
            || (inside.Any(IsLocalAccess) && !inside.OfType<Loop>().Any(l => Plan(l) is not null));
        return worthwhile && CountedLoop.Match(loop) is { } counted && counted.Rounds(MostRounds + 1) is { } rounds
            && inside.Sum(Size) * rounds <= MostNodes ? (counted, rounds) : null;
    }

    /// <summary>A call stands for its body, which is expanded later.</summary>
    private static int Size(INode node) => node is Instruction { Opcode: Opcode.Call } ? NodesOfCall : 1;

    private static bool IsLocalAccess(INode node) =>
        node is Instruction { Opcode: Opcode.Load or Opcode.Store } access
            && access.Operands[0].Type.Space == AddressSpace.Local;
}
