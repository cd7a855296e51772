using System.Runtime.CompilerServices;

namespace Cotangent.Kernels;

/// <summary>Shared memory whose size a launch chooses (ILGPU's <c>SharedMemoryConfig</c>); the default is none.</summary>
/// <param name="ElementSize">Bytes of an element.</param>
/// <param name="NumElements">Elements.</param>
public readonly record struct SharedMemoryConfig(int ElementSize, int NumElements)
{
    /// <summary>True if there is any.</summary>
    public bool UsesDynamicSharedMemory => ArraySize > 0;

    /// <summary>Bytes in all.</summary>
    public long ArraySize => (long)ElementSize * NumElements;

    /// <summary>Room for elements of a type.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static SharedMemoryConfig RequestDynamic<T>(int numElements)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(numElements);
        return new(Unsafe.SizeOf<T>(), numElements);
    }
}
