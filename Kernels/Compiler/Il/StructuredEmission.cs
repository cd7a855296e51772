using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>Writes a planned flow graph into a region as structured IR.</summary>
internal sealed class StructuredEmission
{
    private readonly StructurePlan _plan;
    private readonly IdentityMap<Value, Value> _values;
    private readonly Dictionary<(FlowBlock Exit, Value Value), Value> _carried = [];
    private readonly Dictionary<FlowBlock, Structured> _targets = [];
    private readonly Dictionary<FlowBlock, Loop> _loops = [];
    private Region _region;
    private Region? _exitRegion;

    /// <param name="plan">The graph.</param>
    /// <param name="region">What receives the nodes.</param>
    /// <param name="values">What stands for the graph's parameters.</param>
    public StructuredEmission(StructurePlan plan, Region region, IdentityMap<Value, Value> values)
    {
        _plan = plan;
        _region = region;
        _values = values;
    }

    /// <summary>Writes everything. For a function returns its result and leaves the region open behind it.</summary>
    public Value? Run()
    {
        Region outermost = _region;
        foreach (Instruction allocation in _plan.Graph.Allocations.Where(_plan.IsLive))
            _region.Nodes.Add(allocation);
        EmitTree(_plan.Graph.Entry);
        if (_plan.IsKernel || _plan.Graph.Returned.Count == 0)
            return null;
        if (_exitRegion != outermost)
            throw new RefusalException(Diagnostics.Irreducible, "A function may loop for ever instead of returning.");
        return Find(_plan.Graph.Returned[0], _plan.Graph.Exit);
    }

    private void EmitTree(FlowBlock block)
    {
        // Nesting follows the kernel's; a monstrous one ends in a diagnostic, not in a dead process.
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (_plan.Tree.Loops.ContainsKey(block))
            EmitLoop(block);
        else
            EmitBlock(block);
    }

    private void EmitLoop(FlowBlock header)
    {
        IReadOnlyList<FlowBlock> exits = _plan.Exits(header);
        FlowBlock before = _plan.Tree.ForwardPredecessors(header).Single();
        Loop loop = new(Arguments(_plan.LivePhis(header), header, before), exits.Count > 0 ? ResultTypes(exits[0]) : []);
        foreach ((Phi phi, LoopParameter parameter) in _plan.LivePhis(header).Zip(loop.Parameters))
            _values[phi] = parameter;
        _loops[header] = loop;
        EmitNested(loop, exits, exits.Count, () => Within(loop.Body, () => EmitBlock(header)));
    }

    private void EmitBlock(FlowBlock block)
    {
        foreach (Instruction instruction in block.Code)
        {
            if (instruction.HasEffect || _plan.IsLive(instruction))
                EmitInstruction(instruction, block);
        }

        switch (block.End)
        {
            case FlowEnd.Jump:
                EmitEdge(block, block.Target!);
                break;
            case FlowEnd.Branch:
                EmitBranch(block);
                break;
            default:
                _exitRegion = _region;
                if (_plan.IsKernel)
                    _region.Nodes.Add(new Return());
                break;
        }
    }

    private void EmitInstruction(Instruction instruction, FlowBlock block)
    {
        ImmutableArray<Value> operands = [.. instruction.Operands.Select(o => Find(o, block))];
        Instruction emitted = new(instruction.Opcode, instruction.Type, operands)
        {
            Function = instruction.Function,
            Axis = instruction.Axis,
            Count = instruction.Count,
            Matrix = instruction.Matrix,
            Scope = instruction.Scope,
            Site = instruction.Site,
            Print = instruction.Print,
            Origin = instruction.Origin,
        };
        _values[instruction] = emitted;
        _region.Nodes.Add(emitted);
    }

    private void EmitBranch(FlowBlock block)
    {
        List<FlowBlock> joins = _plan.JoinsAfter(block);
        If node = new(Find(block.Condition!, block), joins.Count > 0 ? ResultTypes(joins[0]) : []);
        EmitNested(node, joins, joins.Count, () =>
        {
            Within(node.Then, () => EmitEdge(block, block.Target!));
            Within(node.Else, () => EmitEdge(block, block.Other!));
        });
    }

    /// <summary>Writes <paramref name="core"/> with the first of <paramref name="followers"/> behind it, and Blocks around it for
    /// the others to stand behind.</summary>
    private void EmitNested(Structured core, IReadOnlyList<FlowBlock> followers, int count, Action fill)
    {
        if (count > 1)
        {
            FlowBlock last = followers[count - 1];
            Block around = new(ResultTypes(last));
            Open(last, around);
            Within(around.Body, () => EmitNested(core, followers, count - 1, fill));
            Follow(last, around);
            return;
        }

        if (count == 1)
            Open(followers[0], core);
        fill();
        if (count == 1)
        {
            Follow(followers[0], core);
            return;
        }

        _region.Nodes.Add(core);
        _region.Nodes.Add(new Unreachable());
    }

    private void Open(FlowBlock block, Structured target) => _targets[block] = target;

    /// <summary>Appends a filled operation and the block that stands behind it; its results are the block's phis.</summary>
    private void Follow(FlowBlock block, Structured node)
    {
        int result = 0;
        foreach (Phi phi in _plan.LivePhis(block))
            _values[phi] = node.Results[result++];
        foreach (Value value in _plan.Carried(block))
            _carried[(block, value)] = node.Results[result++];
        _region.Nodes.Add(node);
        EmitTree(block);
    }

    private ImmutableArray<IrType> ResultTypes(FlowBlock block) =>
        [.. _plan.LivePhis(block).Select(p => p.Type), .. _plan.Carried(block).Select(v => v.Type)];

    private void EmitEdge(FlowBlock from, FlowBlock to)
    {
        if (_plan.Tree.IsBackEdge(from, to))
        {
            _region.Nodes.Add(new Continue(_loops[to], Arguments(_plan.LivePhis(to), to, from)));
            return;
        }

        if (_targets.TryGetValue(to, out Structured? target))
        {
            ImmutableArray<Value> arguments = Arguments(_plan.LivePhis(to), to, from);
            _region.Nodes.Add(new Break(target, [.. arguments, .. _plan.Carried(to).Select(v => Find(v, from))]));
        }
        else if (to == _plan.Graph.Exit && _plan.IsKernel)
        {
            _region.Nodes.Add(new Return());
        }
        else
        {
            EmitTree(to);
        }
    }

    private ImmutableArray<Value> Arguments(IEnumerable<Phi> phis, FlowBlock block, FlowBlock from)
    {
        int index = block.Predecessors.IndexOf(from);
        return [.. phis.Select(p => Find(p.Operands[index], from))];
    }

    /// <summary>The emitted value that stands for <paramref name="value"/> in <paramref name="block"/>.</summary>
    private Value Find(Value value, FlowBlock block)
    {
        value = _plan.Graph.Resolve(value);
        if (_plan.CarrierOf(value, block) is { } exit)
            return _carried[(exit, value)];
        return _values.GetValueOrDefault(value, value);
    }

    private void Within(Region region, Action body)
    {
        Region outer = _region;
        _region = region;
        body();
        _region = outer;
    }
}
