using Cotangent.Graph;
using Cotangent.Kernels.Ir;

namespace Cotangent.Fusion;

/// <summary>The IR of sums, maxima and minima, in the compute type of their dtype.</summary>
internal static class Reduction
{
    /// <summary>The value of nothing.</summary>
    public static Constant Start(Node reduce) =>
        Constant.Of(reduce.DType.Compute(), Canonical.Start(reduce.Op, reduce.DType));

    public static Value Combine(Builder b, Node reduce, Value sum, Value x) => b.Binary(
        reduce.Op == Ops.Sum ? Opcode.Add : reduce.Op == Ops.ReduceMax ? Opcode.Max : Opcode.Min, sum, x);

    public static Opcode GroupOpcode(Node reduce) =>
        reduce.Op == Ops.Sum ? Opcode.GroupAdd : reduce.Op == Ops.ReduceMax ? Opcode.GroupMax : Opcode.GroupMin;

    /// <summary>A UInt8 sum was made in 32 bits: it wraps at the end.</summary>
    public static Value Finish(Builder b, Node reduce, Value sum) =>
        reduce.DType == DType.UInt8 && reduce.Op == Ops.Sum ? b.Binary(Opcode.And, sum, Constant.Of(255u)) : sum;
}
