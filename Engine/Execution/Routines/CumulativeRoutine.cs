using System.Numerics;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>Runs <see cref="Ops.CumSum"/> and its like.</summary>
internal sealed class CumulativeRoutine<T, TOperation> : LineRoutine
    where T : unmanaged
    where TOperation : struct, ICumulative<T>
{
    private readonly Cumulative<T, TOperation> _cumulative;
    private readonly int _operations;

    public CumulativeRoutine(Device device, Node n)
        : base(n.Op.Name, n, n.Get<CumulativeAttributes>().Axis)
    {
        _cumulative = new(device, Outer, Length, Inner, n.Get<CumulativeAttributes>().Reverse);
        _operations = n.DType.IsFloat() ? n.Inputs.Length : 0;
    }

    /// <inheritdoc/>
    public override double Flops => (double)Outer * Length * Inner * _operations;

    /// <inheritdoc/>
    public override unsafe long ScratchBytes => _cumulative.Scratch * sizeof(T);

    /// <inheritdoc/>
    public override void Launch(in RoutineCall call) => _cumulative.Run(
        View<T>(call.Inputs[0]), View<T>(call.Inputs[^1]), View<T>(call.Outputs[0]), RoutineCall.View<T>(call.Scratch, _cumulative.Scratch));
}

/// <summary>The routines of cumulative ops by dtype.</summary>
internal static class CumulativeRoutines
{
    public static Routine Of(Device device, Node n) => n.DType switch
    {
        DType.Float64 when n.Op == Ops.Recurrence => new CumulativeRoutine<double, CumulativeRecurrence<double>>(device, n),
        _ when n.Op == Ops.Recurrence => new CumulativeRoutine<float, CumulativeRecurrence<float>>(device, n),
        DType.Float64 => Of<double>(device, n),
        DType.Int32 => Of<int>(device, n),
        DType.UInt32 => Of<uint>(device, n),
        DType.Int64 => Of<long>(device, n),
        _ => Of<float>(device, n),
    };

    private static Routine Of<T>(Device device, Node n)
        where T : unmanaged, INumber<T> =>
        n.Op == Ops.CumSum ? new CumulativeRoutine<T, CumulativeSum<T>>(device, n)
        : n.Op == Ops.CumProd ? new CumulativeRoutine<T, CumulativeProduct<T>>(device, n)
        : n.Op == Ops.CumMax ? new CumulativeRoutine<T, CumulativeMax<T>>(device, n)
        : new CumulativeRoutine<T, CumulativeMin<T>>(device, n);
}
