using System.Collections.Immutable;
using Cotangent.AutoDiff.Control;
using Cotangent.AutoDiff.Rules;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>A linear function as a graph: placeholders in, nodes linear in them out (null: zero).</summary>
internal sealed record LinearMap(Node[] Inputs, Node?[] Outputs)
{
    /// <summary>A function that is known to be linear as a map: its derivative, in which what does not vary stands apart.</summary>
    public static LinearMap OfLinear(IReadOnlyList<Node> inputs, IReadOnlyList<Node?> outputs)
    {
        Node[] tangents = [.. inputs.Select(ScanDerivative.Tangent)];
        Replacements replacements = new();
        Node[] given = [.. outputs.OfType<Node>()];
        Node?[] found = replacements.Resolve(Forward.Tangents(
            given, inputs.Zip(tangents).ToDictionary(p => p.First, p => p.Second), ForwardMode.Linear, replacements));
        Queue<Node?> next = new(found);
        return new LinearMap(tangents, [.. outputs.Select(o => o is null ? null : next.Dequeue())]);
    }

    /// <summary>The transposed map applied to cotangents of the outputs: cotangents of the inputs. Null is zero on both sides.</summary>
    /// <param name="cotangents">Those of the outputs.</param>
    /// <param name="onto">What cotangents of the inputs are added to; null for nothing.</param>
    /// <remarks>The nodes are walked against their order of creation, so a node's cotangent is complete when its turn comes. Outputs of
    /// one call go back together, when the oldest of them has its turn: the users of all are younger.</remarks>
    public Node?[] Transpose(IReadOnlyList<Node?> cotangents, IReadOnlyList<Node?>? onto = null)
    {
        Dictionary<Node, Node> ct = [];
        for (int i = 0; i < Outputs.Length; i++)
        {
            if (Outputs[i] is { } output && cotangents[i] is { } cotangent) Accumulate(ct, output, cotangent);
        }

        List<Node> order = Dependents.Linear([.. ct.Keys], Inputs);
        HashSet<Node> linear = [.. order], ends = [.. Inputs];
        Dictionary<CallKey, Call> calls = FindCalls(order);
        for (int i = 0; i < Inputs.Length; i++)
        {
            if (onto?[i] is { } start) ct[Inputs[i]] = ct.TryGetValue(Inputs[i], out Node? more) ? Algebra.Add(start, more) : start;
        }

        for (int i = order.Count - 1; i >= 0; i--)
        {
            Node n = order[i];
            if (ends.Contains(n)) continue;
            Rule rule = RuleTable.Of(n.Op);
            using Origins.Scope origin = Origins.Of(n, NodePart.Derivative);
            if (IsCall(rule))
            {
                Call call = calls[CallKey.Of(n, rule)];

                // An output may have been made twice: as nodes that are equal, not the same.
                int output = n.Get<CallAttributes>().Output;
                if (ct.Remove(n, out Node? one)) call.Cotangents[output] = Algebra.Sum(call.Cotangents[output], one);
                if (n != call.First || call.Cotangents.All(c => c is null)) continue;
                Node?[] back = rule.TransposeCall is { } transposeCall ? transposeCall(n, call.Cotangents)
                    : rule.TransposeOnto!(Onto(call, linear, ct));
                foreach (int argument in Arguments(n, rule))
                {
                    if (linear.Contains(n.Inputs[argument]) && back[argument] is { } c) Accumulate(ct, n.Inputs[argument], c);
                }
            }
            else if (ct.Remove(n, out Node? cotangent))
            {
                Func<Node, Node, int, Node> transpose = rule.Transpose
                    ?? throw new InvalidOperationException($"{n.Op} has no transpose but stands in linear position: {n}.");
                foreach (int argument in Arguments(n, rule))
                {
                    Node input = n.Inputs[argument];
                    if (linear.Contains(input)) Accumulate(ct, input, transpose(n, cotangent, argument));
                }
            }
        }

        Node?[] results = [.. Inputs.Select(x => ct.GetValueOrDefault(x))];
        return order.Exists(n => n.Op == Ops.Custom) ? WithoutInputs(results, [.. cotangents.OfType<Node>()]) : results;
    }

