namespace Cotangent.Kernels.Il;

/// <summary>Interlocked by the kernel language's atomics.</summary>
internal static class PortableInterlocked
{
    public static int Add(ref int location1, int value) => Atomic.Add(ref location1, value) + value;

    public static int Increment(ref int location) => Atomic.Add(ref location, 1) + 1;

    public static int Decrement(ref int location) => Atomic.Add(ref location, -1) - 1;

    public static int And(ref int location1, int value) => Atomic.And(ref location1, value);

    public static int Or(ref int location1, int value) => Atomic.Or(ref location1, value);

    public static uint Add(ref uint location1, uint value) => Atomic.Add(ref location1, value) + value;

    public static uint Increment(ref uint location) => Atomic.Add(ref location, 1u) + 1;

    public static uint Decrement(ref uint location) => Atomic.Add(ref location, uint.MaxValue) - 1;

    public static uint And(ref uint location1, uint value) => Atomic.And(ref location1, value);

    public static uint Or(ref uint location1, uint value) => Atomic.Or(ref location1, value);

    public static long Add(ref long location1, long value) => Atomic.Add(ref location1, value) + value;

    public static long Increment(ref long location) => Atomic.Add(ref location, 1L) + 1;

    public static long Decrement(ref long location) => Atomic.Add(ref location, -1L) - 1;

    public static long And(ref long location1, long value) => Atomic.And(ref location1, value);

    public static long Or(ref long location1, long value) => Atomic.Or(ref location1, value);

    public static ulong Add(ref ulong location1, ulong value) => Atomic.Add(ref location1, value) + value;

    public static ulong Increment(ref ulong location) => Atomic.Add(ref location, 1ul) + 1;

    public static ulong Decrement(ref ulong location) => Atomic.Add(ref location, ulong.MaxValue) - 1;

    public static ulong And(ref ulong location1, ulong value) => Atomic.And(ref location1, value);

    public static ulong Or(ref ulong location1, ulong value) => Atomic.Or(ref location1, value);

    public static int Exchange(ref int location1, int value) => Atomic.Exchange(ref location1, value);

    public static int CompareExchange(ref int location1, int value, int comparand) =>
        Atomic.CompareExchange(ref location1, comparand, value);

    public static uint Exchange(ref uint location1, uint value) => Atomic.Exchange(ref location1, value);

    public static uint CompareExchange(ref uint location1, uint value, uint comparand) =>
        Atomic.CompareExchange(ref location1, comparand, value);

    public static long Exchange(ref long location1, long value) => Atomic.Exchange(ref location1, value);

    public static long CompareExchange(ref long location1, long value, long comparand) =>
        Atomic.CompareExchange(ref location1, comparand, value);

    public static ulong Exchange(ref ulong location1, ulong value) => Atomic.Exchange(ref location1, value);

    public static ulong CompareExchange(ref ulong location1, ulong value, ulong comparand) =>
        Atomic.CompareExchange(ref location1, comparand, value);

    public static float Exchange(ref float location1, float value) => Atomic.Exchange(ref location1, value);

    public static float CompareExchange(ref float location1, float value, float comparand) =>
        Atomic.CompareExchange(ref location1, comparand, value);

    public static double Exchange(ref double location1, double value) => Atomic.Exchange(ref location1, value);

    public static double CompareExchange(ref double location1, double value, double comparand) =>
        Atomic.CompareExchange(ref location1, comparand, value);
}
