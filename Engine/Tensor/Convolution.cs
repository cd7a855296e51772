using Cotangent.Graph;

namespace Cotangent;

/// <summary>Convolutions from windows, a contraction and a sum: their derivatives of all orders are those of these.</summary>
/// <remarks>The contraction is a matrix product of the kernel [O, window·C] with the windows [window·C, N·positions] of each group. A product
/// reads the windows in place where their strides allow (all 1×1 kernels, among others); otherwise they are stored, which is
/// (window size) × the input's bytes. Groups of few channels (depthwise convolutions), whose products would be thin, and integers are sums of
/// elementwise products instead: one fused kernel that reads the input in place.</remarks>
/// <param name="kernel">[O, C / groups, window…].</param>
/// <param name="groups">Divides O and C.</param>
/// <param name="axes">The windows.</param>
internal readonly ref struct Convolution(Node kernel, int groups, ReadOnlySpan<WindowAxis> axes)
{
    /// <summary>Groups of at most so many products of channels are summed elementwise.</summary>
    private const int ThinProduct = 4;

    private readonly ReadOnlySpan<WindowAxis> _axes = axes;
    private readonly int _outputs = kernel.Shape[0] / groups;
    private readonly int _inputs = kernel.Shape[1];

    private int Rank => _axes.Length;

    private Shape Window => [.. kernel.Shape.Skip(2)];

    private bool IsThin => (long)_outputs * _inputs <= ThinProduct || !kernel.DType.IsFloat();

    /// <summary>[N, C, x…] → [N, O, p…].</summary>
    public Node Forward(Node x)
    {
        Node windows = Windows.View(x, _axes);
        int n = x.Shape[0];
        Shape positions = [.. windows.Shape.Skip(Rank + 2)];
        windows = Make.Reshape(windows, [.. Window, n, groups, _inputs, .. positions]);
        Node y = IsThin ? Elementwise(windows, positions) : Product(windows, positions);
        return Make.Reshape(y, [n, kernel.Shape[0], .. positions]);
    }

    /// <summary>[N, O, p…] → [N, C, x…], the transpose of <see cref="Forward"/>: what each window's elements get, folded.</summary>
    public Node Transposed(Node y, Shape extents)
    {
        int n = y.Shape[0];
        Shape positions = [.. y.Shape.Skip(2)];
        y = Make.Reshape(y, [n, groups, _outputs, .. positions]);
        Node windows = IsThin ? ElementwiseBack(y, positions) : ProductBack(y, positions);
        return Windows.Fold(Make.Reshape(windows, [.. Window, n, groups * _inputs, .. positions]), _axes, extents);
    }

    // [G, O/G, w, C/G] · [G, w, C/G, N, p] → [G, O/G, N, p]. The windows' elements outside, positions inside: a stored operand is then written
    // and read in long runs, and the derivative by the kernel contracts the same operand along N and p.
    private Node Product(Node windows, Shape positions)
    {
        int r = Rank;
        Node right = Make.Permute(windows, [r + 1, .. Range(0, r), r + 2, r, .. Range(r + 3, r)]);
        Node product = Make.Dot(OutputsFirst(), right, new DotAttributes([0], [0], Range(2, r + 1), Range(1, r + 1), Tensor.MatMulPrecision));
        return Make.Permute(product, [2, 0, 1, .. Range(3, positions.Rank)]);
    }

    private Node ProductBack(Node y, Shape positions)
    {
        // [G, O/G, w, C/G] · [N, G, O/G, p] → [G, w, C/G, N, p] → [w, N, G, C/G, p].
        int r = Rank;
        Node product = Make.Dot(OutputsFirst(), y, new DotAttributes([0], [1], [1], [2], Tensor.MatMulPrecision));
        return Make.Permute(product, [.. Range(1, r), r + 2, 0, r + 1, .. Range(r + 3, positions.Rank)]);
    }

    /// <summary>The kernel as [G, O/G, w, C/G].</summary>
    private Node OutputsFirst() =>
        Make.Permute(Make.Reshape(kernel, [groups, _outputs, _inputs, .. Window]), [0, 1, .. Range(3, Rank), 2]);

    private Node Elementwise(Node windows, Shape positions)
    {
        // Over [w, C/G, N, G, O/G, p].
        int r = Rank, n = windows.Shape[r];
        Node x = Make.Permute(windows, [.. Range(0, r), r + 2, r, r + 1, .. Range(r + 3, r)]);
        Shape all = [.. Window, _inputs, n, groups, _outputs, .. positions];
        x = Make.Expand(Make.Reshape(x, [.. Window, _inputs, n, groups, 1, .. positions]), all);
        Node k = Make.Permute(Make.Reshape(kernel, [groups, _outputs, _inputs, .. Window]), [.. Range(3, r), 2, 0, 1]);
        k = Make.Expand(Make.Reshape(k, [.. Window, _inputs, 1, groups, _outputs, .. positions.Select(_ => 1)]), all);
        return Make.Sum(Make.Mul(x, k), Range(0, r + 1));
    }

    private Node ElementwiseBack(Node y, Shape positions)
    {
        // Over [O/G, w, N, G, C/G, p].
        int r = Rank, n = y.Shape[0];
        Node x = Make.Permute(y, [2, 0, 1, .. Range(3, positions.Rank)]);
        Shape all = [_outputs, .. Window, n, groups, _inputs, .. positions];
        x = Make.Expand(Make.Reshape(x, [_outputs, .. Window.Select(_ => 1), n, groups, 1, .. positions]), all);
        Node k = Make.Permute(Make.Reshape(kernel, [groups, _outputs, _inputs, .. Window]), [1, .. Range(3, r), 0, 2]);
        k = Make.Expand(Make.Reshape(k, [_outputs, .. Window, 1, groups, _inputs, .. positions.Select(_ => 1)]), all);
        return Make.Sum(Make.Mul(x, k), [0]);
    }

    private static Shape Range(int start, int count) => Shape.From(Enumerable.Range(start, count));
}
