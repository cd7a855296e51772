using Cotangent.Execution;

namespace Cotangent.Graph;

// Attention without a matrix of scores, and its derivatives. Float32; half types are cast by Nn.
internal static partial class Ops
{
    /// <summary>attention(q, k, v, extras): softmax(scale·q·kᵀ + bias)·v and the rows' log-sum-exp over the visible keys, see
    /// <see cref="AttentionForm"/>. q [batch, heads, queries, width], k [batch, key heads, keys, width], v [batch, key heads, keys,
    /// values] → [batch, heads, queries, values], [batch, heads, queries]. A row that sees no key is 0, its log-sum-exp −∞.</summary>
    public static readonly Op Attention = new("attention", OpKind.Routine)
    {
        Infer = (x, a) =>
        {
            CheckAttention("attention", x, (AnyAttention)a!, 0);
            var call = (AttentionAttributes)a!;
            Shape q = x[0].Shape;
            int values = x[2].Shape[^1];
            return (call.Output == AttentionAttributes.LogSumExp ? [q[0], q[1], q[2]]
                : call.IsByTime ? [q[0], q[2], q[1], values] : [q[0], q[1], q[2], values], x[0].DType);
        },
        Whole = AttentionOracle.Forward,
        Routine = AttentionRoutine.Forward,
        ReadsViews = (device, n, input) => input <= AttentionForm.V && AttentionShapes.TakesRowsApart(device, n),
    };

    /// <summary>The cotangents of q, k and v: the transpose of <see cref="AttentionTangent"/>. Linear in the cotangents, the last
    /// inputs.</summary>
    public static readonly Op AttentionGrad = new("attention_grad", OpKind.Routine)
    {
        Infer = (x, a) =>
        {
            var call = (AttentionGradAttributes)a!;
            CheckAttention("attention_grad", x, call, call.More);
            Shape q = x[call.Output].Shape;
            return (call.IsStacked ? [q[0], q[2], 3, q[1], q[3]] : q, x[0].DType);
        },
        Whole = AttentionOracle.Grad,
        Routine = AttentionRoutine.Grad,
        ReadsViews = (device, n, input) => AttentionShapes.TakesRowsApart(device, n) && n.Get<AttentionGradAttributes>() is var call
            && (input <= AttentionForm.V || input == call.OutputCotangent || input == call.Form.Inputs),
    };

    /// <summary>The tangents of output and log-sum-exp: linear in the tangents, the last inputs.</summary>
    public static readonly Op AttentionTangent = new("attention_tangent", OpKind.Routine)
    {
        Infer = (x, a) =>
        {
            var call = (AttentionTangentAttributes)a!;
            CheckAttention("attention_tangent", x, call, 2 + System.Numerics.BitOperations.PopCount((uint)call.Given));
            return (x[call.Form.Inputs + call.Output].Shape, x[0].DType);
        },
        Whole = AttentionOracle.Tangent,
        Routine = AttentionRoutine.Tangent,
    };

    private static void CheckAttention(string op, IReadOnlyList<Node> x, AnyAttention call, int more)
    {
        AttentionForm form = call.Form;
        if (x.Count != form.Inputs + more) throw new ShapeMismatchException($"{op}: {x.Count} operands; {form.Inputs + more} are needed.");
        Shape q = x[0].Shape, k = x[1].Shape, v = x[2].Shape;
        bool fits = q.Rank == 4 && k.Rank == 4 && v.Rank == 4 && q[0] == k[0] && q[0] == v[0] && k[1] == v[1] && k[2] == v[2] && q[3] == k[3]
            && (k[1] == q[1] || (k[1] > 0 && q[1] % k[1] == 0));
        if (!fits) throw new ShapeMismatchException($"{op}: q {q}, k {k} and v {v} do not fit.");
        Require(x.Take(3).ToArray(), op, t => t is DType.Float32 or DType.Float64, "Float32 or Float64");
        Shape cells = [q[0], q[1], q[2], k[2]];
        foreach (AttentionExtras extra in (AttentionExtras[])[AttentionExtras.Bias, AttentionExtras.Mask])
        {
            if (form.At(extra) is >= 0 and var i && (x[i].Shape.Rank != 4 || x[i].Shape.Where((n, axis) => n != 1 && n != cells[axis]).Any()))
                throw new ShapeMismatchException($"{op}: the {extra} {x[i].Shape} does not broadcast to {cells}.");
        }
    }
}
