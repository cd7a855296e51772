using Cotangent.Graph;

namespace Cotangent.Tests.Engine;

/// <summary>The rows of norms of sums of outer products.</summary>
public static partial class OpCases
{
    private static IEnumerable<OpCase> GramNorms() =>
    [
        new("gram_norms", x => Norms(x, GramNormsAttributes.Norms), new Arg([3, 5, 4]), new Arg([3, 5, 7])) { Ulps = 64 },
        new("gram_norms of many positions", x => Norms(x, GramNormsAttributes.Norms), new Arg([1, 37, 3]), new Arg([1, 37, 2])) { Ulps = 256 },
        new("gram_norms by tiles", x => Norms(x, GramNormsAttributes.Norms, byTiles: true), new Arg([3, 5, 4]), new Arg([3, 5, 7])) { Ulps = 256 },
        new("gram_norms lengths", x => Norms(x, GramNormsAttributes.Lengths), new Arg([3, 5, 4]), new Arg([3, 5, 7])) { Ulps = 64 },
    ];

    // Norms are Float64; they err as their operands' dtype does.
    private static Tensor Norms(Tensor[] x, int output, bool byTiles = false) =>
        new Tensor(new Node(Ops.GramNorms, [Wide(x[0]).Node, Wide(x[1]).Node], new GramNormsAttributes { Output = output, ByTiles = byTiles })).Cast(x[0].DType);
}
