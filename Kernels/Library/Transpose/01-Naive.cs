namespace Cotangent.Kernels.Library;

/// <summary>Transposition, first version: one item an element.</summary>
/// <remarks>n elements read, neighbours by neighbours, and n written, each to a line of its own: as many memory transactions as
/// elements.</remarks>
internal static class TransposeNaive
{
    /// <summary>X along columns, Y along rows of the input.</summary>
    public static void Run<T>(Index2D i, ArrayView<T> input, ArrayView<T> output, int rows, int columns)
        where T : unmanaged => output[(long)i.X * rows + i.Y] = input[(long)i.Y * columns + i.X];
}
