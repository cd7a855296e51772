using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>Rows of examples that share a classifier are more rows. Where each example has a gradient of its own for the classifier, or a classifier
/// of its own, examples run one after the other.</summary>
internal static class CrossEntropy
{
    public static readonly Dictionary<Op, BatchRule> Rules = new()
    {
        [Ops.CrossEntropy] = Value,
        [Ops.CrossEntropyTangent] = Tangent,
        [Ops.CrossEntropyHessian] = OneByOne,
    };

    private static Node Value(BatchedCall call)
    {
        CrossEntropyAttributes attributes = call.Get<CrossEntropyAttributes>();
        if (IsBatched(call, 2, 4, 5, 6) || attributes.Output > CrossEntropyAttributes.EmbeddingGradient) return OneByOne(call);
        Node factors = Joined(BatchedGraph.MoveAxis(call[0], 0, 1), 1);
        Node[] inputs = [factors, Joined(call[1], 0), call.Node.Inputs[2], Joined(call[3], 0), .. call.Node.Inputs.Skip(4)];
        if (attributes.Output != CrossEntropyAttributes.Objective)
            return Make.Reshape(new Node(Ops.CrossEntropy, [.. inputs], attributes), call.Shape);

        // The objectives of examples: their factors times their results.
        Node lse = Output(CrossEntropyAttributes.LogSumExp);
        Node sum = Make.Mul(Line(0), lse);
        sum = Make.Add(sum, Make.Mul(Line(1), Output(CrossEntropyAttributes.TargetLogit)));
        sum = Make.Add(sum, Make.Mul(Line(2), Output(CrossEntropyAttributes.WeightedLogits)));
        sum = Make.Add(sum, Make.Mul(Line(3), Make.Mul(lse, lse)));
        return Make.Sum(Make.Reshape(sum, [call.Size, call.Node.Inputs[1].Shape[0]]), [1]);

        Node Output(int output) => new(Ops.CrossEntropy, [.. inputs], attributes.At(output));
        Node Line(int line) => Make.Reshape(Make.Slice(factors, [line, 0], [1, lse.Shape[0]], [1, 1]), lse.Shape);
    }

    private static Node Tangent(BatchedCall call)
    {
        if (IsBatched(call, 1, 2, 4, 6, 7)) return OneByOne(call);
        Node[] inputs = [call.Node.Inputs[0].Shape.Size == 0 ? call.Node.Inputs[0] : Joined(call[0], 0), .. call.Node.Inputs.Skip(1).Take(2),
            Joined(call[3], 0), call.Node.Inputs[4], Joined(call[5], 0), .. call.Node.Inputs.Skip(6)];
        return Make.Reshape(new Node(Ops.CrossEntropyTangent, [.. inputs], call.Node.Attributes), call.Shape);
    }

    private static Node OneByOne(BatchedCall call)
    {
        int[] batched = [.. Enumerable.Range(0, call.Node.Inputs.Length).Where(i => call.Batched(i) is not null)];
        Tensor[] xs = [.. batched.Select(i => new Tensor(call[i]))];
        return Flow.Scan((Tensor carry, Tensor[] x) =>
        {
            Node[] inputs = [.. call.Node.Inputs];
            for (int i = 0; i < batched.Length; i++) inputs[batched[i]] = x[i].Node;
            return (carry, new Tensor(new Node(call.Node.Op, [.. inputs], call.Node.Attributes)));
        }, Tensor.Full([], 0, DType.Float32), xs).Ys.Node;
    }

    private static bool IsBatched(BatchedCall call, params ReadOnlySpan<int> inputs)
    {
        foreach (int i in inputs)
        {
            if (call.Batched(i) is not null) return true;
        }

        return false;
    }

    /// <summary>An axis and the next one as one.</summary>
    private static Node Joined(Node x, int axis) => Make.Reshape(x,
        [.. x.Shape.Take(axis), x.Shape[axis] * x.Shape[axis + 1], .. x.Shape.Skip(axis + 2)]);
}
