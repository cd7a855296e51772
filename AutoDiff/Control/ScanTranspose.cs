using Cotangent.Graph;

namespace Cotangent.AutoDiff.Control;

/// <summary>The transpose of a scan that is linear in its carries and some other inputs: the scan of the transposed body, the other way
/// round. It carries the cotangents of the carries and the sums of those of the constants, takes those of the stacks and stacks those of the
/// sequences.</summary>
internal static class ScanTranspose
{
    public static Node?[] Transpose(BackwardCall call)
    {
        ScanCall scan = ScanCall.Of(call.Node);
        (bool[] linear, _) = ScanSplit.FindLinear(scan, call.IsLinear);
        if (linear.Take(scan.Carries.Length).All(x => x)) return Transpose(scan, linear, call.Cotangents, call.SoFar);

        // A carry that is not linear, a counter say: its values are computed first and stacked.
        ScanSplit split = ScanSplit.Of(scan, call.IsLinear);
        int[] inputs = [.. Enumerable.Range(0, linear.Length).Where(i => linear[i])];
        int[] own = OwnInputs(split.Linear, inputs, scan);
        bool[] isLinear = new bool[split.Linear.Body.Inputs.Length];
        Node?[] soFar = new Node?[isLinear.Length];
        for (int k = 0; k < inputs.Length; k++) (isLinear[own[k]], soFar[own[k]]) = (true, call.SoFar[inputs[k]]);
        Node?[] back = Transpose(split.Linear, isLinear, [.. split.LinearOutputs.Select(o => call.Cotangents[o])], soFar);
        Node?[] result = new Node?[linear.Length];
        for (int k = 0; k < inputs.Length; k++) result[inputs[k]] = back[own[k]];
        return result;
    }

    /// <summary>Where the linear loop of a split has the linear inputs of the original.</summary>
    private static int[] OwnInputs(ScanCall linear, int[] inputs, ScanCall scan)
    {
        int carries = scan.Carries.Length, constants = carries + scan.Sequences.Length;
        int c = 0, s = linear.Carries.Length, k = s + linear.Sequences.Length;
        return [.. inputs.Select(i => i < carries ? c++ : i < constants ? s++ : k++)];
    }

    private static Node?[] Transpose(ScanCall scan, bool[] isLinear, Node?[] cotangents, Node?[] soFar)
    {
        SubGraph body = scan.Body;
        int carries = scan.Carries.Length, constants = carries + scan.Sequences.Length;
        Back back = FindBack(scan, isLinear, cotangents);

        // (cotangents of carries, sums | those of stacks, other slices | other constants) → (the same carries | those of slices).
        int[] active = [.. Enumerable.Range(0, carries).Where(c => back.Outputs[c] is not null)];
        int[] summed = [.. Enumerable.Range(constants, isLinear.Length - constants).Where(i => back.Sums[i] is { } sum && back.Inputs[i] != sum)];
        int[] slices = [.. Enumerable.Range(carries, scan.Sequences.Length).Where(i => isLinear[i] && back.Inputs[i] is not null)];
        int[] stacks = [.. Enumerable.Range(carries, body.Outputs.Length - carries).Where(o => back.Outputs[o] is not null)];
        int[] others = [.. Enumerable.Range(carries, scan.Sequences.Length).Where(i => !isLinear[i])];
        int[] fixedInputs = [.. Enumerable.Range(constants, scan.Constants.Length).Where(i => !isLinear[i])];
        Node[] x = scan.Inputs;
        SubGraph graph = SubGraph.Close(
            [.. active.Select(c => back.Outputs[c]!), .. summed.Select(i => back.Sums[i]!), .. stacks.Select(o => back.Outputs[o]!),
                .. others.Concat(fixedInputs).Select(i => body.Inputs[i])],
            [.. active.Select(c => back.Inputs[c] ?? Algebra.Like(body.Inputs[c], 0)), .. summed.Concat(slices).Select(i => back.Inputs[i]!)], 0).Graph;
        Node[] results = new ScanCall(graph,
            [.. active.Select(c => cotangents[c] ?? Algebra.Like(x[c], 0)), .. summed.Select(i => soFar[i] ?? Algebra.Like(x[i], 0))],
            [.. stacks.Select(o => cotangents[o]!), .. others.Select(i => x[i])], [.. fixedInputs.Select(i => x[i])],
            scan.Length, !scan.Reverse, scan.Memory).Invoke();

        Node?[] total = [.. soFar];
        int next = 0;
        foreach (int c in active) total[c] = Algebra.Sum(soFar[c], results[next++]);
        foreach (int i in summed) total[i] = results[next++];
        foreach (int i in slices) total[i] = Algebra.Sum(soFar[i], results[next++]);
        return total;
    }

    /// <summary>The transposed body: cotangents of its inputs from those of its outputs, onto sums for constants. A carry's cotangent
    /// that starts as zero may come to be something in the course of the loop.</summary>
    private static Back FindBack(ScanCall scan, bool[] isLinear, Node?[] cotangents)
    {
        SubGraph body = scan.Body;
        int carries = scan.Carries.Length, constants = carries + scan.Sequences.Length;
        int[] inputs = [.. Enumerable.Range(0, isLinear.Length).Where(i => isLinear[i])];
        LinearMap map = new([.. inputs.Select(i => body.Inputs[i])], [.. body.Outputs]);
        Node?[] sums = [.. body.Inputs.Select((n, i) => i >= constants && isLinear[i] ? ScanDerivative.Tangent(n) : null)];
        Node?[] outputs = [.. body.Outputs.Select((n, o) => cotangents[o] is null ? null : ScanDerivative.Tangent(n))];
        while (true)
        {
            Node?[] back = new Node?[isLinear.Length];
            Node?[] found = map.Transpose(outputs, [.. inputs.Select(i => sums[i])]);
            for (int k = 0; k < inputs.Length; k++) back[inputs[k]] = found[k];
            int[] more = [.. Enumerable.Range(0, carries).Where(c => back[c] is not null && outputs[c] is null)];
            if (more.Length == 0) return new(outputs, sums, back);
            foreach (int c in more) outputs[c] = ScanDerivative.Tangent(body.Outputs[c]);
        }
    }

    /// <summary>Placeholders for cotangents of outputs and for sums of constants, and the cotangents of inputs.</summary>
    private sealed record Back(Node?[] Outputs, Node?[] Sums, Node?[] Inputs);
}
