using Cotangent.Graph;

namespace Cotangent;

public sealed partial class Tensor
{
    /// <summary>Convolution in one to three dimensions, as networks have it (a cross-correlation):
    /// y[n, o, p] = Σ over c, j of x[n, c, p·stride + j·dilation − padding] · k[o, c, j], where c runs over the channels of o's group.</summary>
    /// <param name="input">[N, C, x…].</param>
    /// <param name="kernel">[O, C / groups, window…], with as many axes as the input.</param>
    /// <param name="stride">How far the window moves: one number an axis, or one for all; 1 if empty.</param>
    /// <param name="padding">Zeros around the input; none if null.</param>
    /// <param name="dilation">How far the elements of the window are apart, like <paramref name="stride"/>.</param>
    /// <param name="groups">Blocks of channels that see only their own block; C for a depthwise convolution. Divides C and O.</param>
    /// <returns>[N, O, p…] with p = ⌊(x + padding − (window − 1)·dilation − 1) / stride⌋ + 1.</returns>
    /// <remarks>Dtypes promote. The derivatives by input and kernel are <see cref="ConvTranspose"/> and a convolution over positions.</remarks>
    /// <exception cref="ShapeMismatchException">The shapes of input and kernel do not fit.</exception>
    /// <exception cref="WindowException">A stride, dilation, padding or number of groups does not fit.</exception>
    /// <example><code>Tensor y = Tensor.Conv(images, kernel, stride: [2], padding: Padding.Same);</code></example>
    public static Tensor Conv(
        Tensor input, Tensor kernel, ReadOnlySpan<int> stride = default, Padding? padding = null, ReadOnlySpan<int> dilation = default, int groups = 1)
    {
        CheckConvolution("conv", input, kernel, kernel?.Shape ?? default, groups);
        if (input.Shape[1] != kernel!.Shape[1] * groups)
        {
            throw new ShapeMismatchException($"conv: the input {input.Shape} has {input.Shape[1]} channels, but the kernel {kernel.Shape} takes " +
                $"{kernel.Shape[1]} in each of {groups} groups.");
        }

        Shape extents = [.. input.Shape.Skip(2)], window = [.. kernel.Shape.Skip(2)];
        WindowAxis[] axes = Windows.Of("conv", window.AsSpan(), extents.AsSpan(), stride, padding, dilation);
        Windows.RequireRoom("conv", axes, extents);
        DType type = CommonDType(input, kernel), wide = type == DType.Bool ? DType.Int32 : type;
        Convolution convolution = new(kernel.AsNode(wide), groups, axes);
        return Of(Make.Cast(convolution.Forward(input.AsNode(wide)), type));
    }

    /// <summary>The transpose of <see cref="Conv"/>: each input element adds a copy of the kernel to the result,
    /// y[n, c, p·stride + j·dilation − padding] = Σ over o, p, j of x[n, o, p] · k[o, c, j].</summary>
    /// <param name="input">[N, O, p…].</param>
    /// <param name="kernel">[O, C / groups, window…]: the kernel of the convolution that this undoes.</param>
    /// <param name="stride">How far copies are apart, as in <see cref="Conv"/>.</param>
    /// <param name="padding">What is cut off the result, as the convolution would have padded it. Not <see cref="Padding.Same"/>.</param>
    /// <param name="dilation">As in <see cref="Conv"/>.</param>
    /// <param name="groups">As in <see cref="Conv"/>.</param>
    /// <param name="extra">Rows of zeros or more copies' ends at the end of each axis: several extents give the same number of positions
    /// when the stride is above 1, and this chooses (PyTorch's output_padding). Less than the stride; 0 if empty.</param>
    /// <returns>[N, C, x…] with x = (p − 1)·stride + (window − 1)·dilation + 1 − padding + extra.</returns>
    /// <exception cref="ShapeMismatchException">The shapes of input and kernel do not fit.</exception>
    /// <exception cref="WindowException">A stride, dilation, padding, extra or number of groups does not fit.</exception>
    public static Tensor ConvTranspose(
        Tensor input, Tensor kernel, ReadOnlySpan<int> stride = default, Padding? padding = null, ReadOnlySpan<int> dilation = default,
        int groups = 1, ReadOnlySpan<int> extra = default)
    {
        CheckConvolution("conv_transpose", input, kernel, kernel?.Shape ?? default, groups);
        if (input.Shape[1] != kernel!.Shape[0])
        {
            throw new ShapeMismatchException($"conv_transpose: the input {input.Shape} has {input.Shape[1]} channels, but the kernel " +
                $"{kernel.Shape} takes {kernel.Shape[0]}.");
        }

        if (ReferenceEquals(padding, Padding.Same))
        {
            throw new WindowException("conv_transpose: Padding.Same does not say how many elements the result has. Give the padding in numbers.");
        }

        Shape positions = [.. input.Shape.Skip(2)], window = [.. kernel.Shape.Skip(2)];
        WindowAxis[] axes = Windows.Of("conv_transpose", window.AsSpan(), positions.AsSpan(), stride, padding, dilation);
        Shape extents = Extents(positions, axes, extra);
        DType type = CommonDType(input, kernel), wide = type == DType.Bool ? DType.Int32 : type;
        Convolution convolution = new(kernel.AsNode(wide), groups, axes);
        return Of(Make.Cast(convolution.Transposed(input.AsNode(wide), extents), type));
    }

    private static Shape Extents(Shape positions, WindowAxis[] axes, ReadOnlySpan<int> extra)
    {
        int[] result = new int[axes.Length];
        if (extra.Length > 1 && extra.Length != axes.Length)
        {
            throw new WindowException($"conv_transpose: extra {Shape.Create(extra)} has {extra.Length} numbers for {axes.Length} axes.");
        }

        for (int i = 0; i < result.Length; i++)
        {
            WindowAxis a = axes[i];
            int more = extra.Length == 0 ? 0 : extra[extra.Length == 1 ? 0 : i];
            if (more < 0 || more >= a.Stride)
            {
                throw new WindowException($"conv_transpose: extra is {more} along window axis {i}; it must be at least 0 and less than the stride " +
                    $"{a.Stride}.");
            }

            result[i] = (Math.Max(positions[i], 1) - 1) * a.Stride + a.Span - a.Low - a.High + more;
            if (positions[i] == 0 || result[i] < 0)
            {
                throw new WindowException($"conv_transpose: {positions[i]} positions of a window that spans {a.Span} leave nothing along window axis " +
                    $"{i} after the padding ({a.Low}, {a.High}).");
            }
        }

        return Shape.Create(result);
    }

    private static void CheckConvolution(string op, Tensor input, Tensor? kernel, Shape k, int groups)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(kernel);
        if (input.Rank < 3 || input.Rank != k.Rank)
        {
            throw new ShapeMismatchException($"{op}: input {input.Shape} and kernel {k}: both have a leading pair of axes ([N, C, x…] and " +
                "[O, C / groups, window…]) and as many others, one or more.");
        }

        if (groups < 1 || k[0] % groups != 0 || input.Shape[1] % groups != 0)
        {
            throw new WindowException($"{op}: {groups} groups do not divide the {input.Shape[1]} channels of the input {input.Shape} and the " +
                $"{k[0]} of the kernel {k}.");
        }
    }
}
