using System.Numerics;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Library;

/// <summary>What the factorisations ask of their device besides kernels.</summary>
internal static class MatrixProducts
{
    /// <summary>Rows that are factored at a time: what is left is updated by one matrix product.</summary>
    public const int Block = 64;

    /// <summary>Items of a group that works on rows of a length. A function of the length alone: sums over a group have the
    /// same order on every device.</summary>
    public static int Items(int length) => length <= 16 ? 16 : length <= 32 ? 32 : 64;

    /// <summary>C += A·B for each matrix of a batch.</summary>
    /// <param name="device">Where the views are.</param>
    /// <param name="batch">The number of matrices.</param>
    /// <param name="extents">Rows of C, columns of C, terms of each sum.</param>
    /// <param name="a">A and the distances of its elements.</param>
    /// <param name="b">B and the distances of its elements.</param>
    /// <param name="c">C and the distances of its elements.</param>
    public static void Add<T>(Device device, int batch, (int M, int N, int K) extents, in Operand<T> a, in Operand<T> b, in Operand<T> c)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ScalarType type = typeof(T) == typeof(float) ? ScalarType.Float32 : ScalarType.Float64;
        device.Gemm(new GemmProblem(type, 1, batch, extents.M, extents.N, extents.K, a.Layout, b.Layout, c.Layout, Accumulate: true),
            a.View.Argument, b.View.Argument, c.View.Argument);
    }

    /// <summary>Copies all elements.</summary>
    public static void Copy<T>(Device device, ArrayView<T> from, ArrayView<T> to)
        where T : unmanaged
    {
        KernelArgument source = from.Argument, target = to.Argument;
        device.Copy(source.Memory!, source.Bits, target.Memory!, target.Bits, from.LengthInBytes);
    }

    /// <summary>A view from an element to its end.</summary>
    public static ArrayView<T> From<T>(this ArrayView<T> view, long start)
        where T : unmanaged => view.SubView(start, view.Length - start);
}

/// <summary>A batch of matrices in memory: element (b, row, column) is at b·Batch + row·Row + column·Column.</summary>
internal readonly record struct Operand<T>(ArrayView<T> View, long Batch, long Row, long Column)
    where T : unmanaged
{
    public MatrixLayout Layout => new(0, Batch, Row, Column);
}
