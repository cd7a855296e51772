using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.AutoDiff;

/// <summary>Norms and clipped sum of a cut head together, a few examples at a time: the derivatives by all of their logits are held, so the sum need not
/// make them again.</summary>
internal static class HeadSums
{
    // Derivatives held at a time.
    private const long PieceLogits = 4 << 20;

    // Classifier and sum are gone over once for so many rows, unless there are no more.
    private const long LeastRows = 64;

    /// <summary>True where it is less work and little memory, on the CPU: one example's derivatives are few, or no more than the classifier has elements,
    /// and a round has some rows.</summary>
    public static bool Takes(SampleForm.Head h) => h.Gradients.Device is CpuDevice && !h.Call.Settings.IsCompensated
        && Logits(h) <= Math.Max(PieceLogits, h.Classifier.Size) && Together(h) * (long)h.Rows >= Math.Min(LeastRows, h.Examples * (long)h.Rows);

    /// <summary>Σ_b f_b·g_b in the head's own shape, and ‖g_b‖².</summary>
    /// <param name="h">The head.</param>
    /// <param name="mask">Bool [examples]: those that count.</param>
    /// <param name="limit">What f·‖g‖ stays within, a Float64 scalar.</param>
    /// <param name="call">How norms make factors.</param>
    /// <param name="isGuarded">False if the caller leaves a sum with an example whose norm is not finite.</param>
    public static (Tensor Sum, Tensor Squares) Of(SampleForm.Head h, Tensor mask, Tensor limit, ClippedSumAttributes call, bool isGuarded)
    {
        int together = Together(h), rounds = h.Examples / Math.Max(1, together);
        (HeadRows, Tensor) pieces = Trees.Map((HeadRows.Of(h), mask), x => x.Reshape(Shape.From([rounds, together, .. x.Shape.Skip(1)])));
        Tensor zero = Tensor.Zeros(h.Classifier.Shape, h.Embeddings.DType, h.Embeddings.Device);
        (Tensor total, Tensor squares) = Flow.Scan((Tensor sum, (HeadRows Rows, Tensor Mask) piece) =>
        {
            HeadDerivatives head = new(h, piece.Rows);
            Tensor derivatives = head.OfAll(), own = SampleNorms.Of(head.Embeddings, derivatives);
            Tensor factors = ClippedSums.Factors(call, own, piece.Mask, limit).Cast(head.DType).Reshape(-1, 1, 1);
            Tensor scaled = Tensor.Where(factors.NotEqual(0), head.Embeddings * factors, 0);
            if (isGuarded) derivatives = Tensor.Where(factors.NotEqual(0), derivatives, 0);
            return (sum + Tensor.DotGeneral(Flat(derivatives), Flat(scaled), [0], [0]), own);
        }, zero, pieces);
        return (total, squares.Reshape(h.Examples));

        static Tensor Flat(Tensor x) => x.Reshape(x.Shape[0] * x.Shape[1], x.Shape[2]);
    }

    private static long Logits(SampleForm.Head h) => (long)h.Rows * h.Classifier.Shape[0];

    // A divisor of their number.
    private static int Together(SampleForm.Head h)
    {
        int together = (int)Math.Clamp(PieceLogits / Math.Max(1, Logits(h)), 1, Math.Max(1, h.Examples));
        while (h.Examples % together != 0) together--;
        return together;
    }
}
