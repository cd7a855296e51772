namespace Cotangent.Kernels;

/// <summary>An index type that may lead a kernel's parameters: Index1D to Index3D, LongIndex1D to LongIndex3D (ILGPU's
/// <c>IIndex</c>).</summary>
public interface IIndex
{
    /// <summary>Which of the index types this is.</summary>
    IndexType IndexType { get; }

    /// <summary>The number of elements of an extent.</summary>
    long LongSize { get; }
}
