using Cotangent.Graph;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Fusion;

/// <summary>How much code nodes come to, in IR instructions after the mathematical functions are expanded.</summary>
internal sealed class CodeSize
{
    /// <summary>Kernels larger than this are split. The CPU's JIT stops optimising at some four times that
    /// much.</summary>
    public const int Largest = 700;

    /// <summary>What one method of machine code holds, in <see cref="Words"/>.</summary>
    public const int LargestWords = 2000;

    /// <summary>Groups are joined up to this size.</summary>
    public const int LargestJoined = 450;

    private readonly Dictionary<Node, int> _evaluations = [];

    /// <summary>The instructions counted so far.</summary>
    public int Total { get; private set; }

    /// <summary>True once counting on serves no purpose.</summary>
    public bool IsHopeless => Total > 4 * Largest;

    /// <summary>The instructions of one node, without what it reads.</summary>
    public static int Of(Node n) => n.Op.Kind switch
    {
        OpKind.Elementwise when n.Op == Ops.Threefry0 || n.Op == Ops.Threefry1 || Anchors.IsTranscendental(n.Op) =>
            LoweredSize.Of(n),
        OpKind.Movement => Anchors.IsGuarded(n) || n.Op == Ops.Concat ? 8 * n.Inputs.Length : 1,
        OpKind.Indexing => 10,
        OpKind.Leaf => n.Op == Ops.Number ? 0 : 2,
        _ => 2,
    };

    /// <summary>True for the body of a counted loop: its If is the loop's test, not a guard.</summary>
    private static bool IsLoopTest(Region region) => region.Terminator is Unreachable;

    /// <summary>Counts one evaluation of a node. Targets emit loops and guards twice, with and without masks.</summary>
    public void Count(Node n, int depth)
    {
        Total += Of(n) << Math.Min(depth, 3);
        _evaluations[n] = _evaluations.GetValueOrDefault(n) + 1;
    }

    /// <summary>The instructions of a region in the same measure, index arithmetic and all.</summary>
    public static int Of(Region region, int depth = 0)
    {
        long size = 0;
        foreach (INode node in region.Nodes)
        {
            if (node is Instruction instruction)
            {
                int own = instruction.Opcode == Opcode.Call ? LoweredSize.Of(instruction) : 1;
                size += (long)own << Math.Min(depth, 3);
            }
            else if (node is Structured structured)
            {
                int inside = structured is If && IsLoopTest(region) ? depth : depth + 1;
                size += structured.Regions.Sum(inner => (long)Of(inner, inside));
            }
        }

        return (int)Math.Min(size, int.MaxValue);
    }

    /// <summary>The instructions of a region once its short loops are unrolled, those on 64-bit types counted twice: a vector
    /// of them is two registers.</summary>
    public static int Words(Region region, int depth = 0)
    {
        long words = 0;
        foreach (INode node in region.Nodes)
        {
            if (node is Instruction instruction)
            {
                int own = instruction.Opcode == Opcode.Call ? LoweredSize.Of(instruction) : 1;
                bool isWide = instruction.Operands.Append(instruction).Any(o => o.Type.Scalar.Size() == 8);
                words += (long)own * (isWide ? 2 : 1) << Math.Min(depth, 3);
            }
            else if (node is Loop loop && Unrolling.Copies(loop) is { } copies)
            {
                words += (long)copies * Words(loop.Body, depth);
            }
            else if (node is Structured structured)
            {
                int inside = structured is If && IsLoopTest(region) ? depth : depth + 1;
                words += structured.Regions.Sum(inner => (long)Words(inner, inside));
            }
        }

        return (int)Math.Min(words, int.MaxValue);
    }

    /// <summary>The node to store so that a kernel shrinks most: one that is evaluated at several indices, or one that
    /// halves the work.</summary>
    public Node? BestCut(Func<Node, bool> isBoundary, IReadOnlySet<Node> anchors)
    {
        Node? best = null;
        long most = 0;
        foreach ((Node n, int count) in _evaluations)
        {
            if (anchors.Contains(n) || n.Op.Kind is OpKind.Movement or OpKind.Leaf || isBoundary(n)) continue;
            int below = Below(n, isBoundary);
            long saved = count > 1 ? (long)below * (count - 1) * 2 : Math.Min(below, Math.Max(0, Total - below));
            if (saved > most || (saved == most && best is not null && n.Id < best.Id)) (best, most) = (n, saved);
        }

        return best;
    }

    private static int Below(Node n, Func<Node, bool> isBoundary)
    {
        HashSet<Node> seen = [n];
        Stack<Node> rest = new(seen);
        int size = 0;
        while (rest.TryPop(out Node? at))
        {
            size += Of(at);
            if (isBoundary(at)) continue;
            foreach (Node input in at.Inputs)
            {
                if (seen.Add(input)) rest.Push(input);
            }
        }

        return size;
    }
}
