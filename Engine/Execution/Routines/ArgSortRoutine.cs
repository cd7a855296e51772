using System.Numerics;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>Runs <see cref="Ops.ArgSort"/>.</summary>
internal sealed class ArgSortRoutine<T, TOrder> : LineRoutine
    where T : unmanaged
    where TOrder : struct, IRowOrder<T>
{
    private readonly RowSort<T, TOrder> _sort;

    public ArgSortRoutine(Device device, Node n)
        : base("argsort", n, n.Get<SortAttributes>().Axis) => _sort = new(device, Outer, Length, Inner);

    /// <summary>The comparisons of merging.</summary>
    public override double Flops => typeof(T) != typeof(float) && typeof(T) != typeof(double) ? 0
        : (double)Outer * Length * Inner * Math.Ceiling(Math.Log2(Math.Max(1, Length)));

    /// <inheritdoc/>
    public override unsafe long ScratchBytes => _sort.Scratch * 2 * (sizeof(T) + sizeof(int));

    /// <inheritdoc/>
    public override unsafe void Launch(in RoutineCall call)
    {
        long n = _sort.Scratch, indices = 2 * n * sizeof(T);
        _sort.Run(View<T>(call.Inputs[0]), View<int>(call.Outputs[0]),
            RoutineCall.View<T>(call.Scratch, n), RoutineCall.View<T>(call.Scratch, n, n * sizeof(T)),
            RoutineCall.View<int>(call.Scratch, n, indices), RoutineCall.View<int>(call.Scratch, n, indices + n * sizeof(int)));
    }
}

/// <summary>The routines of sorts by dtype.</summary>
internal static class ArgSortRoutines
{
    public static Routine Of(Device device, Node n) => n.Inputs[0].DType switch
    {
        DType.Float64 => Of<double>(device, n),
        DType.Int32 => Of<int>(device, n),
        DType.UInt32 => Of<uint>(device, n),
        DType.Int64 => Of<long>(device, n),
        _ => Of<float>(device, n),
    };

    private static Routine Of<T>(Device device, Node n)
        where T : unmanaged, INumber<T> => n.Get<SortAttributes>().Descending
        ? new ArgSortRoutine<T, LargestFirst<T>>(device, n)
        : new ArgSortRoutine<T, SmallestFirst<T>>(device, n);
}
