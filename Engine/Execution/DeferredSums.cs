using System.Collections.Immutable;
using Cotangent.Fusion;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>Carries of a scan to which each round adds matrix products that nothing else reads, as the gradient of a recurrent net's weights
/// does: the operands of a block of rounds are kept, and their products are added at once, as one product with a longer contracted
/// axis.</summary>
/// <remarks>
/// <para>acc + Σₜ xₜ·yₜ over a block is acc + X·Y with the rounds as a further contracted axis. A product of few contracted elements spends its
/// time on reading and writing the sum; here that is done once a block. An operand that is a slice of a sequence is read where it is;
/// others lie in a ring of one block, in the loop's scratch memory.</para>
/// <para>What could go wrong silently is a block flushed too early, late or with another block's operands; tests compare with the loop
/// written out, for lengths that blocks divide and do not, in both directions.</para>
/// </remarks>
internal sealed class DeferredSums
{
    /// <summary>The contracted elements of a block's product: more make it no faster.</summary>
    private const int LongEnough = 512;

    /// <summary>The most that a ring may take: two cores' second-level caches.</summary>
    private const long MostKept = 4 << 20;

    private readonly int[] _sums; // carries of the original loop
    private readonly Operand[] _operands;
    private readonly NestedProgram _whole;
    private readonly NestedProgram? _rest;
    private readonly KernelArgument[] _inputs;
    private readonly KernelArgument[] _buffers;
    private readonly int _length;

    private DeferredSums(Device device, ScanAttributes scan, SumOfProducts[] sums, Operand[] operands, int rounds)
    {
        (_sums, _operands, _length, Rounds) = ([.. sums.Select(s => s.Carry)], operands, scan.Length, rounds);
        _whole = new NestedProgram(device, BlockOf(scan.Body, sums, operands, rounds));
        _rest = scan.Length % rounds is > 0 and int rest ? new NestedProgram(device, BlockOf(scan.Body, sums, operands, rest)) : null;
        _inputs = new KernelArgument[sums.Length + operands.Length];
        _buffers = new KernelArgument[sums.Length];
        Loop = LoopOf(scan, _sums, operands);
        Carries = [.. Enumerable.Range(0, scan.Carries).Except(_sums)];
    }

    /// <summary>The loop without these carries; its last outputs are the operands to keep.</summary>
    public ScanAttributes Loop { get; }

    /// <summary>The carries that stay in the loop, by their places in the original.</summary>
    public ImmutableArray<int> Carries { get; }

    /// <summary>The number of the other carries.</summary>
    public int SumCount => _sums.Length;

    /// <summary>The rounds of a block.</summary>
    public int Rounds { get; }

    /// <summary>The number of <see cref="Loop"/>'s outputs that are operands to keep.</summary>
    public int KeptCount => _operands.Count(o => o.Sequence < 0);

    /// <summary>The memory of a block's products, beside what is kept.</summary>
    public long ScratchBytes => Math.Max(_whole.Plan.ScratchBytes, _rest?.Plan.ScratchBytes ?? 0);

    /// <summary>The arithmetic of all blocks.</summary>
    public double Flops => _length / Rounds * PlanCost.Of(_whole.Plan).Flops + (_rest is null ? 0 : PlanCost.Of(_rest.Plan).Flops);

    /// <summary>The plans of the blocks.</summary>
    public IEnumerable<NestedPlan> Nested =>
        new[] { new NestedPlan($"sums of {Rounds} rounds", _whole.Plan) }
            .Concat(_rest is null ? [] : [new NestedPlan($"sums of the other {_length % Rounds} rounds", _rest.Plan)]);

    /// <summary>The sums of a scan that are worth it; null if there are none.</summary>
    public static DeferredSums? Of(Device device, ScanAttributes scan)
    {
        SumOfProducts[] sums = [.. SumOfProducts.Find(scan).Where(s => s.Contracted < LongEnough / 2)];
        if (sums.Length == 0) return null;
        Operand[] operands = [.. sums.SelectMany(s => s.Products).SelectMany(p => p.Inputs).Select(SumOfProducts.Stored).Distinct()
            .Select(n => new Operand(n, SequenceOf(scan, n)))];
        long kept = operands.Where(o => o.Sequence < 0).Sum(o => Bytes(o.Node));
        long rounds = Math.Min(scan.Length, LongEnough / sums.Max(s => s.Contracted));
        if (kept > 0) rounds = Math.Min(rounds, MostKept / kept);
        if (rounds < 2) return null;
        DeferredSums deferred = new(device, scan, sums, operands, (int)rounds);
        return deferred.CanAddInPlace() ? deferred : null;
    }

