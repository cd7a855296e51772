namespace Cotangent.Kernels;

/// <summary>Atomic operations on elements of views, in relaxed order (ILGPU's <c>Atomic</c>). Each returns the old value.</summary>
public static class Atomic
{
    /// <summary>Adds to an element.</summary>
    public static int Add(ref int target, int value) => Interlocked.Add(ref target, value) - value;

    /// <summary>Adds to an element.</summary>
    public static uint Add(ref uint target, uint value) => Interlocked.Add(ref target, value) - value;

    /// <summary>Adds to an element.</summary>
    public static long Add(ref long target, long value) => Interlocked.Add(ref target, value) - value;

    /// <summary>Adds to an element.</summary>
    public static ulong Add(ref ulong target, ulong value) => Interlocked.Add(ref target, value) - value;

    /// <summary>Adds to an element. The order of additions, so the rounding, varies from run to run.</summary>
    public static float Add(ref float target, float value)
    {
        float old = Volatile.Read(ref target);
        for (; ; )
        {
            float seen = Interlocked.CompareExchange(ref target, old + value, old);
            if (BitConverter.SingleToInt32Bits(seen) == BitConverter.SingleToInt32Bits(old))
                return old;
            old = seen;
        }
    }

    /// <summary>Adds to an element. The order of additions, so the rounding, varies from run to run.</summary>
    public static double Add(ref double target, double value)
    {
        double old = Volatile.Read(ref target);
        for (; ; )
        {
            double seen = Interlocked.CompareExchange(ref target, old + value, old);
            if (BitConverter.DoubleToInt64Bits(seen) == BitConverter.DoubleToInt64Bits(old))
                return old;
            old = seen;
        }
    }
}
