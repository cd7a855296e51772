using Cotangent.Graph;
using Cotangent.Kernels.Library;

namespace Cotangent.AutoDiff;

/// <summary>Clipped sums of gradients that are products, in one pass where the device has it.</summary>
internal static class ClippedSums
{
    /// <summary>Σ_b f_b·g_b in the form's own shape, and ‖g_b‖².</summary>
    public static (Tensor Sum, Tensor Squares) Of(SampleForm.Product p, Tensor mask, Tensor limit, ClippedSumAttributes call)
    {
        return (Output(ClippedSumAttributes.Sum), Output(ClippedSumAttributes.Squares));

        Tensor Output(int output) => new(new Node(DeviceOps.ClippedSum, [p.Left, p.Right, mask.Node, limit.Node], call.At(output)));
    }

    /// <summary>The same as a graph of other ops, for derivatives and batches: an output of a call of these operands.</summary>
    public static Node Composed(ClippedSumAttributes call, Tensor left, Tensor right, Tensor mask, Tensor limit)
    {
        Tensor each = Tensor.DotGeneral(left, right, [1], [1], [0], [0]);
        Tensor squares = each.Cast(DType.Float64).Square().Sum([1, 2]);
        if (call.Output == ClippedSumAttributes.Squares) return squares.Node;
        Tensor factor = Factors(call, squares, mask, limit).Cast(each.DType).Reshape(-1, 1, 1);
        return Tensor.Where(factor.NotEqual(0), each * factor, 0).Sum(0).Node;
    }

    /// <summary>The factors by squared norms, Float64 [examples]: 0 for those that the mask leaves out, or whose norm is not finite.</summary>
    public static Tensor Factors(ClippedSumAttributes call, Tensor squares, Tensor mask, Tensor limit)
    {
        Tensor norm = squares.Sqrt(), factor = call.Rule switch
        {
            ClipRule.AtMost => Tensor.Where(norm <= limit, Tensor.OnesLike(norm), limit / norm),
            ClipRule.Softened => limit / (norm + call.Softening),
            _ => Tensor.Where(norm > 1e-30, limit / norm, 0),
        };
        return Tensor.Where(mask & squares.IsFinite(), factor, 0);
    }
}