    /// <summary>Results apart from the map's inputs, on which no value of a transposed map depends. What a checkpoint computes again waits for
    /// the cotangents of its backward pass; if that pass is this map, they are inputs, and the transpose waits for its own.</summary>
    private Node?[] WithoutInputs(Node?[] results, Node[] cotangents)
    {
        List<Node> dependent = Dependents.Of([.. results.OfType<Node>()], Inputs);
        if (dependent.Count == 0) return results;
        HashSet<Node> gone = [.. dependent];
        Dictionary<Node, Node> map = Inputs.ToDictionary(x => x, x => Algebra.Like(x, 0));
        foreach (Node n in dependent.Where(n => !map.ContainsKey(n)))
        {
            IEnumerable<Node> inputs = n.Inputs.Select(x => map.GetValueOrDefault(x, x));
            if (n.Op == Ops.Barrier) inputs = [inputs.First(), .. n.Inputs.Skip(1).Where(x => !gone.Contains(x)), .. cotangents];
            map[n] = new Node(n.Op, [.. inputs], n.Attributes);
        }

        return [.. results.Select(r => r is null ? null : map.GetValueOrDefault(r, r))];
    }

    /// <summary>The map applied to vectors; null is zero.</summary>
    public Node?[] Apply(IReadOnlyList<Node> inputs)
    {
        Dictionary<Node, Node> values = Inputs.Zip(inputs).ToDictionary(p => p.First, p => p.Second);
        Queue<Node> applied = new(Walk.Substitute([.. Outputs.OfType<Node>()], values));
        return [.. Outputs.Select(n => n is null ? null : applied.Dequeue())];
    }

    private static IEnumerable<int> Arguments(Node n, Rule rule)
    {
        (int start, int count) = (rule.LinearInputs?.Invoke(n) ?? Range.All).GetOffsetAndLength(n.Inputs.Length);
        return Enumerable.Range(start, count);
    }

    /// <summary>True if all outputs of a call go back together.</summary>
    private static bool IsCall(Rule rule) => rule.TransposeCall is not null || rule.TransposeOnto is not null;

    /// <summary>A call with the cotangents that its inputs have so far, which the rule adds to: an input that is given twice, once.</summary>
    private static BackwardCall Onto(Call call, HashSet<Node> linear, Dictionary<Node, Node> ct)
    {
        bool[] isLinear = [.. call.First.Inputs.Select(linear.Contains)];
        Node?[] soFar = [.. call.First.Inputs.Select((x, k) => isLinear[k] && ct.Remove(x, out Node? sum) ? sum : null)];
        return new(call.First, call.Cotangents, isLinear, soFar);
    }

    /// <summary>The calls of several outputs, each with its oldest node.</summary>
    private static Dictionary<CallKey, Call> FindCalls(List<Node> order)
    {
        Dictionary<CallKey, Call> calls = [];
        foreach (Node n in order)
        {
            if (RuleTable.Find(n.Op) is { } rule && IsCall(rule))
                calls.TryAdd(CallKey.Of(n, rule), new Call(n, new Node?[n.Get<CallAttributes>().OutputCount]));
        }

        return calls;
    }

    private static void Accumulate(Dictionary<Node, Node> cotangents, Node n, Node cotangent)
    {
        if (cotangent.Shape != n.Shape || cotangent.DType != n.DType)
        {
            throw new InvalidOperationException($"A transpose rule made {cotangent.DType}{cotangent.Shape} for {n}.");
        }

        cotangents[n] = cotangents.TryGetValue(n, out Node? sum) ? Algebra.Add(sum, cotangent) : cotangent;
    }

    private sealed record Call(Node First, Node?[] Cotangents);

    /// <summary>What the outputs of one call have in common: the op, its parameters, the inputs from the first linear one on.</summary>
    private sealed class CallKey(Op op, CallAttributes call, ImmutableArray<Node> inputs) : IEquatable<CallKey>
    {
        private readonly Op _op = op;
        private readonly CallAttributes _call = call;
        private readonly ImmutableArray<Node> _inputs = inputs;

        public static CallKey Of(Node n, Rule rule) =>
            new(n.Op, n.Get<CallAttributes>().At(0), n.Inputs[(rule.LinearInputs?.Invoke(n) ?? Range.All).Start..]);

        public bool Equals(CallKey? other) => other is not null && _op == other._op && _call.Equals(other._call)
            && Control.CallKey.IsSameCode(_call, other._call) && _inputs.AsSpan().SequenceEqual(other._inputs.AsSpan());

        public override bool Equals(object? obj) => Equals(obj as CallKey);

        public override int GetHashCode()
        {
            HashCode hash = default;
            hash.Add(_op);
            foreach (Node input in _inputs) hash.Add(input);
            return hash.ToHashCode();
        }
    }
}
