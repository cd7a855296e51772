namespace Cotangent.Kernels;

/// <summary>An associative operation for scans and reductions, which must commute for a reduction (ILGPU's
/// <c>IScanReduceOperation</c>, without the OpenCL spelling). A struct without state: the default value is used.</summary>
/// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
public interface IScanReduceOperation<T>
    where T : unmanaged
{
    /// <summary>The value that changes no other.</summary>
    T Identity { get; }

    /// <summary>Combines two values, the first before the second.</summary>
    T Apply(T first, T second);

    /// <summary>Combines an element with a value in one step.</summary>
    void AtomicApply(ref T target, T value);
}
