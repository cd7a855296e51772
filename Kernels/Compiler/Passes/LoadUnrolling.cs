using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Runs four rounds at a time of counted loops that read global memory, so that four loads are under way at once: processors that
/// hide a load's time behind other work have too few items for it with one load each.</summary>
/// <remarks>
/// <c>for (i = a; i &lt; n; i += s) body</c> becomes <c>for (i = a; i &lt; n − 3s; i += 4s) body body body body</c>, and the loop itself
/// for the rest. The rounds stay in their order: no sum changes. Where n − 3s wraps around, the loop for the rest does everything. Of
/// kernels whose <see cref="Kernel.StoresAreFinal"/> the stores of the four rounds come after their loads; loops of other kernels that
/// store are left alone.
/// </remarks>
internal sealed class LoadUnrolling : Rewriter
{
    private const int Rounds = 4;
    private const int MostNodes = 64;

    private readonly bool _storesAreFinal;
    private readonly List<Instruction> _stores = [];
    private bool _isInFours;

    private LoadUnrolling(Kernel kernel) => _storesAreFinal = kernel.StoresAreFinal;

    public static Kernel Unroll(Kernel kernel)
    {
        Kernel unrolled = new LoadUnrolling(kernel).Run(kernel);
        return DeadCode.Remove(CommonSubexpressions.Merge(Folding.Fold(unrolled)));
    }

    protected override void Visit(Loop old)
    {
        ImmutableArray<Value> initial = Get(old.Initial);
        if (Plan(old) is { } plan)
            initial = EmitFours(plan, initial);
        Loop copy = new(initial, Types(old));
        for (int i = 0; i < old.Parameters.Length; i++)
            Map(old.Parameters[i], copy.Parameters[i]);
        Finish(old, copy);
    }

    // x + (y + c) → (x + y) + c: the rounds' indices then differ by constants, which stand in the loads' addresses.
    protected override Value Visit(Instruction old, ImmutableArray<Value> operands)
    {
        if (_isInFours && old.Opcode == Opcode.Store)
        {
            Instruction store = Clone(old, operands);
            _stores.Add(store);
            return store;
        }

        if (!_isInFours || old.Opcode != Opcode.Add || !old.Type.IsInteger)
            return base.Visit(old, operands);
        return (operands[0], operands[1]) switch
        {
            (var x, Instruction { Opcode: Opcode.Add, Operands: [var y, Constant c] }) when x is not Constant => Output.Add(Output.Add(x, y), c),
            (Instruction { Opcode: Opcode.Add, Operands: [var x, Constant c] }, var y) when y is not Constant => Output.Add(Output.Add(x, y), c),
            (Instruction { Opcode: Opcode.Add, Operands: [var x, Constant c] }, Constant d) =>
                Output.Add(x, new Constant(old.Type, Semantics.Evaluate(old, [c.Bits, d.Bits]))),
            _ => base.Visit(old, operands),
        };
    }

    /// <summary>Writes the loop of four rounds; what its parameters are when fewer are left.</summary>
    private ImmutableArray<Value> EmitFours(LoopOfLoads plan, ImmutableArray<Value> initial)
    {
        Loop old = plan.Counted.Loop;
        ScalarType type = plan.Counted.Counter.Type.Scalar;
        Value bound = Get(plan.Bound);
        Value early = Output.Sub(bound, Constant.Of(type, (Rounds - 1) * plan.Counted.Step.AsInteger));
        Value fits = Output.Compare(Opcode.Less, early, bound);
        Loop fours = new(initial, [.. initial.Select(v => v.Type)]);
        _isInFours = true;
        Output.Within(fours.Body, () =>
        {
            Value test = Output.Binary(Opcode.And, Output.Compare(Opcode.Less, fours.Parameters[plan.Counted.Index], early), fits);
            If choice = new(test);
            Output.Within(choice.Then, () =>
            {
                ImmutableArray<Value> values = [.. fours.Parameters];
                for (int round = 0; round < Rounds; round++)
                {
                    for (int i = 0; i < values.Length; i++)
                        Map(old.Parameters[i], values[i]);
                    foreach (Instruction node in plan.Body)
                        Visit((INode)node);
                    values = Get(plan.Next.Arguments);
                }

                _stores.ForEach(s => Output.Append(s));
                _stores.Clear();
                Output.Append(new Continue(fours, values));
            });
            Output.Within(choice.Else, () => Output.Append(new Break(fours, [.. fours.Parameters])));
            Output.Append(choice);
            Output.Append(new Unreachable());
        });
        _isInFours = false;
        Output.Append(fours);
        return [.. fours.Results];
    }

    private LoopOfLoads? Plan(Loop loop)
    {
        if (CountedLoop.Match(loop) is not { } counted || BoundOf(counted) is not { } bound)
            return null;

        // Straight code before the test and in the arm that stays; the other arm only leaves.
        (Region stays, Region leaves) = counted.StaysIfTrue
            ? (counted.Test.Then, counted.Test.Else)
            : (counted.Test.Else, counted.Test.Then);
        if (loop.Body.Nodes is not [.., If last, Unreachable] || last != counted.Test || leaves.Nodes is not [Break]
            || stays.Terminator is not Continue next || next.Target != loop)
            return null;
        INode[] body = [.. loop.Body.Nodes.SkipLast(2), .. stays.Nodes.SkipLast(1)];
        return body.Length <= MostNodes
            && body.All(n => n is Instruction { HasEffect: false } || (_storesAreFinal && n is Instruction { Opcode: Opcode.Store }))
            && body.Any(n => n is Instruction { Opcode: Opcode.Load } load && load.Operands[0].Type.Space == AddressSpace.Global)
            ? new(counted, bound, [.. body.Cast<Instruction>()], next)
            : null;
    }

    /// <summary>n, where the loop goes on while its counter is below n; else null.</summary>
    private static Value? BoundOf(CountedLoop counted)
    {
        Opcode stays = counted.StaysIfTrue ? Opcode.Less : Opcode.GreaterEqual;
        Instruction compare = counted.Compare;
        bool isSigned = counted.Counter.Type.Scalar is ScalarType.Int32 or ScalarType.Int64;
        return isSigned && compare.Opcode == stays && compare.Operands[0] == counted.Counter
            && counted.Step.AsInteger < 1 << 24 ? compare.Operands[1] : null;
    }

    private sealed record LoopOfLoads(CountedLoop Counted, Value Bound, ImmutableArray<Instruction> Body, Continue Next);
}
