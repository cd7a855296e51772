using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

// Indices and addresses that branches and loops pass on (a reference that is chosen, or moves in a loop): whether they are valid goes
// with them, as one result or loop parameter more.
internal sealed partial class Reports
{
    // Values of the source that a check may have failed for.
    private readonly HashSet<Value> _doubtful = new(ReferenceEqualityComparer.Instance);

    private void FindDoubtful(Kernel kernel)
    {
        INode[] nodes = [.. kernel.Body.Descendants()];
        for (int before = -1; before != _doubtful.Count;)
        {
            before = _doubtful.Count;
            foreach (INode node in nodes)
            {
                switch (node)
                {
                    case Instruction x when x.Opcode == Opcode.BoundsCheck
                        || ((IsAddress(x) || x.Opcode == Opcode.Select) && x.Operands.Any(_doubtful.Contains)):
                        _doubtful.Add(x);
                        break;
                    case Loop loop:
                        Pass(loop.Initial, loop.Parameters);
                        break;
                    case Continue again:
                        Pass(again.Arguments, again.Target.Parameters);
                        break;
                    case Break leave:
                        Pass(leave.Arguments, leave.Target.Results);
                        break;
                }
            }
        }

        void Pass(IReadOnlyList<Value> from, IReadOnlyList<Value> to)
        {
            for (int i = 0; i < to.Count; i++)
            {
                if (_doubtful.Contains(from[i]))
                    _doubtful.Add(to[i]);
            }
        }
    }

    protected override void Visit(If old)
    {
        If copy = new(Get(old.Condition), ResultTypes(old));
        Finish(old, copy);
        NoteValid(old.Results, copy.Results);
    }

    protected override void Visit(Block old)
    {
        Block copy = new(ResultTypes(old));
        Finish(old, copy);
        NoteValid(old.Results, copy.Results);
    }

    protected override void Visit(Loop old)
    {
        Loop copy = new(WithValid(old.Initial, old.Parameters), ResultTypes(old));
        for (int i = 0; i < old.Parameters.Length; i++)
            Map(old.Parameters[i], copy.Parameters[i]);
        NoteValid(old.Parameters, copy.Parameters);
        Finish(old, copy);
        NoteValid(old.Results, copy.Results);
    }

    protected override void Visit(Break old) =>
        Output.Append(new Break(GetTarget(old.Target), WithValid(old.Arguments, old.Target.Results)));

    protected override void Visit(Continue old) =>
        Output.Append(new Continue((Loop)GetTarget(old.Target), WithValid(old.Arguments, old.Target.Parameters)));

    private ImmutableArray<IrType> ResultTypes(Structured old) =>
        [.. Types(old), .. old.Results.Where(_doubtful.Contains).Select(_ => (IrType)ScalarType.Bool)];

    /// <summary>The values for some targets, then whether those for the doubtful ones are valid.</summary>
    private ImmutableArray<Value> WithValid(ImmutableArray<Value> values, IReadOnlyList<Value> targets) =>
        [.. Get(values), .. values.Where((_, i) => _doubtful.Contains(targets[i])).Select(v => ValidOf(Get(v)))];

    private Value ValidOf(Value value) => _valid.GetValueOrDefault(value) ?? Constant.Of(true);

    private void NoteValid(IReadOnlyList<Value> old, IReadOnlyList<Value> copies)
    {
        int next = old.Count;
        for (int i = 0; i < old.Count; i++)
        {
            if (_doubtful.Contains(old[i]))
                _valid[copies[i]] = copies[next++];
        }
    }
}
