using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>A batch of attentions is one attention of a longer batch. Dropout numbers the cells of each example as before, and what is the same
/// for all examples and broadcasts stays as it is.</summary>
internal static class Attention
{
    public static readonly Dictionary<Op, BatchRule> Rules = new()
    {
        [Ops.Attention] = Folded,
        [Ops.AttentionGrad] = Folded,
        [Ops.AttentionTangent] = Folded,
    };

    private static Node Folded(BatchedCall call)
    {
        AnyAttention attributes = call.Get<AnyAttention>();
        AttentionForm form = attributes.Form;
        int bias = form.At(AttentionExtras.Bias), mask = form.At(AttentionExtras.Mask), key = form.At(AttentionExtras.Key);
        int biasTangent = attributes is AttentionTangentAttributes tangent ? tangent.At(form, AttentionTangentAttributes.Bias) : -1;
        Node Input(int i) => i == key ? Key(call, i)
            : i == bias || i == mask || i == biasTangent ? Cells(call, i)
            : Fold(call[i]);

        Node y = new(call.Node.Op, [.. Enumerable.Range(0, call.Node.Inputs.Length).Select(Input)], attributes);
        return Make.Reshape(y, call.Shape);
    }

    /// <summary>[batch, b, …] → [batch·b, …].</summary>
    private static Node Fold(Node x) => Algebra.Reshape(x, [x.Shape[0] * x.Shape[1], .. x.Shape.Skip(2)]);

    /// <summary>An operand that may be the same for the whole of an example's batch.</summary>
    private static Node Cells(BatchedCall call, int i)
    {
        Node one = call.Node.Inputs[i];
        int batch = call.Node.Inputs[0].Shape[0];
        if (call.Batched(i) is null && one.Shape[0] == 1) return one;
        return one.Shape[0] == batch ? Fold(call[i]) : Fold(Make.Expand(call[i], [call.Size, batch, .. one.Shape.Skip(1)]));
    }

    /// <summary>[batch, n, 2] → a key for each group of batches that dropout numbers together; one if all examples share it.</summary>
    private static Node Key(BatchedCall call, int i) =>
        call.Batched(i) is null && call.Node.Inputs[i].Shape[0] == 1 ? call.Node.Inputs[i] : Fold(Keys(call, i));

    private static Node Keys(BatchedCall call, int i)
    {
        int groups = call.Node.Inputs[0].Shape[0] / call.Get<AnyAttention>().Form.DropoutBatch;
        return call.Node.Inputs[i].Shape[0] == groups ? call[i] : Make.Expand(call[i], [call.Size, Math.Max(1, groups), 2]);
    }
}
