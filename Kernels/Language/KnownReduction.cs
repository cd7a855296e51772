using System.Runtime.CompilerServices;

namespace Cotangent.Kernels;

// The compiler replaces both methods: Is by a constant, Reduce by the IR's reduction. The bodies run on Device.Debug.

/// <summary>The reductions that every device does as one operation: sum, minimum and maximum of scalars.</summary>
internal static class KnownReduction
{
    /// <summary>True for the structs of ScanReduceOperations.</summary>
    public static bool Is<TReduction>() => OpcodeOf(typeof(TReduction)) is not null;

    /// <summary>The reduction over the group, for all.</summary>
    public static T Reduce<T, TReduction>(T value)
        where T : unmanaged => OpcodeOf(typeof(TReduction)) switch
    {
        Ir.Opcode.GroupAdd => value switch
        {
            int x => Cast<int, T>(Group.ReduceAdd(x)),
            uint x => Cast<uint, T>(Group.ReduceAdd(x)),
            long x => Cast<long, T>(Group.ReduceAdd(x)),
            ulong x => Cast<ulong, T>(Group.ReduceAdd(x)),
            float x => Cast<float, T>(Group.ReduceAdd(x)),
            _ => Cast<double, T>(Group.ReduceAdd(Cast<T, double>(value))),
        },
        Ir.Opcode.GroupMin => value switch
        {
            int x => Cast<int, T>(Group.ReduceMin(x)),
            uint x => Cast<uint, T>(Group.ReduceMin(x)),
            long x => Cast<long, T>(Group.ReduceMin(x)),
            ulong x => Cast<ulong, T>(Group.ReduceMin(x)),
            float x => Cast<float, T>(Group.ReduceMin(x)),
            _ => Cast<double, T>(Group.ReduceMin(Cast<T, double>(value))),
        },
        _ => value switch
        {
            int x => Cast<int, T>(Group.ReduceMax(x)),
            uint x => Cast<uint, T>(Group.ReduceMax(x)),
            long x => Cast<long, T>(Group.ReduceMax(x)),
            ulong x => Cast<ulong, T>(Group.ReduceMax(x)),
            float x => Cast<float, T>(Group.ReduceMax(x)),
            _ => Cast<double, T>(Group.ReduceMax(Cast<T, double>(value))),
        },
    };

    /// <summary>The IR's reduction that an operation is, if it is one.</summary>
    public static Ir.Opcode? OpcodeOf(Type operation) => operation switch
    {
        _ when operation == typeof(AddInt32) || operation == typeof(AddInt64) || operation == typeof(AddUInt32)
            || operation == typeof(AddUInt64) || operation == typeof(AddFloat) || operation == typeof(AddDouble) => Ir.Opcode.GroupAdd,
        _ when operation == typeof(MinInt32) || operation == typeof(MinInt64) || operation == typeof(MinUInt32)
            || operation == typeof(MinUInt64) || operation == typeof(MinFloat) || operation == typeof(MinDouble) => Ir.Opcode.GroupMin,
        _ when operation == typeof(MaxInt32) || operation == typeof(MaxInt64) || operation == typeof(MaxUInt32)
            || operation == typeof(MaxUInt64) || operation == typeof(MaxFloat) || operation == typeof(MaxDouble) => Ir.Opcode.GroupMax,
        _ => null,
    };

    private static TTo Cast<TFrom, TTo>(TFrom value)
        where TFrom : unmanaged
        where TTo : unmanaged => Unsafe.BitCast<TFrom, TTo>(value);
}
