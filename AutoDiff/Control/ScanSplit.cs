using Cotangent.Graph;

namespace Cotangent.AutoDiff.Control;

/// <summary>A scan as two: one of what does not depend on some of its inputs, which also stacks the residuals of each round, and one of the
/// rest, which takes those stacks as sequences. Residuals that are the same in each round are constants.</summary>
/// <param name="Known">The outputs of the original that the first loop computes, by number; null for the others.</param>
/// <param name="Linear">The loop of the rest. Its carries, first sequences and first constants are the linear inputs in order.</param>
/// <param name="LinearOutputs">The numbers of the original's outputs that it computes, in its order.</param>
internal sealed record ScanSplit(Node?[] Known, ScanCall Linear, int[] LinearOutputs)
{
    /// <summary>Separates a loop.</summary>
    /// <param name="call">The loop.</param>
    /// <param name="isLinear">The inputs that the second loop is of. Carries that come to depend on them are too.</param>
    public static ScanSplit Of(ScanCall call, IReadOnlyList<bool> isLinear)
    {
        SubGraph body = call.Body;
        int carries = call.Carries.Length, constants = carries + call.Sequences.Length, all = body.Inputs.Length;
        (bool[] linear, int[] linearOutputs) = FindLinear(call, isLinear);
        Node[] Inputs(int from, int to, bool of) => [.. Enumerable.Range(from, to - from).Where(i => linear[i] == of).Select(i => body.Inputs[i])];
        Node[] Outer(int from, int to, bool of) => [.. Enumerable.Range(from, to - from).Where(i => linear[i] == of).Select(i => call.Inputs[i])];

        Node[] outputs = [.. linearOutputs.Select(o => body.Outputs[o])];
        Node[] knownSequences = Inputs(carries, constants, false), knownConstants = Inputs(constants, all, false);
        HashSet<Node> varies = [.. Dependents.Of(outputs, Inputs(0, constants, false))];
        HashSet<Node> fixedNodes = [.. Dependents.Of(outputs, knownConstants).Where(n => !varies.Contains(n))];
        int[] knownOutputs = [.. Enumerable.Range(0, body.Outputs.Length).Except(linearOutputs)];
        int[] stacks = [.. knownOutputs.Where(o => o >= carries)];
        Dictionary<Node, int> stackOf = [];
        foreach (int o in stacks) stackOf.TryAdd(body.Outputs[o], o);
        PartialEvaluation parts = PartialEvaluation.Of(outputs, Inputs(0, all, true), Inputs(0, all, false),
            n => fixedNodes.Contains(n) || stackOf.ContainsKey(n) || knownSequences.Contains(n),
            call.Memory.Kind == ScanMemoryKind.Recompute);

        // The first loop: known outputs, then a stack of each residual that is there in no other way.
        (Node Residual, Node Placeholder)[] residuals = [.. parts.Residuals.Zip(parts.Placeholders)];
        bool IsSequence(Node n) => knownSequences.Contains(n) || !fixedNodes.Contains(n);
        Node[] stacked = [.. parts.Residuals.Where(n => IsSequence(n) && !knownSequences.Contains(n) && !stackOf.ContainsKey(n))];
        Node[] first = new ScanCall(
            SubGraph.Close(Inputs(0, all, false), [.. knownOutputs.Select(o => body.Outputs[o]), .. stacked], 0).Graph,
            Outer(0, carries, false), Outer(carries, constants, false), Outer(constants, all, false), call.Length, call.Reverse, call.Memory)
            .Invoke();
        Node?[] known = new Node?[body.Outputs.Length];
        for (int k = 0; k < knownOutputs.Length; k++) known[knownOutputs[k]] = first[k];

        Node Sequence(Node n) => Array.IndexOf(knownSequences, n) is >= 0 and int s ? Outer(carries, constants, false)[s]
            : stackOf.TryGetValue(n, out int o) ? known[o]!
            : first[knownOutputs.Length + Array.IndexOf(stacked, n)];
        Node[] sequences = [.. residuals.Where(r => IsSequence(r.Residual)).Select(r => r.Placeholder)];
        Node[] same = [.. residuals.Where(r => !IsSequence(r.Residual)).Select(r => r.Placeholder)];
        Node[] values = new SubGraph(knownConstants, parts.Residuals.Where(n => !IsSequence(n))).Apply(Outer(constants, all, false));
        SubGraph second = SubGraph.Close(
            [.. Inputs(0, carries, true), .. Inputs(carries, constants, true), .. sequences, .. Inputs(constants, all, true), .. same],
            parts.Outputs, 0).Graph;
        ScanCall rest = new(second, Outer(0, carries, true),
            [.. Outer(carries, constants, true), .. parts.Residuals.Where(IsSequence).Select(Sequence)],
            [.. Outer(constants, all, true), .. values], call.Length, call.Reverse, call.Memory);
        return new(known, rest, linearOutputs);
    }

    /// <summary>The inputs that are linear, carries included that become so, and the outputs that depend on them.</summary>
    public static (bool[] Inputs, int[] Outputs) FindLinear(ScanCall call, IReadOnlyList<bool> isLinear)
    {
        bool[] linear = [.. isLinear];
        while (true)
        {
            HashSet<Node> dependent = [.. Dependents.Of(call.Body.Outputs, [.. call.Body.Inputs.Where((_, i) => linear[i])])];
            int[] outputs = [.. Enumerable.Range(0, call.Body.Outputs.Length)
                .Where(o => dependent.Contains(call.Body.Outputs[o]) || (o < call.Carries.Length && linear[o]))];
            int[] more = [.. outputs.Where(o => o < call.Carries.Length && !linear[o])];
            if (more.Length == 0) return (linear, outputs);
            foreach (int carry in more) linear[carry] = true;
        }
    }
}
