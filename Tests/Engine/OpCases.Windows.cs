namespace Cotangent.Tests.Engine;

// Rows of sliding windows, of indices along an axis, and of einsum.
public static partial class OpCases
{
    private static IEnumerable<OpCase> Windows() =>
    [
        new("conv 1d", x => Tensor.Conv(x[0], x[1]), new Arg([2, 3, 9]), new Arg([4, 3, 3])) { Linear = true, Ulps = 32 },
        new("conv 1d of one channel", x => Tensor.Conv(x[0], x[1], stride: [2]), new Arg([2, 1, 9]), new Arg([8, 1, 4])) { Linear = true, Ulps = 32 },
        new("conv 2d same", x => Tensor.Conv(x[0], x[1], padding: Padding.Same), new Arg([2, 3, 5, 4]), new Arg([2, 3, 3, 3])) { Linear = true, Ulps = 64 },
        new("conv 2d strided", x => Tensor.Conv(x[0], x[1], stride: [2, 3], padding: Padding.Of((1, 0), (2, 1))), new Arg([1, 3, 6, 7]), new Arg([2, 3, 3, 2]))
            { Linear = true, Ulps = 64 },
        new("conv 2d dilated", x => Tensor.Conv(x[0], x[1], padding: 1, dilation: [2, 1]), new Arg([1, 3, 6, 4]), new Arg([2, 3, 3, 2])) { Linear = true, Ulps = 64 },
        new("conv 2d groups", x => Tensor.Conv(x[0], x[1], padding: 1, groups: 2), new Arg([2, 6, 4, 3]), new Arg([4, 3, 3, 3])) { Linear = true, Ulps = 64 },
        new("conv 2d depthwise", x => Tensor.Conv(x[0], x[1], stride: [2], padding: Padding.Same, groups: 3), new Arg([2, 3, 5, 4]), new Arg([6, 1, 3, 3]))
            { Linear = true, Ulps = 64 },
        new("conv 2d 1x1", x => Tensor.Conv(x[0], x[1]), new Arg([2, 5, 3, 4]), new Arg([3, 5, 1, 1])) { Linear = true, Ulps = 32 },
        new("conv 2d 1x1 strided", x => Tensor.Conv(x[0], x[1], stride: [2]), new Arg([2, 5, 3, 4]), new Arg([3, 5, 1, 1])) { Linear = true, Ulps = 32 },
        new("conv 3d", x => Tensor.Conv(x[0], x[1], stride: [1, 2, 1], padding: 1), new Arg([1, 3, 3, 4, 3]), new Arg([2, 3, 2, 2, 2])) { Linear = true, Ulps = 64 },
        new("conv int", x => Tensor.Conv(x[0], x[1], padding: 1), new Arg([2, 3, 4, 4], DType.Int32) { Low = -5, High = 5 },
            new Arg([2, 3, 3, 3], DType.Int32) { Low = -5, High = 5 }) { Differentiable = false },
        new("conv_transpose 1d", x => Tensor.ConvTranspose(x[0], x[1], stride: [2], extra: [1]), new Arg([2, 3, 4]), new Arg([3, 4, 3])) { Linear = true, Ulps = 32 },
        new("conv_transpose 2d", x => Tensor.ConvTranspose(x[0], x[1], stride: [2, 1], padding: 1, dilation: [1, 2]), new Arg([1, 3, 3, 4]), new Arg([3, 3, 3, 2]))
            { Linear = true, Ulps = 32 },
        new("conv_transpose 2d groups", x => Tensor.ConvTranspose(x[0], x[1], stride: [2], groups: 2), new Arg([2, 6, 2, 3]), new Arg([6, 3, 3, 3]))
            { Linear = true, Ulps = 32 },
        new("conv_transpose 2d depthwise", x => Tensor.ConvTranspose(x[0], x[1], padding: 1, groups: 3), new Arg([2, 3, 3, 3]), new Arg([3, 1, 3, 3]))
            { Linear = true, Ulps = 32 },
        new("max_pool", x => x[0].MaxPool([2, 2]), new Arg([2, 3, 4, 5]) { Distinct = true }),
        new("max_pool overlapping", x => x[0].MaxPool([3, 2], stride: [2, 1], padding: 1, dilation: [1, 2]), new Arg([2, 5, 6]) { Distinct = true }),
        new("max_pool int", x => x[0].MaxPool([3], padding: Padding.Same), new Arg([2, 7], DType.Int32) { Low = -20, High = -5 }) { Differentiable = false },
        new("avg_pool", x => x[0].AvgPool([2, 3], stride: [1, 2], padding: 1), new Arg([2, 4, 5])) { Linear = true, Ulps = 8 },
        new("avg_pool of what is inside", x => x[0].AvgPool([3], padding: 1, countPadding: false), new Arg([2, 7])) { Linear = true, Ulps = 8 },
    ];

