namespace Cotangent.Kernels;

// The compiler replaces Exchange and Barrier by IR and inlines the rest. The bodies run on Device.Debug.

/// <summary>The warp of a work item (ILGPU's <c>Warp</c>): 32 items of a group with consecutive <see cref="Group.LinearIndex"/>, on
/// every device, so that results do not depend on the device. The last warp of a group may have fewer. Only in kernels loaded with
/// LoadGrouped, in control flow that all items of the <i>group</i> follow together: elsewhere the kernel is refused (CTG1092).</summary>
/// <remarks>Where a lane that is asked for does not exist, an item gets its own value back.</remarks>
public static class Warp
{
    /// <summary>Work items a warp.</summary>
    public const int WarpSize = 32;

    /// <summary>The item's number in its warp.</summary>
    public static int LaneIdx => Group.LinearIndex & (WarpSize - 1);

    /// <summary>The number of the item's warp in its group.</summary>
    public static int WarpIdx => Group.LinearIndex / WarpSize;

    /// <summary>True for lane 0.</summary>
    public static bool IsFirstLane => LaneIdx == 0;

    /// <summary>True for lane 31.</summary>
    public static bool IsLastLane => LaneIdx == WarpSize - 1;

    /// <summary>The warp of an item of a one-dimensional group.</summary>
    public static int ComputeWarpIdx(Index1D groupThreadIdx) => groupThreadIdx.X / WarpSize;

    /// <summary>The lane of an item of a one-dimensional group.</summary>
    public static int ComputeWarpThreadIdx(Index1D groupThreadIdx) => groupThreadIdx.X % WarpSize;

    /// <summary>Waits until all items of the warp are here (on these devices: all items of the group); their writes to shared and
    /// global memory are then visible.</summary>
    public static void Barrier() => Group.Barrier();

    /// <summary>The value of lane <paramref name="sourceLane"/> (modulo 32).</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    public static T Shuffle<T>(T variable, int sourceLane)
        where T : unmanaged => Exchange(variable, sourceLane & (WarpSize - 1));

    /// <summary>The value of lane <paramref name="sourceLane"/> (modulo the width) of the own part of the warp.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <param name="variable">The value to give.</param>
    /// <param name="sourceLane">The lane to take from.</param>
    /// <param name="width">Lanes a part: a power of two up to 32.</param>
    public static T Shuffle<T>(T variable, int sourceLane, int width)
        where T : unmanaged => Exchange(variable, (LaneIdx & ~(width - 1)) + (sourceLane & (width - 1)));

    /// <summary>The value of lane <see cref="LaneIdx"/> + <paramref name="delta"/>.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    public static T ShuffleDown<T>(T variable, int delta)
        where T : unmanaged => Exchange(variable, LaneIdx + delta);

    /// <summary>The value of lane <see cref="LaneIdx"/> + <paramref name="delta"/> of the own part of the warp.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <param name="variable">The value to give.</param>
    /// <param name="delta">How far to look.</param>
    /// <param name="width">Lanes a part: a power of two up to 32.</param>
    public static T ShuffleDown<T>(T variable, int delta, int width)
        where T : unmanaged
    {
        int lane = LaneIdx;
        return Exchange(variable, (lane & (width - 1)) + delta < width ? lane + delta : lane);
    }

    /// <summary>The value of lane <see cref="LaneIdx"/> − <paramref name="delta"/>.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    public static T ShuffleUp<T>(T variable, int delta)
        where T : unmanaged => Exchange(variable, LaneIdx - delta);

    /// <summary>The value of lane <see cref="LaneIdx"/> − <paramref name="delta"/> of the own part of the warp.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <param name="variable">The value to give.</param>
    /// <param name="delta">How far to look.</param>
    /// <param name="width">Lanes a part: a power of two up to 32.</param>
    public static T ShuffleUp<T>(T variable, int delta, int width)
        where T : unmanaged
    {
        int lane = LaneIdx;
        return Exchange(variable, (lane & (width - 1)) >= delta ? lane - delta : lane);
    }

    /// <summary>The value of lane <see cref="LaneIdx"/> ^ <paramref name="mask"/>.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    public static T ShuffleXor<T>(T variable, int mask)
        where T : unmanaged => Exchange(variable, LaneIdx ^ mask);

    /// <summary>The value of lane <see cref="LaneIdx"/> ^ <paramref name="mask"/>, if it is not in a later part of the warp.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <param name="variable">The value to give.</param>
    /// <param name="mask">The bits of the lane number to flip.</param>
    /// <param name="width">Lanes a part: a power of two up to 32.</param>
    public static T ShuffleXor<T>(T variable, int mask, int width)
        where T : unmanaged
    {
        int lane = LaneIdx;
        int source = lane ^ mask;
        return Exchange(variable, source < (lane & ~(width - 1)) + width ? source : lane);
    }

    /// <summary>The value of lane <paramref name="sourceLane"/> (the same for all), for all.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    public static T Broadcast<T>(T value, int sourceLane)
        where T : unmanaged => Shuffle(value, sourceLane);

    /// <summary>The value of a lane of the own warp; the own one where there is no such lane.</summary>
    internal static T Exchange<T>(T value, int lane)
        where T : unmanaged => KernelContext.Current.ExchangeInWarp(value, all => (uint)lane < (uint)all.Length ? all[lane] : value);
}
