namespace Cotangent.Kernels;

/// <summary>Which index type a value is of (ILGPU's <c>IndexType</c>).</summary>
public enum IndexType
{
    /// <summary>Not an index.</summary>
    None,

    /// <summary><see cref="Kernels.Index1D"/>.</summary>
    Index1D,

    /// <summary><see cref="Kernels.Index2D"/>.</summary>
    Index2D,

    /// <summary><see cref="Kernels.Index3D"/>.</summary>
    Index3D,

    /// <summary><see cref="Kernels.LongIndex1D"/>.</summary>
    LongIndex1D,

    /// <summary><see cref="Kernels.LongIndex2D"/>.</summary>
    LongIndex2D,

    /// <summary><see cref="Kernels.LongIndex3D"/>.</summary>
    LongIndex3D,
}
