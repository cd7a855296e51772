using Cotangent.Graph;

namespace Cotangent.AutoDiff.Rules;

/// <summary>The tangent of an attention is a fused op, linear in the tangents of its operands; its transpose is the fused backward pass, whose
/// transpose is the tangent again. What remains for higher orders, the derivatives of these two by q, k, v, output and log-sum-exp, is
/// composed in blocks: see <see cref="AttentionBlocks"/>.</summary>
internal static class Attention
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [Ops.Attention] = OfCalls(Tangents),
        [Ops.AttentionTangent] = OfCalls(TangentsOfTangent, Gradients),
        [Ops.AttentionGrad] = OfCalls(TangentsOfGradient, (n, ct) =>
        {
            AttentionForm form = n.Get<AnyAttention>().Form;
            Node?[] result = new Node?[n.Inputs.Length];
            Node[] call = Call(n);
            for (int i = 0; form.Inputs + 2 + i < result.Length; i++) result[form.Inputs + 2 + i] = Along(form, call, [.. ct, null], i);
            return result;
        }),
    };

    /// <summary>All outputs at once, so that their tangents are one call and go back as one.</summary>
    private static Rule OfCalls(Func<Node, Node?[], Node?[]> tangents, Func<Node, Node?[], Node?[]>? transpose = null) => new()
    {
        Jvp = (y, dx) => tangents(y, dx)[y.Get<CallAttributes>().Output],
        JvpCall = call => tangents(call.Node, call.Tangents),
        IsLinear = transpose is null ? (_, _) => false : IsLinear,
        TransposeCall = transpose,
    };

    /// <summary>Tangents or cotangents come after q, k, v, extras, output and log-sum-exp.</summary>
    private static bool IsLinear(Node n, IReadOnlyList<bool> varies) => !varies.Take(n.Get<AnyAttention>().Form.Inputs + 2).Contains(true);

    private static Node?[] Tangents(Node n, Node?[] dx)
    {
        AttentionForm form = n.Get<AnyAttention>().Form;
        int bias = form.At(AttentionExtras.Bias);
        Node[] call = Call(n);
        Node?[] tangents = [dx[0], dx[1], dx[2], bias < 0 ? null : dx[bias]];
        return [Along(form, call, tangents, 0), Along(form, call, tangents, 1)];
    }

    /// <summary>The tangent of an output along tangents of q, k, v and bias.</summary>
    /// <param name="form">The attention.</param>
    /// <param name="call">q, k, v, extras, output, log-sum-exp.</param>
    /// <param name="tangents">Null for zero.</param>
    /// <param name="output">Which output.</param>
    private static Node? Along(AttentionForm form, Node[] call, Node?[] tangents, int output)
    {
        if (tangents.All(t => t is null)) return null;
        int given = 0;
        for (int i = 0; i < tangents.Length; i++) given |= tangents[i] is null ? 0 : 1 << i;
        return new Node(Ops.AttentionTangent, [.. call, .. tangents.OfType<Node>()],
            new AttentionTangentAttributes(form, given) { Output = output });
    }

    /// <summary>q, k, v, extras, output and log-sum-exp.</summary>
    private static Node[] Call(Node n)
    {
        AttentionForm form = n.Get<AnyAttention>().Form;
        return n.Attributes is AttentionAttributes call
            ? [.. n.Inputs, Output(AttentionAttributes.Value), Output(AttentionAttributes.LogSumExp)]
            : [.. n.Inputs.Take(form.Inputs + 2)];

        Node Output(int output) => call.Output == output ? n : new Node(n.Op, n.Inputs, call.At(output));
    }

    /// <summary>The transpose of a tangent: the cotangents of the tangents given.</summary>
    private static Node?[] Gradients(Node n, Node?[] ct)
    {
        AttentionTangentAttributes call = n.Get<AttentionTangentAttributes>();
        AttentionForm form = call.Form;
        Node[] inputs = WithCotangents(n, ct[0], ct[1]);
        AttentionGradAttributes gradient = new(form, HasLogSumExp: ct[1] is not null);
        Node?[] result = new Node?[n.Inputs.Length];
        for (int i = 0; i < 3; i++)
        {
            if (call.At(form, i) is >= 0 and var tangent)
                result[tangent] = new Node(Ops.AttentionGrad, [.. inputs], gradient.At(i));
        }

        if (call.At(form, AttentionTangentAttributes.Bias) is >= 0 and var bias)
            result[bias] = new AttentionBlocks(form, inputs).BiasGradient(n.Inputs[bias].Shape);
        return result;
    }

    /// <summary>The inputs of the gradient; the log-sum-exp's cotangent is left out where it is zero.</summary>
    private static Node[] WithCotangents(Node n, Node? output, Node? lse)
    {
        Node[] known = [.. Call(n), output ?? Zeros(n, 0)];
        return lse is null ? known : [.. known, lse];
    }

    private static Node Zeros(Node n, int output)
    {
        Node like = n.Inputs[n.Get<AnyAttention>().Form.Inputs + output];
        return Algebra.Number(like, 0, like.Shape);
    }

    private static Node?[] TangentsOfTangent(Node n, Node?[] dx)
    {
        AttentionTangentAttributes call = n.Get<AttentionTangentAttributes>();
        AttentionForm form = call.Form;
        Node[] own = Call(n);
        Node?[] linear = [.. Enumerable.Range(0, 4).Select(i => call.At(form, i) is >= 0 and var at ? dx[at] : null)];
        return [.. Enumerable.Range(0, 2).Select(output => Algebra.Sum(Along(form, own, linear, output),
            Rest(n, dx, x => new AttentionBlocks(form, x).Tangent((AttentionTangentAttributes)call.At(output)))))];
    }

    private static Node?[] TangentsOfGradient(Node n, Node?[] dx)
    {
        AttentionGradAttributes call = n.Get<AttentionGradAttributes>();
        AttentionForm form = call.Form;
        Node? output = dx[call.OutputCotangent], lse = call.HasLogSumExp ? dx[call.LogSumExpCotangent] : null;
        Node[]? linear = output is null && lse is null ? null : WithCotangents(n, output, lse);
        AttentionGradAttributes along = new(form, HasLogSumExp: lse is not null);
        return [.. Enumerable.Range(0, 3).Select(i => Algebra.Sum(
            linear is null ? null : new Node(Ops.AttentionGrad, [.. linear], along.At(i)),
            Rest(n, dx, x => new AttentionBlocks(form, x).Gradient(i))))];
    }

    /// <summary>The tangent by what an op is not linear in, of the same function composed of blocks.</summary>
    private static Node? Rest(Node y, Node?[] dx, Func<Node[], Node> blocks)
    {
        int own = y.Get<AnyAttention>().Form.Inputs + 2;
        if (dx.Take(own).All(d => d is null)) return null;
        Node[] parameters = [.. y.Inputs.Select((x, i) => ClosedGraph.Like(x, $"{y.Op} {i}"))];
        ClosedGraph graph = new(parameters, blocks(parameters));
        return graph.Tangent(y.Inputs, [.. dx.Select((d, i) => i < own ? d : null)]);
    }
}
