using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Removes what no effect depends on: instructions, results, loop parameters (also those that only feed
/// themselves), and structured nodes without effect. A loop goes only if it is counted, so that it surely
/// ends.</summary>
internal sealed class DeadCode : Rewriter
{
    private readonly IdentityMap<object, bool> _live;
    private readonly IdentityMap<object, Structured?> _parents;
    private readonly IdentityMap<Value, (Structured Owner, int Index)> _results = new();
    private readonly Dictionary<Structured, List<Terminator>> _breaks = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Structured, List<Terminator>> _continues = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Structured, List<Structured>> _escaping = new(ReferenceEqualityComparer.Instance);
    private readonly Stack<object> _work = new();

    // Of instructions, structured nodes, results and loop parameters.
    private int _count;

    private DeadCode(Kernel kernel)
    {
        _live = new(kernel.Body.Nodes.Count);
        _parents = new(kernel.Body.Nodes.Count);
        List<object> roots = [];
        Scan(kernel.Body, null, roots);
        roots.ForEach(MarkNode);
        while (_work.TryPop(out object? item))
        {
            Propagate(item);
        }
    }

    public static Kernel Remove(Kernel kernel)
    {
        DeadCode pass = new(kernel);
        return pass._live.Count == pass._count ? kernel : pass.RunOrKeep(kernel);
    }

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands) => Output.Append(Keep(old, operands));

    protected override void Visit(Region region)
    {
        MakeRoom(region);
        foreach (INode node in region.Nodes)
        {
            if (node is Terminator || _live.ContainsKey(node))
            {
                Visit(node);
            }
            else
            {
                HasChanged = true;
            }
        }
    }

    protected override void Visit(If old) => FinishLive(old, new If(Get(old.Condition), LiveTypes(old)));

    protected override void Visit(Block old) => FinishLive(old, new Block(LiveTypes(old)));

    protected override void Visit(Loop old)
    {
        int[] kept = [.. Kept(old.Parameters)];
        HasChanged |= kept.Length < old.Parameters.Length;
        Loop copy = new([.. kept.Select(i => Get(old.Initial[i]))], LiveTypes(old));
        for (int i = 0; i < kept.Length; i++)
        {
            Map(old.Parameters[kept[i]], copy.Parameters[i]);
        }

        FinishLive(old, copy);
    }

    protected override void Visit(Break old) =>
        Output.Append(new Break(GetTarget(old.Target),
            [.. Kept(old.Target.Results).Select(i => Get(old.Arguments[i]))]));

    protected override void Visit(Continue old) =>
        Output.Append(new Continue((Loop)GetTarget(old.Target),
            [.. Kept(old.Target.Parameters).Select(i => Get(old.Arguments[i]))]));

    private void FinishLive(Structured old, Structured copy)
    {
        HasChanged |= copy.Results.Length < old.Results.Length;
        Map(old, copy);
        foreach ((Region from, Region to) in old.Regions.Zip(copy.Regions))
        {
            Output.Within(to, () => Visit(from));
        }

        Output.Append(copy);
        foreach ((int i, Result result) in Kept(old.Results).Zip(copy.Results))
        {
            Map(old.Results[i], result);
        }
    }

    private ImmutableArray<IrType> LiveTypes(Structured node) =>
        [.. Kept(node.Results).Select(i => node.Results[i].Type)];

    private IEnumerable<int> Kept<T>(ImmutableArray<T> values) where T : Value =>
        Enumerable.Range(0, values.Length).Where(i => _live.ContainsKey(values[i]));

    private void Scan(Region region, Structured? parent, List<object> roots)
    {
        foreach (INode node in region.Nodes)
        {
            _parents[node] = parent;
            _count += node is Terminator ? 0 : 1;
            switch (node)
            {
                case Instruction { HasEffect: true, Opcode: not Opcode.Allocate }:
                    roots.Add(node);
                    break;
                case Structured structured:
                    Scan(structured, roots);
                    break;
                case Break leave:
                    _breaks[leave.Target].Add(leave);
                    MarkEscapes(parent, leave.Target);
                    break;
                case Continue again:
                    _continues[again.Target].Add(again);
                    MarkEscapes(parent, again.Target);
                    break;
                case Return:
                    MarkEscapes(parent, null);
                    break;
            }
        }
    }

    private void Scan(Structured node, List<object> roots)
    {
        _breaks[node] = [];
        _continues[node] = [];
        _escaping[node] = [];
        _count += node.Results.Length;
        for (int i = 0; i < node.Results.Length; i++)
        {
            _results[node.Results[i]] = (node, i);
        }

        if (node is Loop loop)
        {
            _count += loop.Parameters.Length;
            for (int i = 0; i < loop.Parameters.Length; i++)
            {
                _results[loop.Parameters[i]] = (loop, i);
            }

            if (CountedLoop.Match(loop) is null)
            {
                roots.Add(loop);
            }
        }

        foreach (Region region in node.Regions)
        {
            Scan(region, node, roots);
        }
    }

    // Every node between a terminator and its target steers control of the target: it lives if the target (or, for a
    // return, the kernel) does.
    private void MarkEscapes(Structured? from, Structured? target)
    {
        for (Structured? node = from; node != target; node = _parents[node!])
        {
            if (target is null)
            {
                MarkNode(node!);
            }
            else
            {
                _escaping[target].Add(node!);
            }
        }
    }

    private void MarkNode(object node)
    {
        if (_live.TryAdd(node, true))
        {
            _work.Push(node);
        }
    }

    private void MarkValue(Value value)
    {
        if (value is not (Constant or Parameter))
        {
            MarkNode(value);
        }
    }

    private void Propagate(object item)
    {
        if (item is Result or LoopParameter)
        {
            (Structured owner, int index) = _results[(Value)item];
            MarkNode(owner);
            foreach (Terminator terminator in item is Result ? _breaks[owner] : _continues[owner])
            {
                MarkValue(terminator.Arguments[index]);
            }

            if (item is LoopParameter)
            {
                MarkValue(((Loop)owner).Initial[index]);
            }

            return;
        }

        if (_parents[item] is { } parent)
        {
            MarkNode(parent);
        }

        switch (item)
        {
            case Instruction instruction:
                foreach (Value operand in instruction.Operands)
                {
                    MarkValue(operand);
                }

                break;
            case Structured structured:
                _escaping[structured].ForEach(MarkNode);
                if (structured is If branch)
                {
                    MarkValue(branch.Condition);
                }

                break;
        }
    }
}
