using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cotangent.Kernels.Targets;

/// <summary>Reductions inside one vector in the IR's fixed tree: lane i takes lane i + s for s = half the lanes, …, 1.</summary>
internal static class LaneTree
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Add<T>(Vector512<T> x) where T : INumber<T> => Add(x.GetLower() + x.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Add<T>(Vector256<T> x) where T : INumber<T> => Add(x.GetLower() + x.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Add<T>(Vector128<T> x) where T : INumber<T> => Vector128<T>.Count == 2
        ? x.GetElement(0) + x.GetElement(1)
        : x.GetElement(0) + x.GetElement(2) + (x.GetElement(1) + x.GetElement(3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Min<T>(Vector512<T> x) where T : INumber<T> => Min(Vector256.Min(x.GetLower(), x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Min<T>(Vector256<T> x) where T : INumber<T> => Min(Vector128.Min(x.GetLower(), x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Min<T>(Vector128<T> x) where T : INumber<T> => Vector128<T>.Count == 2
        ? T.Min(x.GetElement(0), x.GetElement(1))
        : T.Min(T.Min(x.GetElement(0), x.GetElement(2)), T.Min(x.GetElement(1), x.GetElement(3)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Max<T>(Vector512<T> x) where T : INumber<T> => Max(Vector256.Max(x.GetLower(), x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Max<T>(Vector256<T> x) where T : INumber<T> => Max(Vector128.Max(x.GetLower(), x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Max<T>(Vector128<T> x) where T : INumber<T> => Vector128<T>.Count == 2
        ? T.Max(x.GetElement(0), x.GetElement(1))
        : T.Max(T.Max(x.GetElement(0), x.GetElement(2)), T.Max(x.GetElement(1), x.GetElement(3)));
}

/// <summary><see cref="LaneTree"/> as calls, which is half a millisecond less to compile in each kernel.</summary>
internal static class LaneTreeCalls
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static T Add<T>(Vector512<T> x) where T : INumber<T> => LaneTree.Add(x);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static T Add<T>(Vector256<T> x) where T : INumber<T> => LaneTree.Add(x);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static T Add<T>(Vector128<T> x) where T : INumber<T> => LaneTree.Add(x);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static T Min<T>(Vector512<T> x) where T : INumber<T> => LaneTree.Min(x);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static T Min<T>(Vector256<T> x) where T : INumber<T> => LaneTree.Min(x);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static T Min<T>(Vector128<T> x) where T : INumber<T> => LaneTree.Min(x);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static T Max<T>(Vector512<T> x) where T : INumber<T> => LaneTree.Max(x);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static T Max<T>(Vector256<T> x) where T : INumber<T> => LaneTree.Max(x);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static T Max<T>(Vector128<T> x) where T : INumber<T> => LaneTree.Max(x);
}
