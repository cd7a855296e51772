using System.Collections.Immutable;
using Cotangent.Fusion;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>What a graph is apart from its data: the key under which its compiled program is kept, and the leaves in
/// the program's order. One pass, no new nodes.</summary>
internal sealed class Capture
{
    private readonly List<GraphEntry> _entries = [];
    private readonly List<int> _inputs = [];
    private readonly Dictionary<(DType, ulong), int> _numberClasses = [];

    private Capture(IReadOnlyList<Node> outputs, IReadOnlySet<Node>? scalars)
    {
        List<Node> order = Walk.Values(outputs);
        Dictionary<Node, int> index = new(order.Count);
        int count = 0;
        foreach (Node n in order)
        {
            if (n.Op.IsTransparent)
            {
                index[n] = index[n.Inputs[0]];
                continue;
            }

            // The numbers of a loop's body are inputs of the loop, so that other numbers lead to no new program.
            Attributes? attributes = n.Attributes;
            ImmutableArray<Node> numbers = [];
            if (attributes is ControlAttributes control) (attributes, numbers) = control.ForProgram();
            foreach (Node number in numbers)
            {
                _entries.Add(Entry(number, null, null));
                count++;
            }

            GraphEntry entry = Entry(n, attributes, scalars);
            _entries.Add(entry with { Count = entry.Count + numbers.Length });
            foreach (Node input in n.Inputs) _inputs.Add(index[input]);
            for (int i = numbers.Length; i > 0; i--) _inputs.Add(count - i);
            index[n] = count++;
        }

        // Numbers live anywhere: tensors decide.
        Device = Tensors.Count > 0 ? Tensors[0].Device : outputs.Count > 0 ? outputs[0].Device : Device.Default;
        if (Tensors.Find(n => n.Device != Device) is { } other) throw new DeviceMismatchException("compute", Device,
            other.Device);
        Key = new GraphKey(Device, [.. _entries], [.. _inputs], [.. outputs.Select(o => index[o])]);
        Entries = index;
    }

    public Device Device { get; }

    public GraphKey Key { get; }

    /// <summary>The entry that stands for each node.</summary>
    public IReadOnlyDictionary<Node, int> Entries { get; }

    /// <summary>Data and placeholders of tensors: the program's tensor inputs.</summary>
    public List<Node> Tensors { get; } = [];

    /// <summary>Numbers and placeholders of scalars: the program's scalar inputs.</summary>
    public List<Node> Scalars { get; } = [];

    /// <summary>Captures the graph of some outputs, all on one device.</summary>
    /// <param name="outputs">At least one.</param>
    /// <param name="scalars">Placeholders whose values are given as numbers.</param>
    public static Capture Of(IReadOnlyList<Node> outputs, IReadOnlySet<Node>? scalars = null) => new(outputs, scalars);

    private GraphEntry Entry(Node n, Attributes? attributes, IReadOnlySet<Node>? scalars)
    {
        if (n.Op == Ops.Data || n.Op == Ops.Input)
        {
            bool isScalar = scalars?.Contains(n) == true;
            List<Node> slots = isScalar ? Scalars : Tensors;
            slots.Add(n);
            return new(Ops.Input, null, n.Shape, n.DType, isScalar ? 1 : 0, slots.Count - 1);
        }

        if (n.Attributes is KernelAttributes kernel) return new(n.Op, kernel.ForProgram(), default, default, n.Inputs.Length, 0);
        if (n.Op != Ops.Number) return new(n.Op, attributes, default, default, n.Inputs.Length, 0);

        // 0 and 1 are part of the program: they simplify it. Other numbers are arguments; equal ones are one argument.
        NumberAttributes number = n.Get<NumberAttributes>();
        if (IsPartOfProgram(number)) return new(n.Op, number, default, n.DType, 0, 0);
        if (!_numberClasses.TryGetValue((number.DType, number.Bits), out int slot))
        {
            _numberClasses[(number.DType, number.Bits)] = slot = Scalars.Count;
            Scalars.Add(n);
        }

        return new(Ops.Input, null, [], n.DType, 1, slot);
    }

    private static bool IsPartOfProgram(NumberAttributes n) =>
        n.DType == DType.Bool || n.Bits == 0 || n.Bits == Numbers.Of(n.DType, 1.0).Bits;
}

/// <summary>One node of a captured graph. Count is the number of inputs; for a leaf, 1 for a scalar and 0 for a
/// tensor.</summary>
internal readonly record struct GraphEntry(Op Op, Attributes? Attributes, Shape Shape, DType DType, int Count,
    int Slot);

/// <summary>A graph's structure: ops, attributes, shapes and dtypes of leaves, which leaves are the same; not the
/// numbers' values nor whose buffers. Compared by value.</summary>
internal sealed class GraphKey : IEquatable<GraphKey>
{
    private readonly GraphEntry[] _entries;
    private readonly int[] _inputs;
    private readonly int[] _outputs;
    private readonly int _hash;

    public GraphKey(Device device, GraphEntry[] entries, int[] inputs, int[] outputs)
    {
        Device = device;
        _entries = entries;
        _inputs = inputs;
        _outputs = outputs;
        HashCode hash = default;
        foreach (GraphEntry e in entries) hash.Add(e);
        foreach (int i in inputs) hash.Add(i);
        foreach (int i in outputs) hash.Add(i);
        _hash = hash.ToHashCode();
    }

    public Device Device { get; }

    /// <summary>The same structure on another device.</summary>
    public GraphKey On(Device device) => device == Device ? this : new(device, _entries, _inputs, _outputs);

    /// <summary>The canonical graph over fresh placeholders.</summary>
    /// <param name="made">Told the entry for each canonical node that computes it.</param>
    /// <remarks>Throws the error of a value that does not exist. Keys may hold one: a loop that is only transposed is never run.</remarks>
    public PlanGraph ToPlanGraph(Action<int, Node>? made = null)
    {
        int entry = 0;
        Canonical canonical = new(Device, made is null ? null : n => made(entry, n));
        Dictionary<LeafSlot, Node> leaves = [];
        Node[] nodes = new Node[_entries.Length];
        int next = 0;
        for (int i = 0; i < nodes.Length; i++)
        {
            entry = i;
            GraphEntry e = _entries[i];
            if (e.Attributes is RefusedAttributes refused) throw refused.Error();
            if (e.Op == Ops.Input)
            {
                LeafSlot slot = new(e.Count == 1, e.Slot);
                if (!leaves.TryGetValue(slot, out Node? leaf))
                {
                    leaves[slot] = leaf = Make
                        .Input(e.Shape, e.DType, Device, $"{(slot.IsScalar ? 's' : 'x')}{e.Slot}");
                }

                nodes[i] = leaf;
                continue;
            }

            ImmutableArray<Node> inputs = [.. Enumerable.Range(next, e.Count).Select(k => nodes[_inputs[k]])];
            next += e.Count;
            nodes[i] = canonical.Apply(e.Op, inputs, e.Attributes);
        }

        return new PlanGraph(Device, [.. _outputs.Select(o => nodes[o])],
            leaves.ToDictionary(p => p.Value, p => p.Key));
    }

    public bool Equals(GraphKey? other) => other is not null && _hash == other._hash && Device == other.Device
        && _outputs.AsSpan().SequenceEqual(other._outputs) && _inputs.AsSpan().SequenceEqual(other._inputs)
        && _entries.AsSpan().SequenceEqual(other._entries);

    public override bool Equals(object? obj) => Equals(obj as GraphKey);

    public override int GetHashCode() => _hash;
}
