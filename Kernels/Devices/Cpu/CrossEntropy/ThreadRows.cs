using System.Runtime.InteropServices;

namespace Cotangent.Kernels.Cpu;

/// <summary>A thread's room for rows that are gathered for a product: kept for the next, freed with the thread.</summary>
internal sealed unsafe class ThreadRows
{
    [ThreadStatic]
    private static ThreadRows? s_current;

    private float* _pointer;
    private long _length;

    ~ThreadRows() => NativeMemory.AlignedFree(_pointer);

    /// <summary>Room for so many numbers, contents undefined.</summary>
    public static float* Of(long length)
    {
        ThreadRows rows = s_current ??= new();
        if (length > rows._length)
        {
            NativeMemory.AlignedFree(rows._pointer);
            rows._pointer = null;
            rows._length = 0;
            rows._pointer = (float*)NativeMemory.AlignedAlloc((nuint)length * sizeof(float), 64);
            rows._length = length;
        }

        return rows._pointer;
    }
}
