using System.Collections.Immutable;
using System.Text;
using Cotangent.Execution;
using Cotangent.Fusion;
using Cotangent.Kernels;

namespace Cotangent.Graph;

/// <summary>A function as data: the body of a loop, a branch. Its outputs depend on its own placeholders and on numbers, on nothing
/// else: what the C# function captured is an input. Compared by structure and numbers, so that equal bodies share one plan.</summary>
internal sealed class SubGraph : IEquatable<SubGraph>
{
    private readonly Node[] _computed; // the outputs as programs know them: calls of C# code are expanded
    private readonly int[] _slots;
    private readonly ulong[] _numbers;
    private readonly int _hash;
    private Lifted? _lifted;

    /// <summary>A closed graph.</summary>
    /// <param name="inputs">Placeholders.</param>
    /// <param name="outputs">Nodes over these placeholders and numbers.</param>
    public SubGraph(IEnumerable<Node> inputs, IEnumerable<Node> outputs)
    {
        Inputs = [.. inputs];
        Outputs = [.. outputs];
        _computed = HostCalls.Expand(Outputs);
        Capture capture = Capture.Of(_computed);
        Dictionary<Node, int> slotOf = capture.Tensors.Select((n, i) => (n, i)).ToDictionary(p => p.n, p => p.i);
        _slots = [.. Inputs.Select(n => slotOf.TryGetValue(n, out int slot) ? slot : -1)];
        if (slotOf.Count > _slots.Count(s => s >= 0) && Outputs.Any(o => o.HasHostCalls)) throw new ControlFlowException(
            "A loop or branch calls a solver that captures tensors. Pass them to the solver as arguments, or call it outside.");
        if (slotOf.Count > _slots.Count(s => s >= 0)) throw new InvalidOperationException(
            $"A body is not closed: {capture.Tensors.Find(n => !Inputs.Contains(n))} is not one of its inputs.");
        Key = capture.Key;
        _numbers = [.. capture.Scalars.Select(n => n.Get<NumberAttributes>().Bits)];
        HashCode hash = default;
        hash.Add(Key);
        foreach (int slot in _slots) hash.Add(slot);
        foreach (ulong bits in _numbers) hash.Add(bits);
        _hash = hash.ToHashCode();
    }

    /// <summary>Placeholders for the arguments.</summary>
    public ImmutableArray<Node> Inputs { get; }

    public ImmutableArray<Node> Outputs { get; }

    /// <summary>The key of the program that computes the outputs. Its tensor slots: <see cref="SlotOf"/>; numbers other than 0 and 1
    /// are its scalars, none after <see cref="LiftNumbers"/>.</summary>
    public GraphKey Key { get; }

    /// <summary>The program's slot of an input; −1 for an input that no output depends on.</summary>
    public int SlotOf(int input) => _slots[input];

    /// <summary>A traced function as a closed graph, and the nodes outside that it uses: they are further inputs, after the
    /// placeholders.</summary>
    /// <param name="placeholders">What stood for the arguments.</param>
    /// <param name="outputs">What the function returned.</param>
    /// <param name="keepFrom">Nodes of this number or a greater one stay inside though they depend on no placeholder: what only one
    /// branch needs is computed there; 0 for a graph that is closed already. Without it, what is the same in each round is computed
    /// once, outside.</param>
    public static (SubGraph Graph, Node[] Captured) Close(
        IReadOnlyList<Node> placeholders, IReadOnlyList<Node> outputs, long keepFrom = long.MaxValue)
    {
        lock (Executor.Lock) return new Closure(placeholders, keepFrom).Close(outputs);
    }

    /// <summary>Bodies of one call with their numbers as further inputs, the same for all: other numbers lead to no new plan.</summary>
    public static (ImmutableArray<SubGraph> Bodies, ImmutableArray<Node> Numbers) LiftNumbers(ImmutableArray<SubGraph> bodies)
    {
        if (bodies.All(b => b._numbers.Length == 0)) return (bodies, []);
        if (bodies[0]._lifted is { } known && known.Of.AsSpan().SequenceEqual(bodies.AsSpan()))
            return (known.Bodies, known.Numbers);

        ImmutableArray<Node> numbers = [.. bodies.SelectMany(b => Capture.Of(b._computed).Scalars)
            .DistinctBy(n => n.Get<NumberAttributes>())];
        Lifted lifted = new(bodies, [.. bodies.Select(b => b.WithInputsFor(numbers))], numbers);
        bodies[0]._lifted = lifted;
        return (lifted.Bodies, lifted.Numbers);
    }

    /// <summary>The outputs for given arguments, as nodes. All are copies: a node of the body is never realised.</summary>
    public Node[] Apply(IReadOnlyList<Node> arguments)
    {
        Dictionary<Node, Node> map = Inputs.Zip(arguments).ToDictionary(p => p.First, p => p.Second);
        foreach (Node n in Walk.Topological(Outputs))
        {
            if (!map.ContainsKey(n)) map[n] = new Node(n.Op, [.. n.Inputs.Select(i => map[i])], n.Attributes);
        }

        return [.. Outputs.Select(o => map[o])];
    }

    /// <summary>The outputs in float64.</summary>
    public double[][] Evaluate(IReadOnlyList<double[]> arguments)
    {
        Dictionary<Node, double[]> values = Inputs.Zip(arguments).ToDictionary(p => p.First, p => p.Second);
        return Reference.Evaluate(Outputs, n => values[n]);
    }

    public bool Equals(SubGraph? other) => ReferenceEquals(this, other) || (other is not null && _hash == other._hash
        && Key.Equals(other.Key) && _slots.AsSpan().SequenceEqual(other._slots) && _numbers.AsSpan().SequenceEqual(other._numbers)
        && Inputs.Select(Signature).SequenceEqual(other.Inputs.Select(Signature)));

