namespace Cotangent.Kernels.Library;

/// <summary>An item's 4 × 4 part of a 64 × 64 tile that 256 items compute: row quad item / 16, column quad item % 16.</summary>
/// <remarks>Tiles are products over 16 terms at a time of shared memory, rows of which are 68 elements apart: 17 quads.</remarks>
internal struct ScoreBlock
{
    /// <summary>Items of a group.</summary>
    public const int Items = 256;

    /// <summary>Rows and columns of a tile.</summary>
    public const int Tile = 64;

    /// <summary>Terms in shared memory at a time.</summary>
    public const int Depth = 16;

    /// <summary>Quads from one term to the next.</summary>
    public const int Pitch = Tile / 4 + 1;

    public Quad<float> Row0;
    public Quad<float> Row1;
    public Quad<float> Row2;
    public Quad<float> Row3;

    /// <summary>The item's quad of rows.</summary>
    public static int RowQuad => Group.IdxX / 16;

    /// <summary>The item's quad of columns.</summary>
    public static int ColumnQuad => Group.IdxX % 16;

    /// <summary>Products of 64 rows of a with 64 rows of b; a row that is not there counts as zeros.</summary>
    /// <param name="a">Rows of so many elements.</param>
    /// <param name="atA">Where the first row begins.</param>
    /// <param name="rowsA">Rows there are from it on.</param>
    /// <param name="b">Rows of as many elements.</param>
    /// <param name="atB">Where the first row begins.</param>
    /// <param name="rowsB">Rows there are from it on.</param>
    /// <param name="depth">Elements of a row.</param>
    /// <param name="left">Shared memory of Depth · Pitch quads.</param>
    /// <param name="right">Shared memory of Depth · Pitch quads.</param>
    public static ScoreBlock Products(ArrayView<float> a, long atA, int rowsA, ArrayView<float> b, long atB, int rowsB, int depth,
        ArrayView<Quad<float>> left, ArrayView<Quad<float>> right)
    {
        ScoreBlock sums = default;
        int row = RowQuad, column = ColumnQuad;
        for (int term = 0; term < depth; term += Depth)
        {
            Group.Barrier();
            FetchTerms(a, atA, rowsA, depth, term, left.Cast<float>());
            FetchTerms(b, atB, rowsB, depth, term, right.Cast<float>());
            Group.Barrier();
            for (int t = 0; t < Depth; t++)
                sums.MultiplyAdd(left[t * Pitch + row], right[t * Pitch + column]);
        }

        return sums;
    }

    /// <summary>This + weights·b: 64 terms of <see cref="Put"/>, and as many rows of b, of whose columns 64 are taken.</summary>
    /// <param name="weights">Shared memory of Tile · Pitch quads.</param>
    /// <param name="b">Rows of so many elements.</param>
    /// <param name="at">Where the first row begins.</param>
    /// <param name="rows">Rows there are from it on.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="column">The first column.</param>
    /// <param name="right">Shared memory of Depth · Pitch quads.</param>
    public readonly ScoreBlock Add(ArrayView<Quad<float>> weights, ArrayView<float> b, long at, int rows, int width, int column,
        ArrayView<Quad<float>> right)
    {
        ScoreBlock sums = this;
        int ownRow = RowQuad, ownColumn = ColumnQuad;
        for (int term = 0; term < Tile; term += Depth)
        {
            Group.Barrier();
            FetchRows(b, at, rows, width, column, term, right.Cast<float>());
            Group.Barrier();
            for (int t = 0; t < Depth; t++)
                sums.MultiplyAdd(weights[(term + t) * Pitch + ownRow], right[t * Pitch + ownColumn]);
        }

        return sums;
    }

    /// <summary>Writes the tile to shared memory so that its columns are terms: the left operand of <see cref="Add"/>.</summary>
    public readonly void Put(ArrayView<Quad<float>> weights)
    {
        int at = ColumnQuad * 4 * Pitch + RowQuad;
        weights[at] = Column(Row0.X, Row1.X, Row2.X, Row3.X);
        weights[at + Pitch] = Column(Row0.Y, Row1.Y, Row2.Y, Row3.Y);
        weights[at + 2 * Pitch] = Column(Row0.Z, Row1.Z, Row2.Z, Row3.Z);
        weights[at + 3 * Pitch] = Column(Row0.W, Row1.W, Row2.W, Row3.W);
    }

