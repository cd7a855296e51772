using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Windows;

public class WindowErrorTests
{
    private static readonly Tensor s_x = Tensor.Zeros([2, 6, 5, 5]);
    private static readonly Tensor s_k = Tensor.Zeros([4, 3, 3, 3]);

    public static TheoryData<string, string> Mistakes => new()
    {
        { "ranks", "CTG2001: conv: input [2, 6, 5] and kernel [4, 3, 3, 3]: both have a leading pair of axes ([N, C, x…] and [O, C / groups, window…]) and as many others, one or more." },
        { "channels", "CTG2001: conv: the input [2, 6, 5, 5] has 6 channels, but the kernel [4, 3, 3, 3] takes 3 in each of 1 groups." },
        { "groups", "CTG2011: conv: 3 groups do not divide the 6 channels of the input [2, 6, 5, 5] and the 4 of the kernel [4, 3, 3, 3]." },
        { "stride", "CTG2011: conv: the stride of window axis 1 is 0; it must be at least 1." },
        { "strides", "CTG2011: conv: the stride [1, 1, 1] has 3 numbers for the 2 axes of the window. Give one an axis, or one for all." },
        { "padding", "CTG2011: conv: the padding (-1, 0) of window axis 0 is negative. Slice the input instead." },
        { "paddings", "CTG2011: conv: 3 pairs of padding ((1, 1), (1, 1), (1, 1)) for the 2 axes of the window. Give one an axis, or one for all." },
        { "room", "CTG2011: conv: along window axis 1 the window spans 9 (3 elements, 4 apart), but the input has 5 and padding (1, 1). Pad more, or take a smaller window." },
        { "same", "CTG2011: conv_transpose: Padding.Same does not say how many elements the result has. Give the padding in numbers." },
        { "extra", "CTG2011: conv_transpose: extra is 2 along window axis 0; it must be at least 0 and less than the stride 2." },
        { "cut", "CTG2011: conv_transpose: 1 positions of a window that spans 1 leave nothing along window axis 0 after the padding (2, 2)." },
        { "pool", "CTG2011: max_pool: a window [2, 2, 2, 2, 2] of 5 axes over [2, 6, 5, 5]: give one to 4 extents." },
        { "pool size", "CTG2011: avg_pool: the window [0, 2] has 0 elements along its axis 0; give at least 1." },
        { "operands", "CTG2012: einsum 'ij,jk->ik': it names 2 operands, but 1 tensors were given." },
        { "letters", "CTG2012: einsum 'ij,jk->ik': the letter 'j' is 5 and, in operand 1, 3 long: the operands are [4, 5], [3, 4]." },
        { "diagonal", "CTG2012: einsum 'ii': the letter 'i' is 4 and, in operand 0, 5 long: the operands are [4, 5]." },
        { "axes", "CTG2012: einsum 'ijk': 'ijk' names 3 axes, but operand 0 has 2: [4, 5]." },
        { "sign", "CTG2012: einsum 'i1': '1' in 'i1' is no letter; axes are a-z and A-Z, and '...' may stand once." },
        { "unknown", "CTG2012: einsum 'ij->k': the letter 'k' of the result is in no operand." },
        { "twice", "CTG2012: einsum 'ij->ii': the letter 'i' is in the result twice." },
        { "arrows", "CTG2012: einsum 'ij->j->i': it has more than one '->'." },
        { "ellipsis", "CTG2012: einsum '...i->i': operands have '...' and the result has not; sum over named axes, or write '...' in the result." },
        { "ellipses", "CTG2012: einsum '...i,...i->...': axis -1 of '...' is 4 and, in operand 1, 3 long: the operands are [4, 5], [3, 5]." },
        { "along", "CTG2001: take_along_axis: indices [2] do not have the 4 axes of [2, 6, 5, 5]. Insert axes of extent 1." },
        { "diagonal offset", "CTG2005: diagonal: offset 5 is outside axes 2 and 3 of [2, 6, 5, 5]." },
    };

    [Theory, MemberData(nameof(Mistakes))]
    public void Mistake_AtTheCall_ThrowsWithTheRemedy(string name, string message) =>
        Assert.Equal(message, Assert.ThrowsAny<CotangentException>(() => Make(name)).Message);

    private static Tensor Make(string name)
    {
        Tensor m = Tensor.Zeros([4, 5]);
        return name switch
        {
            "ranks" => Tensor.Conv(Tensor.Zeros([2, 6, 5]), s_k),
            "channels" => Tensor.Conv(s_x, s_k),
            "groups" => Tensor.Conv(s_x, s_k, groups: 3),
            "stride" => Tensor.Conv(s_x, s_k, [1, 0], groups: 2),
            "strides" => Tensor.Conv(s_x, s_k, [1, 1, 1], groups: 2),
            "padding" => Tensor.Conv(s_x, s_k, padding: Padding.Of((-1, 0)), groups: 2),
            "paddings" => Tensor.Conv(s_x, s_k, padding: Padding.Of((1, 1), (1, 1), (1, 1)), groups: 2),
            "room" => Tensor.Conv(s_x, s_k, padding: 1, dilation: [1, 4], groups: 2),
            "same" => Tensor.ConvTranspose(Tensor.Zeros([2, 4, 5, 5]), s_k, padding: Padding.Same),
            "extra" => Tensor.ConvTranspose(Tensor.Zeros([2, 4, 5, 5]), s_k, [2], extra: [2]),
            "cut" => Tensor.ConvTranspose(Tensor.Zeros([2, 4, 1]), Tensor.Zeros([4, 3, 1]), padding: 2),
            "pool" => s_x.MaxPool([2, 2, 2, 2, 2]),
            "pool size" => s_x.AvgPool([0, 2]),
            "operands" => Tensor.Einsum("ij,jk->ik", m),
            "letters" => Tensor.Einsum("ij,jk->ik", m, Tensor.Zeros([3, 4])),
            "diagonal" => Tensor.Einsum("ii", m),
            "axes" => Tensor.Einsum("ijk", m),
            "sign" => Tensor.Einsum("i1", m),
            "unknown" => Tensor.Einsum("ij->k", m),
            "twice" => Tensor.Einsum("ij->ii", m),
            "arrows" => Tensor.Einsum("ij->j->i", m),
            "ellipsis" => Tensor.Einsum("...i->i", m),
            "ellipses" => Tensor.Einsum("...i,...i->...", m, Tensor.Zeros([3, 5])),
            "along" => s_x.TakeAlongAxis(Tensor.Zeros([2], DType.Int32)),
            _ => s_x.Diagonal(5),
        };
    }
}
