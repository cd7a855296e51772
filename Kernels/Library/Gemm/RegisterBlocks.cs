namespace Cotangent.Kernels.Library;

/// <summary>The part of C that one item of <see cref="RegisterGemm"/> keeps in registers.</summary>
/// <remarks>A group is 16 × 16 items, each with a quad of rows and a quad of columns; larger blocks have further quads, 16 quads
/// apart, so that neighbouring items always read neighbouring quads.</remarks>
internal interface IRegisterBlock<T> : IStripedTile<T>
    where T : unmanaged
{
    /// <summary>Rows and columns of C of one group.</summary>
    static abstract int Tile { get; }

    /// <summary>Terms of the sum held in shared memory at a time.</summary>
    static abstract int Depth { get; }

    /// <summary>Adds one term of every sum.</summary>
    /// <param name="a">Rows of A in shared memory, the same term of neighbouring rows side by side.</param>
    /// <param name="atA">The first quad of this item's rows.</param>
    /// <param name="b">Columns of B, likewise.</param>
    /// <param name="atB">The first quad of this item's columns.</param>
    void MultiplyAdd<TElement>(ArrayView<Quad<T>> a, int atA, ArrayView<Quad<T>> b, int atB)
        where TElement : struct, IGemmElement<T>;

    /// <summary>Reads what there is of the block in C.</summary>
    void Read(GemmResult<T> c, int row, int column);

    /// <summary>Writes what there is of the block to C.</summary>
    void Write(GemmResult<T> c, int row, int column);

    /// <summary>Σ x² of the block's elements: in their own type up to 16 of them, so that GPUs with few units of double precision lose no time.</summary>
    double Squares<TElement, TWidening>()
        where TElement : struct, IGemmElement<T>
        where TWidening : struct, IWidening<T>;
}

/// <summary>An item's part of a tile of a product, which kernels go on with strip by strip.</summary>
internal interface IStripedTile<T>
    where T : unmanaged
{
    /// <summary>Writes what the item has of a strip of 32 rows of the tile to shared memory, rows <see cref="RegisterGemm.Pitch"/> quads
    /// apart.</summary>
    void Put(ArrayView<Quad<T>> shared, int strip);
}

/// <summary>4 × 4 elements, 64 × 64 a group: 16 sums in registers. For small problems and for double precision.</summary>
internal struct Block4x4<T> : IRegisterBlock<T>
    where T : unmanaged
{
    private Quad<T> _row0;
    private Quad<T> _row1;
    private Quad<T> _row2;
    private Quad<T> _row3;

    public static int Tile => 64;

    public static int Depth => 16;

    public void MultiplyAdd<TElement>(ArrayView<Quad<T>> a, int atA, ArrayView<Quad<T>> b, int atB)
        where TElement : struct, IGemmElement<T> => MultiplyAdd<TElement>(a[atA], b[atB]);

    public void MultiplyAdd<TElement>(Quad<T> a, Quad<T> b)
        where TElement : struct, IGemmElement<T>
    {
        _row0 = _row0.MultiplyAdd<TElement>(a.X, b);
        _row1 = _row1.MultiplyAdd<TElement>(a.Y, b);
        _row2 = _row2.MultiplyAdd<TElement>(a.Z, b);
        _row3 = _row3.MultiplyAdd<TElement>(a.W, b);
    }

    public void Read(GemmResult<T> c, int row, int column)
    {
        _row0 = c.Read(row, column);
        _row1 = c.Read(row + 1, column);
        _row2 = c.Read(row + 2, column);
        _row3 = c.Read(row + 3, column);
    }

    public readonly void Write(GemmResult<T> c, int row, int column)
    {
        c.Write(row, column, _row0);
        c.Write(row + 1, column, _row1);
        c.Write(row + 2, column, _row2);
        c.Write(row + 3, column, _row3);
    }

    public readonly double Squares<TElement, TWidening>()
        where TElement : struct, IGemmElement<T>
        where TWidening : struct, IWidening<T>
    {
        TWidening number = default;
        T sum = _row1.AddSquares<TElement>(_row0.AddSquares<TElement>(default));
        return number.Widen(_row3.AddSquares<TElement>(_row2.AddSquares<TElement>(sum)));
    }

    /// <summary>Σ x² of the block's elements, all in double precision.</summary>
    public readonly double SumOfSquares<TWidening>()
        where TWidening : struct, IWidening<T> => _row0.SumOfSquares<TWidening>() + _row1.SumOfSquares<TWidening>()
            + (_row2.SumOfSquares<TWidening>() + _row3.SumOfSquares<TWidening>());

    public readonly void Put(ArrayView<Quad<T>> shared, int strip) => Put(shared, strip, RegisterGemm.Pitch(Tile), RegisterGemm.QuadOfColumns);

    /// <summary>The same with so many quads from row to row, this item's column being a given quad of them.</summary>
    public readonly void Put(ArrayView<Quad<T>> shared, int strip, int pitch, int column)
    {
        const int quadsOfStrip = 8;
        if (RegisterGemm.QuadOfRows / quadsOfStrip != strip)
            return;
        int at = RegisterGemm.QuadOfRows % quadsOfStrip * Quad<T>.Count * pitch + column;
        shared[at] = _row0;
        shared[at + pitch] = _row1;
        shared[at + 2 * pitch] = _row2;
        shared[at + 3 * pitch] = _row3;
    }
}

