using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Fusion;

// Values of a row that cost much and that several of its loops need are kept in memory of the group: the exponentials of a softmax are
// summed, then divided. On the CPU that memory stays in the cache; GPUs have cheaper arithmetic than shared memory to spare.
internal sealed partial class KernelEmitter
{
    private const int MostKept = 4;
    private const int LongestKept = 1 << 14;

    private readonly Dictionary<Node, KeptRow> _kept = [];
    private int _loop;

    /// <summary>A row of values of a node, filled in one loop and read in later ones.</summary>
    private sealed class KeptRow(Value array, int loop)
    {
        public Value Array { get; } = array;

        public int Loop { get; } = loop;

        public bool IsStored { get; set; }
    }

    /// <summary>Chooses what to keep: in the order of the loops, nodes that an earlier loop computes at the same element.</summary>
    private void PlanKept(IReadOnlyList<Node[]> loops)
    {
        if (_graph.Device.Kind != DeviceKind.Cpu || !_group.IsGrouped || _domain.K > LongestKept) return;
        Dictionary<Node, int> computedIn = [];
        for (int loop = 0; loop < loops.Count; loop++)
        {
            HashSet<Node> seen = [];
            Stack<Node> rest = new(loops[loop]);
            while (rest.TryPop(out Node? n))
            {
                if (!seen.Add(n) || IsBoundary(n) || n.Op.Kind == OpKind.Reduce) continue;
                if (n.Op.Kind == OpKind.Elementwise && Anchors.IsTranscendental(n.Op) && !computedIn.TryAdd(n, loop) && computedIn[n] < loop)
                {
                    if (_kept.Count < MostKept || _kept.ContainsKey(n)) Keep(n, computedIn[n]);
                    continue;
                }

                foreach (Node input in n.Inputs)
                {
                    if (Alignments.OfInput(n, input, Alignment.Full, _domain) == Alignment.Full) rest.Push(input);
                }
            }
        }
    }

    private void Keep(Node n, int loop)
    {
        if (!_kept.ContainsKey(n)) _kept[n] = new(_builder.Allocate(n.DType.Compute(), AddressSpace.Shared, (int)_domain.K), loop);
    }

    /// <summary>The kept row that holds a node's element, if it is that of this point.</summary>
    private KeptRow? KeptAt(Node n, Affine[] at) =>
        _kept.TryGetValue(n, out KeptRow? row) && IndexSpace.Flatten(n.Shape, at).Equals(_full) ? row : null;

    private Value Keep(KeptRow row, Value value)
    {
        // Under a guard not every element would be stored: then the later loops compute them again.
        if (row.IsStored || _loop != row.Loop || _scope.IsGuard || _scope.Parent != _rowScope) return value;
        _builder.Store(row.Array, EmitIndex(FlatIndex(_variables[1])), value);
        row.IsStored = true;
        return value;
    }
}
