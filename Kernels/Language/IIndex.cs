namespace Cotangent.Kernels;

/// <summary>An index type that may lead a kernel's parameters: Index1D, Index2D or Index3D (ILGPU's <c>IIndex</c>).</summary>
public interface IIndex
{
    /// <summary>The number of elements of an extent.</summary>
    int Size { get; }
}
