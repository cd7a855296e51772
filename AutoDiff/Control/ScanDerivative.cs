using Cotangent.Graph;

namespace Cotangent.AutoDiff.Control;

/// <summary>The JVP of a scan: a scan that also carries, takes and stacks tangents. In linear mode it is split in two, so that the
/// tangents' part can be transposed.</summary>
internal static class ScanDerivative
{
    public static Node?[] Jvp(ForwardCall call)
    {
        ScanCall scan = ScanCall.Of(call.Node);
        bool isLinear = call.Mode == ForwardMode.Linear;
        if (isLinear && ScanChunks.LengthOf(scan) is { } steps) return Chunked(call, scan, steps);

        Augmented both = Augmented.Of(scan, call.Tangents, call.Mode);
        Node?[] outputs;
        if (isLinear)
        {
            ScanSplit split = ScanSplit.Of(both.Call, both.IsTangent);
            Node[] linear = split.Linear.Invoke();
            outputs = split.Known;
            for (int i = 0; i < linear.Length; i++) outputs[split.LinearOutputs[i]] = linear[i];
        }
        else
        {
            outputs = both.Call.Invoke();
        }

        call.Replacements.Add(call.Node, [.. both.Values.Select(o => outputs[o]!)]);
        return [.. both.Tangents.Select(o => o is { } at ? outputs[at] : null)];
    }

    /// <summary>The scan as a scan of scans whose derivative keeps the outer carries only.</summary>
    private static Node?[] Chunked(ForwardCall call, ScanCall scan, int steps)
    {
        Node[] x = [.. call.Node.Inputs.Select(n => Make.Input(n.Shape, n.DType, n.Device, "operand", n.IsAnywhere))];
        Node[] outputs = ScanChunks.Nest(scan.On(x), steps);
        Dictionary<Node, Node> seeds = [], arguments = [];
        for (int i = 0; i < x.Length; i++)
        {
            arguments[x[i]] = call.Node.Inputs[i];
            if (call.Tangents[i] is { } dx) seeds[x[i]] = dx;
        }

        Replacements replacements = new();
        Node?[] tangents = Forward.Tangents(outputs, seeds, call.Mode, replacements);
        Node?[] resolved = replacements.Resolve([.. outputs, .. tangents]);
        Queue<Node> bound = new(Walk.Substitute([.. resolved.OfType<Node>()], arguments));
        Node?[] results = [.. resolved.Select(n => n is null ? null : bound.Dequeue())];
        call.Replacements.Add(call.Node, [.. results.Take(outputs.Length).OfType<Node>()]);
        return results[outputs.Length..];
    }

    /// <summary>A scan with its tangents: which outputs of it are what.</summary>
    /// <param name="Call">The scan of both.</param>
    /// <param name="IsTangent">Which inputs of it are tangents.</param>
    /// <param name="Values">The outputs that the original's outputs are.</param>
    /// <param name="Tangents">The outputs that their tangents are; null for zero.</param>
    private sealed record Augmented(ScanCall Call, bool[] IsTangent, int[] Values, int?[] Tangents)
    {
        public static Augmented Of(ScanCall scan, Node?[] dx, ForwardMode mode)
        {
            SubGraph body = scan.Body;
            int carries = scan.Carries.Length;
            (Node?[] seeds, Node?[] tangents, Replacements replacements) = Differentiate(scan, dx, mode);

            // What keeps nothing computes the values a second time: the first need not stack what the tangents read.
            bool recompute = scan.Memory.Kind == ScanMemoryKind.Recompute;
            Node?[] values = recompute ? [.. body.Outputs] : replacements.Resolve([.. body.Outputs]);
            tangents = replacements.Resolve(tangents);
            for (int c = 0; c < carries; c++)
            {
                if (seeds[c] is not null) tangents[c] ??= Algebra.Like(body.Outputs[c], 0);
            }

            List<(Node Input, Node Argument, bool IsTangent)> inputs = [];
            Add(0, carries);
            int firstSequence = inputs.Count;
            Add(carries, scan.Sequences.Length);
            int firstConstant = inputs.Count;
            Add(carries + scan.Sequences.Length, scan.Constants.Length);

            // Inputs and outputs in one order: carries, their tangents, then stacks and theirs.
            List<Node> outputs = [];
            int[] valueAt = new int[values.Length];
            int?[] tangentAt = new int?[values.Length];
            foreach ((int from, int to) in new[] { (0, carries), (carries, values.Length) })
            {
                for (int o = from; o < to; o++) valueAt[o] = Put(values[o]!);
                for (int o = from; o < to; o++) tangentAt[o] = tangents[o] is { } t ? Put(t) : null;
            }

            SubGraph both = SubGraph.Close([.. inputs.Select(i => i.Input)], outputs, 0).Graph;
            Node[] arguments = [.. inputs.Select(i => i.Argument)];
            ScanCall call = new(both, arguments[..firstSequence], arguments[firstSequence..firstConstant], arguments[firstConstant..],
                scan.Length, scan.Reverse, scan.Memory);
            return new(call, [.. inputs.Select(i => i.IsTangent)], valueAt, tangentAt);

            int Put(Node n)
            {
                outputs.Add(n);
                return outputs.Count - 1;
            }

            void Add(int first, int count)
            {
                Node[] all = scan.Inputs;
                for (int i = first; i < first + count; i++) inputs.Add((body.Inputs[i], all[i], false));
                for (int i = first; i < first + count; i++)
                {
                    if (seeds[i] is { } seed) inputs.Add((seed, dx[i] ?? Algebra.Like(all[i], 0), true));
                }
            }
        }

        /// <summary>The body's tangents, carries counting as varying that come to.</summary>
        private static (Node?[] Seeds, Node?[] Tangents, Replacements Replacements) Differentiate(ScanCall scan, Node?[] dx, ForwardMode mode)
        {
            SubGraph body = scan.Body;
            Node?[] seeds = [.. body.Inputs.Select((n, i) => dx[i] is null ? null : Tangent(n))];
            while (true)
            {
                Replacements replacements = new();
                Node?[] tangents = Forward.Tangents(body.Outputs, Seeds(body, seeds), mode, replacements);
                int[] more = [.. Enumerable.Range(0, scan.Carries.Length).Where(c => tangents[c] is not null && seeds[c] is null)];
                if (more.Length == 0) return (seeds, tangents, replacements);
                foreach (int c in more) seeds[c] = Tangent(body.Inputs[c]);
            }
        }
    }

    /// <summary>A placeholder for the tangent of a placeholder.</summary>
    public static Node Tangent(Node n) => Make.Input(n.Shape, n.DType, n.Device, "tangent", n.IsAnywhere);

    /// <summary>The inputs of a body that have tangents, with them.</summary>
    public static Dictionary<Node, Node> Seeds(SubGraph body, Node?[] seeds)
    {
        Dictionary<Node, Node> tangents = [];
        for (int i = 0; i < seeds.Length; i++)
        {
            if (seeds[i] is { } seed) tangents[body.Inputs[i]] = seed;
        }

        return tangents;
    }
}
