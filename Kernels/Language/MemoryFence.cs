namespace Cotangent.Kernels;

/// <summary>Orders a work item's memory accesses before and after it (ILGPU's <c>MemoryFence</c>). A fence waits for no one; use
/// <see cref="Group.Barrier"/> to meet.</summary>
public static class MemoryFence
{
    /// <summary>As the other items of the group see them.</summary>
    public static void GroupLevel() => Interlocked.MemoryBarrier();

    /// <summary>As all items of the device see them.</summary>
    public static void DeviceLevel() => Interlocked.MemoryBarrier();

    /// <summary>As the host and other devices see them too.</summary>
    public static void SystemLevel() => Interlocked.MemoryBarrier();
}
