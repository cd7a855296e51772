using Cotangent.Kernels;

namespace Cotangent.Optimizers;

/// <summary>The parameters of one dtype, end to end in one vector: first those with weight decay.</summary>
internal sealed class ArenaSegment
{
    public ArenaSegment(DType type, Device device, int[] decaying, int[] others, Shape[] shapes)
    {
        DType = type;
        Device = device;
        Leaves = [.. decaying, .. others];
        Size = checked((int)Leaves.Sum(i => shapes[i].Size));
        Decaying = checked((int)decaying.Sum(i => shapes[i].Size));
    }

    public DType DType { get; }

    public Device Device { get; }

    /// <summary>The numbers of the parameters in the tree, in the order in which they lie in the vector.</summary>
    public IReadOnlyList<int> Leaves { get; }

    public int Size { get; }

    /// <summary>How many elements, the first of the vector, have weight decay.</summary>
    public int Decaying { get; }

    /// <summary><paramref name="value"/> for the elements with weight decay, <paramref name="otherwise"/> for the rest.</summary>
    public Tensor WhereDecaying(Tensor value, double otherwise) =>
        Decaying == Size ? value
        : Decaying == 0 ? Tensor.Scalar(otherwise, DType, Device)
        : Tensor.Where(Tensor.Arange(Size, DType.Int32, Device) < Decaying, value, otherwise);
}