    /// <summary>Writes 64 columns of rows that are there.</summary>
    /// <param name="target">Rows of so many elements.</param>
    /// <param name="at">Where the first row begins.</param>
    /// <param name="rows">Rows there are from it on.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="column">The first column.</param>
    public readonly void Write(ArrayView<float> target, long at, int rows, int width, int column)
    {
        GemmResult<float> result = new(target, at, width, 1, rows, width);
        int row = RowQuad * 4, own = column + ColumnQuad * 4;
        result.Write(row, own, Row0);
        result.Write(row + 1, own, Row1);
        result.Write(row + 2, own, Row2);
        result.Write(row + 3, own, Row3);
    }

    /// <summary>Rows times a factor each.</summary>
    public void Scale(float f0, float f1, float f2, float f3)
    {
        Row0 = Times(Row0, f0);
        Row1 = Times(Row1, f1);
        Row2 = Times(Row2, f2);
        Row3 = Times(Row3, f3);
    }

    /// <summary>Element by element.</summary>
    public static Quad<float> Times(Quad<float> x, Quad<float> y) => Column(x.X * y.X, x.Y * y.Y, x.Z * y.Z, x.W * y.W);

    public static Quad<float> Times(Quad<float> x, float y) => Column(x.X * y, x.Y * y, x.Z * y, x.W * y);

    public static Quad<float> Plus(Quad<float> x, Quad<float> y) => Column(x.X + y.X, x.Y + y.Y, x.Z + y.Z, x.W + y.W);

    public static Quad<float> Minus(Quad<float> x, Quad<float> y) => Column(x.X - y.X, x.Y - y.Y, x.Z - y.Z, x.W - y.W);

    /// <summary>2 to the power of each element less y.</summary>
    public static Quad<float> Exp2(Quad<float> x, float y) => Column(XMath.Exp2(x.X - y), XMath.Exp2(x.Y - y), XMath.Exp2(x.Z - y), XMath.Exp2(x.W - y));

    public static Quad<float> Exp2(Quad<float> x, Quad<float> y) => Exp2(Minus(x, y), 0);

    public static float Sum(Quad<float> x) => (x.X + x.Y) + (x.Z + x.W);

    public static float Largest(Quad<float> x)
    {
        float first = x.X > x.Y ? x.X : x.Y, second = x.Z > x.W ? x.Z : x.W;
        return first > second ? first : second;
    }

    /// <summary>Four elements of a view from a place on, as far as they are there; else a number.</summary>
    public static Quad<float> Read(ArrayView<float> source, long at, int there, float otherwise)
    {
        Quad<float> quad;
        quad.X = there > 0 ? source[at] : otherwise;
        quad.Y = there > 1 ? source[at + 1] : otherwise;
        quad.Z = there > 2 ? source[at + 2] : otherwise;
        quad.W = there > 3 ? source[at + 3] : otherwise;
        return quad;
    }

    private static Quad<float> Column(float x, float y, float z, float w)
    {
        Quad<float> quad;
        quad.X = x;
        quad.Y = y;
        quad.Z = z;
        quad.W = w;
        return quad;
    }

    private void MultiplyAdd(Quad<float> a, Quad<float> b)
    {
        Row0 = Row0.MultiplyAdd<SingleElement>(a.X, b);
        Row1 = Row1.MultiplyAdd<SingleElement>(a.Y, b);
        Row2 = Row2.MultiplyAdd<SingleElement>(a.Z, b);
        Row3 = Row3.MultiplyAdd<SingleElement>(a.W, b);
    }

    /// <summary>16 terms of 64 rows, terms apart by rows of shared memory.</summary>
    private static void FetchTerms(ArrayView<float> source, long at, int rows, int depth, int term, ArrayView<float> shared)
    {
        int own = term + Group.IdxX % Depth;
        for (int part = 0; part < 4; part++)
        {
            int row = Group.IdxX / Depth + part * (Items / Depth);
            float value = 0;
            if (row < rows & own < depth)
                value = source[at + (long)row * depth + own];
            shared[Group.IdxX % Depth * (4 * Pitch) + row] = value;
        }
    }

    /// <summary>16 rows, 64 columns of each.</summary>
    private static void FetchRows(ArrayView<float> source, long at, int rows, int width, int column, int row, ArrayView<float> shared)
    {
        int own = column + Group.IdxX % Tile;
        for (int part = 0; part < 4; part++)
        {
            int line = Group.IdxX / Tile + part * (Items / Tile);
            float value = 0;
            if (row + line < rows & own < width)
                value = source[at + (long)(row + line) * width + own];
            shared[line * (4 * Pitch) + Group.IdxX % Tile] = value;
        }
    }
}
