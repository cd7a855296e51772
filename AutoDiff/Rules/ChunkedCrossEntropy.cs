using Cotangent.Graph;
using Cotangent.Kernels.Library;

namespace Cotangent.AutoDiff.Rules;

/// <summary>Linear cross-entropy as a scan over chunks of the classes with a running log-sum-exp: slower than the ops, made of what has
/// derivatives of every order, and without a buffer of rows × classes either: rounds are computed again where they are derived backwards.</summary>
internal static class ChunkedCrossEntropy
{
    /// <summary>Chunks of the classes.</summary>
    private const int Chunks = 32;

    /// <summary>The tangent of <see cref="Ops.CrossEntropyTangent"/> by its point; null for zero.</summary>
    public static Node? TangentOfTangent(Node n, Node?[] dx) => At(n, dx, p =>
    {
        Point at = new(n.Get<CrossEntropyTangentAttributes>().Settings, p.AsSpan(3).ToArray());
        return Diff.Jvp<Variables, Tensor>(x => at.Results(x)[n.Get<CallAttributes>().Output], at.Variables, at.Directions(p)).Tangent;
    });

    /// <summary>The tangent of <see cref="Ops.CrossEntropyHessian"/> by its point and factors; null for zero.</summary>
    public static Node? TangentOfHessian(Node n, Node?[] dx) => At(n, dx, p =>
    {
        Point at = new(n.Get<CrossEntropyHessianAttributes>().Settings, p.AsSpan(4).ToArray());
        Tensor factors = p[CrossEntropyHessianAttributes.Factors];
        Variables h = Diff.Jvp(Diff.Grad<Variables>(x => (factors * Tensor.Stack(0, at.Lines(x))).Sum()), at.Variables, at.Directions(p)).Tangent;
        return n.Get<CallAttributes>().Output switch { 0 => h.E, 1 => h.C, _ => h.Bias };
    });

    private static Node? At(Node n, Node?[] dx, Func<Tensor[], Tensor> f)
    {
        if (dx.Skip(3).All(d => d is null)) return null;
        (ClosedGraph graph, _) = ClosedGraph.Of(n.Op.Name, p => f([.. p.Select(x => new Tensor(x))]).Node, n.Inputs);
        return graph.Tangent(n.Inputs, [null, null, null, .. dx.Skip(3)]);
    }

    /// <summary>What derivatives are taken by.</summary>
    public sealed record Variables(Tensor E, Tensor C, Tensor Bias);

    /// <summary>A running log-sum-exp, and the other sums over classes.</summary>
    private sealed record Carry(Tensor Largest, Tensor Sum, Tensor Target, Tensor Weighted);

    /// <summary>A chunk of the classes.</summary>
    private sealed record Chunk(Tensor C, Tensor Bias, Tensor Weights, Tensor First);

    /// <param name="settings">Of the op.</param>
    /// <param name="x">Embeddings, classifier, targets, class weights, bias.</param>
    private sealed class Point(CrossEntropySettings settings, Tensor[] x)
    {
        private readonly Tensor _targets = x[2];
        private readonly Tensor _weights = x[3];

        public Variables Variables { get; } = new(x[0], x[1], x[4]);

        /// <summary>The directions of an op's first inputs, zeros where there are none.</summary>
        public Variables Directions(Tensor[] p) => new(Or(p[0], Variables.E), Or(p[1], Variables.C), Or(p[2], Variables.Bias));

        /// <summary>The results and lse².</summary>
        public Tensor[] Lines(Variables v) => Results(v) is var r ? [.. r, r[0].Square()] : [];

        /// <summary>lse, target logit, weighted sum of each row.</summary>
        public Tensor[] Results(Variables v)
        {
            int rows = v.E.Shape[0], classes = v.C.Shape[0], count = Math.Min(classes, Chunks), size = (classes + count - 1) / count;
            DType type = v.E.DType;
            Chunk chunks = new(Cut(v.C), Cut(Or(v.Bias, classes)), Cut(Or(_weights, classes)), Tensor.Arange(count) * size);
            Carry start = new(Tensor.Full([rows], double.NegativeInfinity, type), Zero(), Zero(), Zero());
            Carry end = Flow.Fold((carry, chunk) => Round(v.E, carry, chunk, size, classes), start, chunks, memory: ScanMemory.Logarithmic);
            Tensor counts = _targets.NotEqual(CrossEntropyProblem.Ignored);
            return [Masked(end.Largest + end.Sum.Log()), Masked(end.Target), Masked(end.Weighted)];

            Tensor Zero() => Tensor.Full([rows], 0, type);
            Tensor Masked(Tensor y) => Tensor.Where(counts, y, 0);
            Tensor Or(Tensor y, int length) => y.Size > 0 ? y : Tensor.Full([length], 0, type);
            Tensor Cut(Tensor y)
            {
                Shape tail = [.. y.Shape.Skip(1)], cut = [count, size, .. tail];
                Tensor padding = Tensor.Full([count * size - classes, .. tail], 0, type);
                return (count * size == classes ? y : Tensor.Concat(0, y, padding)).Reshape(cut);
            }
        }

        private static Tensor Or(Tensor direction, Tensor point) => direction.Size > 0 ? direction : Tensor.ZerosLike(point);

        private Carry Round(Tensor e, Carry carry, Chunk chunk, int size, int classes)
        {
            Tensor z = settings.Scale * e.MatMul(chunk.C.T) + chunk.Bias;
            if (settings.Softcap > 0) z = settings.Softcap * (z / settings.Softcap).Tanh();
            Tensor number = chunk.First + Tensor.Arange(size);

            // After the softcap: what pads the last chunk is no class.
            Tensor own = Tensor.Where(number < classes, z, double.NegativeInfinity);
            Tensor largest = Tensor.Maximum(carry.Largest, own.Max(1)).StopGradient();
            Tensor sum = carry.Sum * (carry.Largest - largest).Exp() + (own - largest.Unsqueeze(1)).Exp().Sum(1);
            Tensor isTarget = (_targets - settings.Start).Unsqueeze(1).Equal(number);
            return new(largest, sum, carry.Target + Tensor.Where(isTarget, z, 0).Sum(1), carry.Weighted + (chunk.Weights * z).Sum(1));
        }
    }
}
