using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Computes equal pure values once, where the first stands in scope. Loads are merged too while no effect that
/// could change them lies between.</summary>
internal sealed class CommonSubexpressions : Rewriter
{
    private readonly Dictionary<Key, Instruction> _available;
    private readonly Dictionary<Key, Instruction> _loads = [];
    private List<Key> _scope = [];

    private CommonSubexpressions(Kernel kernel) => _available = new(kernel.Body.Nodes.Count);

    public static Kernel Merge(Kernel kernel) => new CommonSubexpressions(kernel).RunOrKeep(kernel);

    // What a region computes serves only there; loads of before serve in it, and after it too as Isolate drops them
    // where it must.
    protected override void Visit(Region region)
    {
        List<Key> outer = _scope;
        KeyValuePair<Key, Instruction>[] loads = [.. _loads];
        _scope = new(region.Nodes.Count);
        base.Visit(region);
        _scope.ForEach(k => _available.Remove(k));
        _scope = outer;
        _loads.Clear();
        foreach ((Key key, Instruction value) in loads)
        {
            _loads[key] = value;
        }
    }

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands)
    {
        Key key = new(old, operands);
        if (old.HasEffect)
        {
            Clobber(old, operands);
            return Output.Append(Keep(old, operands));
        }

        Dictionary<Key, Instruction> table = old.Opcode == Opcode.Load ? _loads : _available;
        if (table.TryGetValue(key, out Instruction? same))
        {
            HasChanged = true;
            return same;
        }

        Instruction copy = Keep(old, operands);
        table[key] = copy;
        if (table == _available)
        {
            _scope.Add(key);
        }

        return Output.Append(copy);
    }

    protected override void Visit(If old) => Isolate(old, () => base.Visit(old));

    protected override void Visit(Block old) => Isolate(old, () => base.Visit(old));

    protected override void Visit(Loop old) => Isolate(old, () => base.Visit(old));

    // Loads from before a structured node serve in it and after it only if it has no effect on memory.
    private void Isolate(Structured node, Action visit)
    {
        bool effect = node.Regions.SelectMany(Nodes.Descendants).Any(n => n is Instruction { HasEffect: true });
        if (effect)
        {
            _loads.Clear();
        }

        visit();
        if (effect)
        {
            _loads.Clear();
        }
    }

    private void Clobber(Instruction node, ImmutableArray<Value> operands)
    {
        AddressSpace? space = node.Opcode == Opcode.Store || node.Opcode.IsAtomic() ? operands[0].Type.Space : null;
        foreach (Key key in _loads.Keys.Where(k => space is null || k.Operands[0].Type.Space == space).ToArray())
        {
            _loads.Remove(key);
        }
    }

    /// <summary>What an instruction computes.</summary>
    private readonly struct Key(Instruction node, ImmutableArray<Value> operands) : IEquatable<Key>
    {
        private readonly Instruction _node = node;

        public ImmutableArray<Value> Operands { get; } = operands;

        public bool Equals(Key other)
        {
            if (_node.Opcode != other._node.Opcode || _node.Type != other._node.Type || _node.Function != other._node.Function
                || _node.Axis != other._node.Axis || Operands.Length != other.Operands.Length)
            {
                return false;
            }

            for (int i = 0; i < Operands.Length; i++)
            {
                if (!ConstantComparer.Instance.Equals(Operands[i], other.Operands[i]))
                {
                    return false;
                }
            }

            return true;
        }

        public override bool Equals(object? other) => other is Key key && Equals(key);

        public override int GetHashCode()
        {
            int hash = ((int)_node.Opcode * 31) + (int)_node.Function + (int)_node.Axis;
            foreach (Value operand in Operands)
            {
                hash = (hash * 31) + ConstantComparer.Instance.GetHashCode(operand);
            }

            return hash;
        }
    }
}
