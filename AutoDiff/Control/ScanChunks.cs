using Cotangent.Graph;

namespace Cotangent.AutoDiff.Control;

/// <summary>A long scan as a scan of short ones. Reverse mode keeps the carries between the short scans, and runs each again before it goes
/// back through it.</summary>
internal static class ScanChunks
{
    /// <summary>Loops of so few rounds are kept whole where memory is to grow logarithmically.</summary>
    private const int Shortest = 4;

    /// <summary>The rounds of a short scan; null if the loop is not to be cut.</summary>
    public static int? LengthOf(ScanCall scan)
    {
        int length = scan.Length;
        int steps = scan.Memory.Kind switch
        {
            ScanMemoryKind.SquareRoot => NearRoot(length),
            ScanMemoryKind.Logarithmic when length > Shortest => (length + 1) / 2,
            ScanMemoryKind.Every => scan.Memory.Steps,
            _ => length,
        };
        return steps < length && length > 3 ? steps : null;
    }

    /// <summary>The loop's outputs by short scans; what is left over in the end is a scan of its own.</summary>
    public static Node[] Nest(ScanCall scan, int steps)
    {
        int chunks = scan.Length / steps, whole = chunks * steps, rest = scan.Length - whole;
        ScanMemory inner = scan.Memory.Kind == ScanMemoryKind.Logarithmic ? ScanMemory.Logarithmic : ScanMemory.SaveAll;

        // The rounds that come first: at the end of the sequences if the loop runs backwards.
        int start = scan.Reverse ? rest : 0;
        Node[] first = Outer(scan, steps, chunks, inner, [.. scan.Sequences.Select(x => Chunks(Part(x, start, whole), chunks, steps))]);
        int carries = scan.Carries.Length;
        Node[] stacks = [.. first.Skip(carries).Select(y => Make.Reshape(y, [whole, .. y.Shape.Skip(2)]))];
        if (rest == 0) return [.. first.Take(carries), .. stacks];

        ScanCall last = scan with
        {
            Carries = first[..carries],
            Sequences = [.. scan.Sequences.Select(x => Part(x, scan.Reverse ? 0 : whole, rest))],
            Length = rest,
            Memory = inner,
        };
        Node[] end = last.Invoke();
        return [.. end.Take(carries), .. stacks.Select((y, i) => scan.Reverse
            ? Make.Concat(0, end[carries + i], y)
            : Make.Concat(0, y, end[carries + i]))];
    }

    private static Node[] Outer(ScanCall scan, int steps, int chunks, ScanMemory inner, Node[] sequences)
    {
        Node[] carries = [.. scan.Carries.Select(Like)], constants = [.. scan.Constants.Select(Like)];
        Node[] slices = [.. sequences.Select(x => Make.Input(Shape.From(x.Shape.Skip(1)), x.DType, x.Device, "chunk", x.IsAnywhere))];
        Node[] outputs = (scan with { Carries = carries, Sequences = slices, Constants = constants, Length = steps, Memory = inner }).Invoke();
        SubGraph body = SubGraph.Close([.. carries, .. slices, .. constants], outputs, 0).Graph;
        return new ScanCall(body, scan.Carries, sequences, scan.Constants, chunks, scan.Reverse, ScanMemory.Recompute).Invoke();
    }

    private static Node Like(Node n) => Make.Input(n.Shape, n.DType, n.Device, "operand", n.IsAnywhere);

    private static Node Part(Node x, int start, int count) => Make.Slice(x,
        [start, .. Enumerable.Repeat(0, x.Shape.Rank - 1)], [count, .. x.Shape.Skip(1)], Shape.From(Enumerable.Repeat(1, x.Shape.Rank)));

    private static Node Chunks(Node x, int chunks, int steps) => Make.Reshape(x, [chunks, steps, .. x.Shape.Skip(1)]);

    /// <summary>The divisor of the length nearest to its root, if one is near, so that nothing is left over.</summary>
    private static int NearRoot(int length)
    {
        double root = Math.Sqrt(length);
        return Enumerable.Range(1, length).Where(k => length % k == 0 && k >= root / 2 && k <= root * 2)
            .OrderBy(k => Math.Abs(Math.Log(k / root))).DefaultIfEmpty((int)Math.Ceiling(root)).First();
    }
}
