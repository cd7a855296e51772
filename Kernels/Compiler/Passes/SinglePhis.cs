using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Finds results and loop parameters into which only one value ever flows, where that value is visible at the
/// structured node.</summary>
internal sealed class SinglePhis
{
    private readonly IdentityMap<Value, List<Value>> _incoming = new();
    private readonly IdentityMap<Value, int> _defined = new();
    private readonly IdentityMap<Value, (int Start, int End)> _owners = new();
    private int _clock;

    public SinglePhis(Kernel kernel)
    {
        if (kernel.Body.Nodes.Exists(n => n is Structured))
        {
            Scan(kernel.Body);
        }
    }

    /// <summary>The one value that <paramref name="phi"/> always has, or null. It may itself be replaceable.</summary>
    public Value? Single(Value phi)
    {
        if (!_incoming.TryGetValue(phi, out List<Value>? values))
        {
            return null;
        }

        (int start, int end) = _owners[phi];
        Value[] others = [.. values.Where(v => v != phi)];
        return others is [var only]
            && !(_defined.TryGetValue(only, out int at) && at >= start && at < end) ? only : null;
    }

    private void Scan(Region region)
    {
        foreach (INode node in region.Nodes)
        {
            switch (node)
            {
                case Instruction instruction:
                    _defined[instruction] = _clock++;
                    break;
                case Structured structured:
                    Scan(structured);
                    break;
                case Break leave:
                    Flow(leave.Arguments, [.. leave.Target.Results]);
                    break;
                case Continue again:
                    Flow(again.Arguments, [.. again.Target.Parameters]);
                    break;
            }
        }
    }

    private void Scan(Structured node)
    {
        int start = _clock++;
        if (node is Loop loop)
        {
            Flow(loop.Initial, [.. loop.Parameters]);
            foreach (LoopParameter p in loop.Parameters)
            {
                _defined[p] = _clock++;
            }
        }

        foreach (Region region in node.Regions)
        {
            Scan(region);
        }

        foreach (Result result in node.Results)
        {
            _defined[result] = _clock++;
            _owners[result] = (start, _clock);
        }

        if (node is Loop counted)
        {
            foreach (LoopParameter p in counted.Parameters)
            {
                _owners[p] = (start, _clock);
            }
        }
    }

    private void Flow(IReadOnlyList<Value> from, IReadOnlyList<Value> to)
    {
        for (int i = 0; i < to.Count; i++)
        {
            if (!_incoming.TryGetValue(to[i], out List<Value>? values))
            {
                _incoming[to[i]] = values = [];
            }

            Value value = from[i];
            if (!values.Exists(v => ConstantComparer.Instance.Equals(v, value)))
            {
                values.Add(value);
            }
        }
    }
}

/// <summary>Reference identity, but equal constants are equal. (NaNs are equal if their bits are.)</summary>
internal sealed class ConstantComparer : IEqualityComparer<Value>
{
    public static ConstantComparer Instance { get; } = new();

    public bool Equals(Value? x, Value? y) =>
        ReferenceEquals(x, y) || (x is Constant a && y is Constant b && a.Type == b.Type && a.Bits == b.Bits);

    public int GetHashCode(Value value) => value is Constant constant
        ? HashCode.Combine(constant.Type, constant.Bits)
        : System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(value);
}