    /// <summary>The sums begin as the call's first inputs.</summary>
    public void Start(in RoutineCall call)
    {
        foreach (int c in _sums)
        {
            KernelArgument from = call.Inputs[c], to = call.Outputs[c];
            DeviceCopy.Run(call.Device, from, to, _whole.BytesOf(_whole.Places[Array.IndexOf(_sums, c)].Buffer));
        }
    }

    /// <summary>Adds the products of a block after the round that completes it.</summary>
    /// <param name="call">The original loop's call.</param>
    /// <param name="at">The slice of the round.</param>
    /// <param name="reverse">True if the last slice comes first.</param>
    /// <param name="kept">Where the kept operands of a block begin, in the order of <see cref="Loop"/>'s last outputs.</param>
    public void EndRound(in RoutineCall call, int at, bool reverse, ReadOnlySpan<KernelArgument> kept)
    {
        int first = at / Rounds * Rounds, count = Math.Min(Rounds, _length - first);
        if (at != (reverse ? first : first + count - 1)) return;
        NestedProgram block = count == Rounds ? _whole : _rest!;
        for (int s = 0; s < _sums.Length; s++)
        {
            _inputs[s] = call.Outputs[_sums[s]];
            _buffers[block.Places[s].Buffer] = call.Outputs[_sums[s]];
        }

        int next = 0;
        for (int o = 0; o < _operands.Length; o++)
        {
            (Node node, int sequence) = _operands[o];
            _inputs[_sums.Length + o] = sequence < 0 ? kept[next++]
                : DeviceCopy.At(call.Inputs[Carries.Length + _sums.Length + sequence], first * Bytes(node));
        }

        block.Run(_inputs, _buffers, call.Scratch);
    }

    /// <summary>Lets go of all memory.</summary>
    public void Clear()
    {
        Array.Clear(_inputs);
        Array.Clear(_buffers);
        _whole.Unbind();
        _rest?.Unbind();
    }

    private static long Bytes(Node n) => n.Shape.Size * n.DType.Size();

    private static int SequenceOf(ScanAttributes scan, Node n) =>
        scan.Body.Inputs.IndexOf(n) is int i && i >= scan.Carries && i < scan.Carries + scan.Sequences ? i - scan.Carries : -1;

    /// <summary>(other carries, slices, constants) → (other carries, slices, operands).</summary>
    private static ScanAttributes LoopOf(ScanAttributes scan, int[] sums, Operand[] operands)
    {
        SubGraph body = new(scan.Body.Inputs.Where((_, i) => !sums.Contains(i)),
            [.. scan.Body.Outputs.Where((_, o) => !sums.Contains(o)), .. operands.Where(o => o.Sequence < 0).Select(o => o.Node)]);
        return scan with { Body = body, Carries = scan.Carries - sums.Length };
    }

    /// <summary>(sums, operands of some rounds) → sums.</summary>
    private static SubGraph BlockOf(SubGraph body, SumOfProducts[] sums, Operand[] operands, int rounds)
    {
        Node[] starts = [.. sums.Select(s => Placeholder(body.Inputs[s.Carry], body.Inputs[s.Carry].Shape))];
        Node[] stacks = [.. operands.Select(o => Placeholder(o.Node, [rounds, .. o.Node.Shape]))];
        Dictionary<Node, Node> stackOf = operands.Zip(stacks).ToDictionary(p => p.First.Node, p => p.Second);
        return new SubGraph([.. starts, .. stacks], sums.Zip(starts, (s, start) => s.OfBlock(start, stackOf)));

        static Node Placeholder(Node like, Shape shape) => Make.Input(shape, like.DType, like.Device, "block");
    }

    private bool CanAddInPlace()
    {
        return _sums.Length == _whole.BufferCount && Allows(_whole) && (_rest is null || (_rest.BufferCount == _sums.Length && Allows(_rest)));

        bool Allows(NestedProgram program)
        {
            Dictionary<int, int> inputOf = Enumerable.Range(0, _sums.Length).ToDictionary(s => program.Places[s].Buffer, s => s);
            if (!inputOf.All(p => p.Key >= 0 && program.CanOverwrite(p.Value, p.Key))) return false;
            if (CompiledProgram.PlansAreChecked) program.CheckInPlace(inputOf);
            return true;
        }
    }

    /// <summary>A factor as a round stores it, and the sequence that it is a slice of, or −1.</summary>
    private readonly record struct Operand(Node Node, int Sequence);
}
