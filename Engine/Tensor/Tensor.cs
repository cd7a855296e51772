using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent;

/// <summary>An immutable multi-dimensional array: a lazy value. Operations record a graph after checking shapes and
/// dtypes; reading a value computes what is needed.</summary>
/// <remarks>A tensor may be used from any thread. Dispose is never needed. C# numbers convert implicitly to rank-0
/// tensors whose dtype is weak: they take on the dtype of the tensor they meet, see <see cref="DTypes.Promote(DType,
/// DType)"/>.</remarks>
public sealed partial class Tensor
{
    /// <summary>Chains of unrealised operations longer than this are computed when they grow, outside traces: a running
    /// sum of losses would otherwise hold every graph that ever fed it.</summary>
    internal const int MaxDepth = 512;

    private readonly WeakNumber? _weak;

    internal Tensor(Node node) => Node = node;

    internal Tensor(WeakNumber weak)
        : this(weak.ToNode(weak.DefaultDType)) => _weak = weak;

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

    /// <summary>The C# number that this is, if it has not met a tensor yet.</summary>
    internal WeakNumber? Weak => _weak;

    /// <summary>A number of weak dtype: Int32 on its own, or Int64 where it does not fit.</summary>
    public static implicit operator Tensor(int x) => new(WeakNumber.Of(x));

    /// <summary>A number of weak dtype: Int32 on its own, or Int64 where it does not fit.</summary>
    public static implicit operator Tensor(long x) => new(WeakNumber.Of(x));

    /// <summary>A number of weak dtype: Float32 on its own.</summary>
    public static implicit operator Tensor(float x) => new(WeakNumber.Of((double)x));

    /// <summary>A number of weak dtype: Float32 on its own.</summary>
    public static implicit operator Tensor(double x) => new(WeakNumber.Of(x));

    /// <summary>The result of an operation; computes it now if the chain below it has grown too long.</summary>
    internal static Tensor Of(Node node)
    {
        if (node.Depth > MaxDepth && !node.IsTraced) Executor.Realize([node]);
        return new Tensor(node);
    }

    /// <summary>The results of a transform: as for one, computing what is too deep together, so that shared parts run
    /// once.</summary>
    internal static Tensor[] Of(IReadOnlyList<Node> nodes)
    {
        Node[] deep = [.. nodes.Where(n => n.Depth > MaxDepth && !n.IsTraced)];
        if (deep.Length > 0) Executor.Realize(deep);
        return [.. nodes.Select(n => new Tensor(n))];
    }
}
