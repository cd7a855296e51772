using Cotangent.Kernels.Library;

namespace Cotangent.Graph;

/// <summary>The sizes of an attention, from its node.</summary>
internal static class AttentionShapes
{
    /// <summary>The problem that a node of attention or of its derivatives states.</summary>
    public static AttentionProblem Problem(Node n)
    {
        AttentionForm form = n.Get<AnyAttention>().Form;
        Shape q = n.Inputs[AttentionForm.Q].Shape, k = n.Inputs[AttentionForm.K].Shape, v = n.Inputs[AttentionForm.V].Shape;
        int bias = form.At(AttentionExtras.Bias), mask = form.At(AttentionExtras.Mask), key = form.At(AttentionExtras.Key);
        int tangent = n.Attributes is AttentionTangentAttributes t ? t.At(form, AttentionTangentAttributes.Bias) : -1;
        return new AttentionProblem
        {
            Batch = q[0],
            Heads = q[1],
            KeyHeads = k[1],
            Queries = q[2],
            Keys = k[2],
            Width = q[3],
            Values = v[3],
            Scale = (float)form.Scale,
            Causal = form.Causal,
            Window = form.Window,
            Dropout = (float)form.Dropout,
            DropoutBatch = form.DropoutBatch,
            DropoutKeyStride = key >= 0 && n.Inputs[key].Shape[0] > 1 ? 2 : 0,
            Bias = bias < 0 ? default : Strides(n.Inputs[bias].Shape),
            BiasTangent = tangent < 0 ? default : Strides(n.Inputs[tangent].Shape),
            Mask = mask < 0 ? default : Strides(n.Inputs[mask].Shape),
        };
    }

    /// <summary>The strides of an operand that repeats along its axes of extent 1.</summary>
    public static CellStrides Strides(Shape shape)
    {
        long[] strides = new long[4];
        long size = 1;
        for (int axis = 3; axis >= 0; axis--)
        {
            strides[axis] = shape[axis] == 1 ? 0 : size;
            size *= shape[axis];
        }

        return new(strides[0], strides[1], strides[2], strides[3]);
    }
}