    private static IEnumerable<OpCase> Along() =>
    [
        new("take_along", x => x[0].TakeAlongAxis(x[1]), new Arg([3, 5]), new Arg([3, 4], DType.Int32) { Low = 0, High = 4 }) { Linear = true },
        new("take_along axis 0", x => x[0].TakeAlongAxis(x[1], 0), new Arg([5, 3]), new Arg([4, 1], DType.Int32) { Low = 0, High = 4 }) { Linear = true },
        new("take_along middle", x => x[0].TakeAlongAxis(x[1], 1), new Arg([2, 5, 3]), new Arg([2, 7, 3], DType.Int32) { Low = -1, High = 5 }) { Differentiable = false },
        new("add_along", x => x[0].AddAlongAxis(x[2], x[1]), new Arg([3, 5]), new Arg([3, 7]), new Arg([3, 7], DType.Int32) { Low = -1, High = 5 }) { Ulps = 8 },
        new("add_along middle", x => x[0].AddAlongAxis(x[2], x[1], 1), new Arg([2, 4, 3]), new Arg([2, 6, 3]), new Arg([1, 6, 3], DType.Int32) { Low = 0, High = 3 })
            { Ulps = 8 },
        new("diagonal of the last axes", x => x[0].Diagonal(), new Arg([2, 4, 4])) { Linear = true },
        new("diagonal below", x => x[0].Diagonal(-1, 0, 2), new Arg([4, 2, 5])) { Linear = true },
        new("diagonal above", x => x[0].Diagonal(2, 2, 0), new Arg([5, 2, 4])) { Linear = true },
        new("trace", x => x[0].Trace(1), new Arg([2, 4, 4])) { Linear = true, Ulps = 8 },
    ];

    private static IEnumerable<OpCase> Einsums() =>
    [
        new("einsum product", x => Tensor.Einsum("bij,bjk->bik", x[0], x[1]), new Arg([2, 3, 4]), new Arg([2, 4, 5])) { Linear = true, Ulps = 32 },
        new("einsum implicit", x => Tensor.Einsum("ij,jh", x[0], x[1]), new Arg([3, 4]), new Arg([4, 5])) { Linear = true, Ulps = 32 },
        new("einsum transpose", x => Tensor.Einsum("ba", x[0]), new Arg([3, 4])) { Linear = true },
        new("einsum trace", x => Tensor.Einsum("ii", x[0]), new Arg([4, 4])) { Linear = true, Ulps = 8 },
        new("einsum diagonal", x => Tensor.Einsum("iji->ij", x[0]), new Arg([3, 2, 3])) { Linear = true },
        new("einsum outer", x => Tensor.Einsum("i,j->ji", x[0], x[1]), new Arg([3]), new Arg([4])) { Linear = true },
        new("einsum inner", x => Tensor.Einsum("bi,bi->b", x[0], x[1]), new Arg([3, 4]), new Arg([3, 4])) { Linear = true, Ulps = 16 },
        new("einsum chain", x => Tensor.Einsum("ij,jk,kl,l->i", x[0], x[1], x[2], x[3]), new Arg([3, 4]), new Arg([4, 5]), new Arg([5, 2]), new Arg([2]))
            { Linear = true, Ulps = 64 },
        new("einsum ellipsis", x => Tensor.Einsum("...ij,j...->...i", x[0], x[1]), new Arg([1, 2, 3, 4]), new Arg([4, 2])) { Linear = true, Ulps = 32 },
        new("einsum quadratic", x => Tensor.Einsum("...i,ij,...j->...", x[0], x[1], x[0]), new Arg([2, 3]), new Arg([3, 3])) { Ulps = 64 },
        new("einsum sums alone", x => Tensor.Einsum("ijk,kl->l", x[0], x[1]), new Arg([2, 3, 4]), new Arg([4, 5])) { Linear = true, Ulps = 32 },
        new("einsum int", x => Tensor.Einsum("ij,jk->ki", x[0], x[1]), new Arg([2, 3], DType.Int32) { Low = -5, High = 5 }, new Arg([3, 4], DType.Int32) { Low = -5, High = 5 })
            { Differentiable = false },
    ];
}