    public override bool Equals(object? obj) => Equals(obj as SubGraph);

    public override int GetHashCode() => _hash;

    /// <inheritdoc/>
    public override string ToString()
    {
        StringBuilder text = new("(");
        text.AppendJoin(", ", Inputs.Select(n => $"%{n.Id} {n.DType}{n.Shape}")).AppendLine(") {");
        foreach (Node n in Walk.Topological(Outputs).Where(n => n.Op != Ops.Input)) text.Append("    ").Append(n).AppendLine();
        return text.Append("} -> ").AppendJoin(", ", Outputs.Select(n => $"%{n.Id}")).ToString();
    }

    private static (Shape, DType) Signature(Node n) => (n.Shape, n.DType);

    private SubGraph WithInputsFor(ImmutableArray<Node> numbers)
    {
        Dictionary<NumberAttributes, Node> inputs = numbers.ToDictionary(n => n.Get<NumberAttributes>(),
            n => Make.Input([], n.DType, Key.Device, "number", isAnywhere: true));
        Dictionary<Node, Node> map = [];
        foreach (Node n in Walk.Values(_computed))
        {
            if (n.Op.IsTransparent) map[n] = map[n.Inputs[0]];
            else if (n.Attributes is NumberAttributes own && inputs.TryGetValue(own, out Node? input)) map[n] = input;
            else if (n.Attributes is ControlAttributes control)
            {
                (ControlAttributes call, ImmutableArray<Node> inner) = control.ForProgram();
                IEnumerable<Node> x = n.Inputs.Select(i => map[i]).Concat(inner.Select(i => inputs[i.Get<NumberAttributes>()]));
                map[n] = new Node(n.Op, [.. x], call, n.Device);
            }
            else map[n] = n.Inputs.All(i => map[i] == i) ? n : new Node(n.Op, [.. n.Inputs.Select(i => map[i])], n.Attributes, n.Device);
        }

        return new SubGraph([.. Inputs, .. numbers.Select(n => inputs[n.Get<NumberAttributes>()])], _computed.Select(o => map[o]));
    }

    private sealed record Lifted(ImmutableArray<SubGraph> Of, ImmutableArray<SubGraph> Bodies, ImmutableArray<Node> Numbers);

    /// <summary>Copies what depends on placeholders, and what is made of numbers alone, onto fresh placeholders; the rest becomes
    /// inputs.</summary>
    private sealed class Closure(IReadOnlyList<Node> placeholders, long keepFrom)
    {
        private readonly HashSet<Node> _own = [.. placeholders];
        private readonly HashSet<Node> _dependent = [.. placeholders];
        private readonly List<Node> _captured = [];
        private readonly List<Node> _inside = [];

        public (SubGraph Graph, Node[] Captured) Close(IReadOnlyList<Node> outputs)
        {
            Sort(outputs);
            Device device = placeholders.Concat(_captured).FirstOrDefault(n => !n.IsAnywhere)?.Device
                ?? placeholders.Concat(_captured).Concat(outputs).FirstOrDefault()?.Device ?? Device.Default;
            Dictionary<Node, Node> map = [];
            foreach (Node n in placeholders.Concat(_captured))
                map[n] = Make.Input(n.Shape, n.DType, device, NameOf(n), n.IsAnywhere);

            foreach (Node n in _inside) map[n] = new Node(n.Op, [.. n.Inputs.Select(i => map[i])], n.Attributes, device);
            return (new SubGraph(placeholders.Concat(_captured).Select(n => map[n]), outputs.Select(o => map[o])), [.. _captured]);
        }

        /// <summary>Nodes inside in an order in which they can be copied. Explicit stack: bodies may be deep.</summary>
        private void Sort(IReadOnlyList<Node> outputs)
        {
            HashSet<Node> seen = [.. _own];
            Stack<(Node Node, bool Done)> stack = new(outputs.Select(o => (o, false)).Reverse());
            FindDependent(outputs);
            while (stack.TryPop(out (Node Node, bool Done) top))
            {
                Node n = top.Node;
                if (top.Done) _inside.Add(n);
                else if (!seen.Add(n)) continue;
                else if (!IsInside(n)) _captured.Add(n);
                else
                {
                    stack.Push((n, true));
                    for (int i = n.Inputs.Length - 1; i >= 0; i--) stack.Push((n.Inputs[i], false));
                }
            }
        }

        private void FindDependent(IReadOnlyList<Node> outputs)
        {
            List<Node> dependent = Walk.Dependents(outputs, placeholders);
            _dependent.UnionWith(dependent);

            // What a derivative looks at as a whole stays whole, though some of it is the same in each round.
            _dependent.UnionWith(dependent.SelectMany(n => n.Attributes is CustomAttributes { Derivative.IsWhole: true } call ? call.Inside(n) : []));
        }

        private bool IsInside(Node n) => _dependent.Contains(n) || (n.Op != Ops.Data && n.Op != Ops.Input
            && (n.Id >= keepFrom || IsOfNumbers(n) || IsView(n)));

        /// <summary>What costs next to nothing to make of numbers again.</summary>
        private static bool IsOfNumbers(Node n) => n.IsAnywhere && !n.IsTraced && Anchors.OwnCost(n) <= 4;

        /// <summary>Costs nothing in a kernel, but memory if it were an input. A slice is an input: its derivative would otherwise be
        /// as large as what it is a slice of.</summary>
        private static bool IsView(Node n) => n.Op == Ops.Reshape || n.Op == Ops.Permute || n.Op == Ops.Expand;

        private static string NameOf(Node n) => n.Attributes is InputAttributes input ? input.Name : "captured";
    }
}
