using Cotangent.Graph;

namespace Cotangent.AutoDiff.Control;

/// <summary>The JVP of a choice is a choice between the JVPs of its branches; its transpose, between their transposes.</summary>
/// <remarks>In linear mode the values' choice also gives what the tangents' choice reads: residuals of equal shape and dtype of both
/// branches share an output, and a branch gives zeros for those that it has not.</remarks>
internal static class CondDerivative
{
    public static Node?[] Jvp(ForwardCall call)
    {
        CondAttributes cond = call.Node.Get<CondAttributes>();
        Node predicate = call.Node.Inputs[0];
        Node[] operands = [.. call.Node.Inputs.Skip(1)];
        Node?[] dx = call.Tangents[1..];
        int[] active = [.. Enumerable.Range(0, dx.Length).Where(i => dx[i] is not null)];
        Branch[] branches = [.. cond.Bodies.Select(body => Branch.Of(body, dx, call.Mode))];
        int[] outputs = [.. Enumerable.Range(0, cond.OutputCount).Where(o => branches.Any(b => b.Tangents[o] is not null))];
        Node?[] result = new Node?[cond.OutputCount];
        if (outputs.Length == 0) return result;
        foreach (Branch b in branches)
        {
            foreach (int o in outputs) b.Tangents[o] ??= Algebra.Like(b.Body.Outputs[o], 0);
        }

        Node[] tangents = [.. active.Select(i => dx[i]!)], found;
        if (call.Mode == ForwardMode.Together)
        {
            SubGraph[] both = [.. branches.Select(b => SubGraph.Close(
                [.. b.Body.Inputs, .. active.Select(i => b.Seeds[i]!)], [.. b.Values, .. outputs.Select(o => b.Tangents[o]!)], 0).Graph)];
            Node[] all = ControlFlow.Call(Ops.Cond, [predicate, .. operands, .. tangents], new CondAttributes(both[0], both[1]));
            call.Replacements.Add(call.Node, all[..cond.OutputCount]);
            found = all[cond.OutputCount..];
        }
        else
        {
            found = Linear(call, branches, predicate, operands, tangents, active, outputs);
        }

        for (int k = 0; k < outputs.Length; k++) result[outputs[k]] = found[k];
        return result;
    }

    public static Node?[] Transpose(BackwardCall call)
    {
        CondAttributes cond = call.Node.Get<CondAttributes>();
        int[] given = [.. Enumerable.Range(0, cond.OutputCount).Where(o => call.Cotangents[o] is not null)];
        int[] linear = [.. Enumerable.Range(0, cond.IfTrue.Inputs.Length).Where(i => call.IsLinear[i + 1])];
        int[] others = [.. Enumerable.Range(0, cond.IfTrue.Inputs.Length).Except(linear)];
        (SubGraph Body, Node[] Cotangents, Node?[] Back)[] branches = [.. cond.Bodies.Select(body =>
        {
            Node[] ct = [.. given.Select(o => ScanDerivative.Tangent(body.Outputs[o]))];
            LinearMap map = new([.. linear.Select(i => body.Inputs[i])], [.. given.Select(o => body.Outputs[o])]);
            return (body, ct, map.Transpose(ct));
        })];
        int[] found = [.. Enumerable.Range(0, linear.Length).Where(k => branches.Any(b => b.Back[k] is not null))];
        SubGraph[] bodies = [.. branches.Select(b => SubGraph.Close(
            [.. others.Select(i => b.Body.Inputs[i]), .. b.Cotangents],
            [.. found.Select(k => b.Back[k] ?? Algebra.Like(b.Body.Inputs[linear[k]], 0))], 0).Graph)];
        Node?[] total = [.. call.SoFar];
        if (found.Length == 0) return total;
        Node[] results = ControlFlow.Call(Ops.Cond,
            [call.Node.Inputs[0], .. others.Select(i => call.Node.Inputs[i + 1]), .. given.Select(o => call.Cotangents[o]!)],
            new CondAttributes(bodies[0], bodies[1]));
        for (int k = 0; k < found.Length; k++) total[linear[found[k]] + 1] = Algebra.Sum(total[linear[found[k]] + 1], results[k]);
        return total;
    }

    private static Node[] Linear(
        ForwardCall call, Branch[] branches, Node predicate, Node[] operands, Node[] tangents, int[] active, int[] outputs)
    {
        PartialEvaluation[] parts = [.. branches.Select(b => PartialEvaluation.Of([.. outputs.Select(o => b.Tangents[o]!)],
            [.. active.Select(i => b.Seeds[i]!)], b.Body.Inputs, b.Body.Inputs.Contains, recompute: false))];

        // The slots of residuals, by branch: the residual in each, or null.
        List<Node?[]> slots = [];
        for (int side = 0; side < 2; side++)
        {
            foreach (Node r in parts[side].Residuals.Where(r => !branches[side].Body.Inputs.Contains(r)))
            {
                int at = slots.FindIndex(s => s[side] is null && s[1 - side] is { } other && other.Shape == r.Shape && other.DType == r.DType);
                if (at >= 0) slots[at][side] = r;
                else slots.Add(side == 0 ? [r, null] : [null, r]);
            }
        }

        SubGraph[] values = [.. branches.Select((b, side) => SubGraph.Close(b.Body.Inputs,
            [.. b.Values, .. slots.Select(s => s[side] ?? Make.Zeros(s[1 - side]!))], 0).Graph)];
        Node[] known = ControlFlow.Call(Ops.Cond, [predicate, .. operands], new CondAttributes(values[0], values[1]));
        int count = branches[0].Values.Length;
        call.Replacements.Add(call.Node, known[..count]);

        int[] used = [.. Enumerable.Range(0, operands.Length).Where(i => branches.Zip(parts).Any(p => p.Second.Residuals.Contains(p.First.Body.Inputs[i])))];
        SubGraph[] linear = [.. branches.Select((b, side) =>
        {
            Node Placeholder(Node? residual, Node like) => Array.IndexOf(parts[side].Residuals, residual) is >= 0 and int at
                ? parts[side].Placeholders[at] : ScanDerivative.Tangent(like);
            return SubGraph.Close(
                [.. used.Select(i => Placeholder(b.Body.Inputs[i], b.Body.Inputs[i])), .. slots.Select(s => Placeholder(s[side], s[side] ?? s[1 - side]!)),
                    .. active.Select(i => b.Seeds[i]!)], parts[side].Outputs, 0).Graph;
        })];
        return ControlFlow.Call(Ops.Cond, [predicate, .. used.Select(i => operands[i]), .. known[count..], .. tangents],
            new CondAttributes(linear[0], linear[1]));
    }

    /// <summary>A branch with its tangents.</summary>
    private sealed record Branch(SubGraph Body, Node?[] Seeds, Node[] Values, Node?[] Tangents)
    {
        public static Branch Of(SubGraph body, Node?[] dx, ForwardMode mode)
        {
            Node?[] seeds = [.. body.Inputs.Select((n, i) => dx[i] is null ? null : ScanDerivative.Tangent(n))];
            Replacements replacements = new();
            Node?[] tangents = Forward.Tangents(body.Outputs, ScanDerivative.Seeds(body, seeds), mode, replacements);
            return new(body, seeds, [.. replacements.Resolve([.. body.Outputs]).OfType<Node>()], replacements.Resolve(tangents));
        }
    }
}
