namespace Cotangent.Kernels;

/// <summary>Memory that the work items of a group share (ILGPU's <c>SharedMemory</c>). Only in kernels loaded with LoadGrouped.</summary>
public static class SharedMemory
{
    /// <summary>An array shared by the group; its contents are undefined at first. Every item must come here.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <param name="extent">The number of elements: a compile-time constant.</param>
    public static ArrayView<T> Allocate<T>(int extent)
        where T : unmanaged => KernelContext.Current.AllocateShared<T>(extent);

    /// <summary>The shared memory that the launch asked for (<see cref="SharedMemoryConfig.RequestDynamic{T}"/>): as many elements as
    /// fit, undefined at first. Every call gives the same memory.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    public static ArrayView<T> GetDynamic<T>()
        where T : unmanaged => KernelContext.Current.DynamicShared<T>();
}
