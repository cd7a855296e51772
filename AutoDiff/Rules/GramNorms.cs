using Cotangent.Graph;

namespace Cotangent.AutoDiff.Rules;

/// <summary>With A [T, left] and G [T, right] of an example, the norm is ‖AᵀG‖² = ⟨A·Aᵀ, G·Gᵀ⟩: d = 2⟨(G·Gᵀ)·A, dA⟩ + 2⟨(A·Aᵀ)·G, dG⟩. The lengths are
/// Σₜ ‖aₜ‖‖gₜ‖; where a factor is 0 they have no derivative, and it counts as 0.</summary>
internal static class GramNorms
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [Ops.GramNorms] = new()
        {
            Jvp = (y, dx) =>
            {
                (Node a, Node g) = (y.Inputs[0], y.Inputs[1]);
                bool isNorm = y.Get<GramNormsAttributes>().Output == GramNormsAttributes.Norms;
                return Algebra.Sum(Along(dx[0], a, g), Along(dx[1], g, a));

                Node? Along(Node? dx, Node own, Node other) => dx is null ? null
                    : Make.Sum(Make.Cast(Make.Mul(dx, isNorm ? OfNorm(own, other) : OfLengths(own, other)), y.DType), [1, 2]);
            },
        },
    };

    private static Node OfNorm(Node own, Node other)
    {
        Node gram = Make.Dot(other, other, new DotAttributes([0], [0], [2], [2]));
        return Make.Scale(Make.Dot(gram, own, new DotAttributes([0], [0], [2], [1])), 2);
    }

    private static Node OfLengths(Node own, Node other)
    {
        Node length = Length(own), zero = Algebra.Like(length, 0), isZero = Make.Binary(Ops.Equal, length, zero);
        Node ratio = Make.Where(isZero, zero, Make.Div(Length(other), Make.Where(isZero, Algebra.Like(length, 1), length)));
        return Make.Mul(own, Make.Expand(Make.Reshape(ratio, [.. ratio.Shape, 1]), own.Shape));
    }

    private static Node Length(Node x) => Make.Unary(Ops.Sqrt, Make.Sum(Make.Mul(x, x), [2]));
}
