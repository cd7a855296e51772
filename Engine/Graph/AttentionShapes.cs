using Cotangent.Kernels;
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

    /// <summary>Bytes of a head's operands and gradients up to which a device that has its rows apart moves them on the way, and heads from which each is
    /// one task: the next head's rows are fetched meanwhile. Longer ones are read many times, which wants them side by side.</summary>
    private const long MostMovedBytes = 512 << 10;

    private const int LeastMovedHeads = 16;

    /// <summary>True if the passes of a call read and write rows of heads that lie apart as fast as those that lie side by side.</summary>
    public static bool TakesRowsApart(Device device, Node n)
    {
        if (device is not CpuDevice || n.DType != DType.Float32) return false;
        AttentionProblem p = Problem(n);
        return p.Group == 1 && p.Batch * p.Heads >= LeastMovedHeads
            && 2L * sizeof(float) * (p.Queries + p.Keys) * (p.Width + p.Values) <= MostMovedBytes;
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
