using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent;

/// <summary>An immutable multi-dimensional array: a lazy value. Operations record a graph after checking shapes and dtypes; reading a
/// value computes what is needed.</summary>
/// <remarks>A tensor may be used from any thread. Dispose is never needed.</remarks>
public sealed partial class Tensor
{
    internal Tensor(Node node) => Node = node;

    /// <summary>The extents.</summary>
    public Shape Shape => Node.Shape;

    /// <summary>The number of axes.</summary>
    public int Rank => Node.Shape.Rank;

    /// <summary>The number of elements.</summary>
    public long Size => Node.Shape.Size;

    /// <summary>The element type.</summary>
    public DType DType => Node.DType;

    /// <summary>Where the value is, or will be.</summary>
    public Device Device => Node.Device;

    internal Node Node { get; }
}
