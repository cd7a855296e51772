namespace Cotangent.Kernels.Il;

/// <summary>Interlocked by the kernel language's atomics, which return the old value.</summary>
internal static class PortableInterlocked
{
    public static int Add(ref int location1, int value) => Atomic.Add(ref location1, value) + value;

    public static uint Add(ref uint location1, uint value) => Atomic.Add(ref location1, value) + value;

    public static long Add(ref long location1, long value) => Atomic.Add(ref location1, value) + value;

    public static ulong Add(ref ulong location1, ulong value) => Atomic.Add(ref location1, value) + value;

    public static int Increment(ref int location) => Atomic.Add(ref location, 1) + 1;

    public static uint Increment(ref uint location) => Atomic.Add(ref location, 1u) + 1;

    public static long Increment(ref long location) => Atomic.Add(ref location, 1L) + 1;

    public static ulong Increment(ref ulong location) => Atomic.Add(ref location, 1ul) + 1;

    public static int Decrement(ref int location) => Atomic.Add(ref location, -1) - 1;

    public static uint Decrement(ref uint location) => Atomic.Add(ref location, uint.MaxValue) - 1;

    public static long Decrement(ref long location) => Atomic.Add(ref location, -1L) - 1;

    public static ulong Decrement(ref ulong location) => Atomic.Add(ref location, ulong.MaxValue) - 1;
}