/// <summary>8 × 8 elements, 128 × 128 a group: 64 sums in registers, in two halves of rows and two of columns.</summary>
internal struct Block8x8<T> : IRegisterBlock<T>
    where T : unmanaged
{
    /// <summary>Rows, and columns, between the halves.</summary>
    private const int Half = 64;

    private Block4x4<T> _topLeft;
    private Block4x4<T> _topRight;
    private Block4x4<T> _bottomLeft;
    private Block4x4<T> _bottomRight;

    public static int Tile => 2 * Half;

    public static int Depth => 8;

    public void MultiplyAdd<TElement>(ArrayView<Quad<T>> a, int atA, ArrayView<Quad<T>> b, int atB)
        where TElement : struct, IGemmElement<T>
    {
        Quad<T> top = a[atA], bottom = a[atA + Half / Quad<T>.Count];
        Quad<T> left = b[atB], right = b[atB + Half / Quad<T>.Count];
        _topLeft.MultiplyAdd<TElement>(top, left);
        _topRight.MultiplyAdd<TElement>(top, right);
        _bottomLeft.MultiplyAdd<TElement>(bottom, left);
        _bottomRight.MultiplyAdd<TElement>(bottom, right);
    }

    public void Read(GemmResult<T> c, int row, int column)
    {
        _topLeft.Read(c, row, column);
        _topRight.Read(c, row, column + Half);
        _bottomLeft.Read(c, row + Half, column);
        _bottomRight.Read(c, row + Half, column + Half);
    }

    public readonly void Write(GemmResult<T> c, int row, int column)
    {
        _topLeft.Write(c, row, column);
        _topRight.Write(c, row, column + Half);
        _bottomLeft.Write(c, row + Half, column);
        _bottomRight.Write(c, row + Half, column + Half);
    }

    public readonly double Squares<TElement, TWidening>()
        where TElement : struct, IGemmElement<T>
        where TWidening : struct, IWidening<T> => _topLeft.Squares<TElement, TWidening>() + _topRight.Squares<TElement, TWidening>()
            + (_bottomLeft.Squares<TElement, TWidening>() + _bottomRight.Squares<TElement, TWidening>());

    public readonly void Put(ArrayView<Quad<T>> shared, int strip)
    {
        int pitch = RegisterGemm.Pitch(Tile), column = RegisterGemm.QuadOfColumns;
        if (strip < 2)
        {
            _topLeft.Put(shared, strip, pitch, column);
            _topRight.Put(shared, strip, pitch, column + Half / Quad<T>.Count);
        }
        else
        {
            _bottomLeft.Put(shared, strip - 2, pitch, column);
            _bottomRight.Put(shared, strip - 2, pitch, column + Half / Quad<T>.Count);
        }
    }
}
