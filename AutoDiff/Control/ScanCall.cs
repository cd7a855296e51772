using Cotangent.Graph;

namespace Cotangent.AutoDiff.Control;

/// <summary>A scan and what it is applied to.</summary>
/// <param name="Body">(carries, slices, constants) → (carries, slices).</param>
/// <param name="Carries">The first carries.</param>
/// <param name="Sequences">What is taken slice by slice.</param>
/// <param name="Constants">What is the same in each round.</param>
/// <param name="Length">The number of rounds.</param>
/// <param name="Reverse">True if the last slice comes first.</param>
/// <param name="Memory">What reverse mode keeps.</param>
internal sealed record ScanCall(
    SubGraph Body, Node[] Carries, Node[] Sequences, Node[] Constants, int Length, bool Reverse, ScanMemory Memory)
{
    /// <summary>All inputs, in the order of the body's.</summary>
    public Node[] Inputs => [.. Carries, .. Sequences, .. Constants];

    /// <summary>The call that a node is an output of.</summary>
    public static ScanCall Of(Node n)
    {
        ScanAttributes scan = n.Get<ScanAttributes>();
        int constants = scan.Carries + scan.Sequences;
        return new(scan.Body, [.. n.Inputs.Take(scan.Carries)], [.. n.Inputs.Skip(scan.Carries).Take(scan.Sequences)],
            [.. n.Inputs.Skip(constants)], scan.Length, scan.Reverse, scan.Memory);
    }

    /// <summary>The same loop over other nodes, in the order of <see cref="Inputs"/>.</summary>
    public ScanCall On(IReadOnlyList<Node> inputs) => this with
    {
        Carries = [.. inputs.Take(Carries.Length)],
        Sequences = [.. inputs.Skip(Carries.Length).Take(Sequences.Length)],
        Constants = [.. inputs.Skip(Carries.Length + Sequences.Length)],
    };

    /// <summary>The outputs: last carries, then stacks. Sequences and constants that no output depends on are left out.</summary>
    public Node[] Invoke()
    {
        HashSet<Node> held = [.. Walk.Topological(Body.Outputs)];
        int[] sequences = Used(held, Carries.Length, Sequences.Length);
        int[] constants = Used(held, Carries.Length + Sequences.Length, Constants.Length);
        SubGraph body = sequences.Length == Sequences.Length && constants.Length == Constants.Length ? Body
            : new SubGraph([.. Body.Inputs.Take(Carries.Length), .. sequences.Concat(constants).Select(i => Body.Inputs[i])], Body.Outputs);
        Node[] inputs = Inputs;
        return ControlFlow.Call(Ops.Scan, [.. Carries, .. sequences.Concat(constants).Select(i => inputs[i])],
            new ScanAttributes(body, Carries.Length, sequences.Length, Length, Reverse) { Memory = Memory });
    }

    /// <summary>What the body's nodes hold counts, whether or not values are computed from it: derivatives of their own may read it.</summary>
    private int[] Used(HashSet<Node> held, int first, int count) =>
        [.. Enumerable.Range(first, count).Where(i => held.Contains(Body.Inputs[i]))];
}
