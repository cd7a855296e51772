namespace Cotangent.Kernels;

/// <summary>Memory of one work item (ILGPU's <c>LocalMemory</c>): small arrays, in registers where their indices are constants.</summary>
public static class LocalMemory
{
    /// <summary>An array of this work item alone; its contents are undefined at first.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <param name="extent">The number of elements: a compile-time constant.</param>
    public static ArrayView<T> Allocate<T>(int extent)
        where T : unmanaged => KernelContext.Current.AllocateLocal<T>(extent);
}
