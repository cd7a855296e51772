namespace Cotangent.Kernels.Cpu;

/// <summary>Work done on each finished piece of a product while it is still in cache: bias, activation, a reduction along a row.</summary>
/// <remarks>Together the calls cover each element of C exactly once, after its last term was added. They come from several threads at
/// once, in no fixed order and in pieces of no fixed size, so a result must not depend on either.</remarks>
internal abstract unsafe class GemmEpilogue
{
    /// <summary>True if only an element's address in C counts, not its row, column and batch. Then pieces are several tiles wide, and the
    /// product may be rewritten into an equal one. C must have contiguous rows or columns.</summary>
    public virtual bool IsElementwise => false;

    /// <summary>Bytes from C to up to two other arrays of elements as large, of which the epilogue reads or writes those of the piece's own
    /// places; 0 for none. Their rows are fetched with those of C.</summary>
    public virtual (nint First, nint Second) Beside => default;

    /// <summary>Transforms a piece of C in place.</summary>
    /// <param name="tile">The first element; elements of a row lie side by side.</param>
    /// <param name="row">The row of C of the piece's first row.</param>
    /// <param name="column">The column of C of the piece's first column.</param>
    /// <param name="rows">Rows of the piece.</param>
    /// <param name="columns">Columns of the piece.</param>
    /// <param name="rowStride">Elements from one row of the piece to the next.</param>
    /// <param name="batch0">The outer batch index.</param>
    /// <param name="batch1">The inner batch index.</param>
    public abstract void Apply(byte* tile, long row, long column, int rows, int columns, long rowStride, int batch0, int batch1);
}
