namespace Cotangent.Kernels.Library;

/// <summary>The matrix product with few rows: 2·M·N·K operations a batch, of which each group makes 8 × 32 elements of C. B, which is nearly all
/// that there is to read, is read once for every 8 rows.</summary>
/// <remarks>
/// <para>Tiles of 64 rows would be mostly empty, and an item an element reads B once a row, in a chain of single loads. Here a group of 64 items
/// has the next 64 terms of its 32 columns, 8 KiB, on their way from memory while it works on those before: with a group for every 32
/// columns that is what keeps a GPU's memory busy although there are few sums.</para>
/// <para>An item has four sums, of one column: each term takes it one element of B and one quad of A from shared memory. The sum is not cut
/// along its terms: each element is the chain sum = fma(a, b, sum) in order of k, the bits of every other product here.</para>
/// </remarks>
internal static class SkinnyGemm
{
    /// <summary>Rows of C of one group.</summary>
    public const int Rows = 8;

    /// <summary>Columns of C of one group.</summary>
    public const int Columns = 32;

    /// <summary>Terms of the sum held in shared memory at a time.</summary>
    public const int Depth = 64;

    /// <summary>Items of a group: one for each term that is brought, and for each quad of rows of a column.</summary>
    public const int Items = 64;

    // In quads: a quad more than the rows, so that terms lie in different banks.
    private const int PitchA = Rows / 4 + 1;
    private const int PitchB = Columns + 1;

    /// <summary>Elements of shared memory of a group.</summary>
    public const int SharedElements = Depth * (4 * PitchA + PitchB);

    /// <summary>True for problems of few rows that this kernel is for: enough columns for two groups, sums long enough to be brought in
    /// pieces.</summary>
    public static bool Suits(int columns, int terms) => columns > Columns && terms >= Depth / 2;

    /// <summary>One group computes one tile: grid X along columns, Y along rows, Z over batches; groups of <see cref="Items"/>.</summary>
    public static void Multiply<T, TElement, TOrderA, TOrderB>(ArrayView<T> a, ArrayView<T> b, ArrayView<T> c, GemmShape shape)
        where T : unmanaged
        where TElement : struct, IGemmElement<T>
        where TOrderA : struct, IPanelOrder
        where TOrderB : struct, IPanelOrder
    {
        ArrayView<Quad<T>> sharedA = SharedMemory.Allocate<Quad<T>>(Depth * PitchA);
        ArrayView<T> sharedB = SharedMemory.Allocate<T>(Depth * PitchB);
        ArrayView<T> nextA = LocalMemory.Allocate<T>(Rows);
        ArrayView<T> nextB = LocalMemory.Allocate<T>(Columns);

        int batch0 = Grid.IdxZ / shape.Batch1;
        int batch1 = Grid.IdxZ % shape.Batch1;
        int firstRow = Grid.IdxY * Rows;
        int firstColumn = Grid.IdxX * Columns;
        GemmLanes rows = new(batch0 * shape.A.Batch0 + batch1 * shape.A.Batch1, firstRow, shape.M, shape.A.Row, shape.A.Column);
        GemmLanes columns = new(batch0 * shape.B.Batch0 + batch1 * shape.B.Batch1, firstColumn, shape.N, shape.B.Column, shape.B.Row);
        GemmResult<T> result = new(c, batch0 * shape.C.Batch0 + batch1 * shape.C.Batch1,
            shape.C.Row, shape.C.Column, shape.M, shape.N);
        int quad = Group.IdxX / Columns;
        int lane = Group.IdxX % Columns;
        int row = firstRow + quad * Quad<T>.Count;
        int column = firstColumn + lane;

        Quad<T> sums = default;
        if (shape.Accumulate != 0)
        {
            sums.X = result.ReadElement(row, column);
            sums.Y = result.ReadElement(row + 1, column);
            sums.Z = result.ReadElement(row + 2, column);
            sums.W = result.ReadElement(row + 3, column);
        }

        Fetch<T, TOrderA>(a, rows, Rows, 0, shape.K, nextA);
        Fetch<T, TOrderB>(b, columns, Columns, 0, shape.K, nextB);
        for (int start = 0; start < shape.K; start += Depth)
        {
            Put<T, TOrderA>(nextA, Rows, sharedA.Cast<T>(), PitchA * Quad<T>.Count);
            Put<T, TOrderB>(nextB, Columns, sharedB, PitchB);
            Group.Barrier();
            Fetch<T, TOrderA>(a, rows, Rows, start + Depth, shape.K, nextA);
            Fetch<T, TOrderB>(b, columns, Columns, start + Depth, shape.K, nextB);
            int depth = Math.Min(Depth, shape.K - start);
            for (int k = 0; k < depth; k++)
                sums = sums.MultiplyAdd<TElement>(sharedB[k * PitchB + lane], sharedA[k * PitchA + quad]);
            Group.Barrier();
        }

        result.WriteElement(row, column, sums.X);
        result.WriteElement(row + 1, column, sums.Y);
        result.WriteElement(row + 2, column, sums.Z);
        result.WriteElement(row + 3, column, sums.W);
    }

    /// <summary>Reads this item's share of the next terms, as many elements as there are lanes: one term of each lane, or every so many terms of
    /// one lane, whichever way neighbouring items read neighbouring elements. What lies outside is 0 and serves no element of C.</summary>
    private static void Fetch<T, TOrder>(ArrayView<T> source, GemmLanes lanes, int count, int start, int terms, ArrayView<T> next)
        where T : unmanaged
        where TOrder : struct, IPanelOrder
    {
        int lane = lanes.First + FirstLane<TOrder>(count);
        int term = start + FirstTerm<TOrder>(count);
        int laneStep = TOrder.TermsAreContiguous;
        int termStep = (1 - TOrder.TermsAreContiguous) * (Items / count);
        long at = lanes.Start + lane * lanes.Stride + term * lanes.Terms;
        long step = laneStep * lanes.Stride + termStep * lanes.Terms;
        if (lanes.First + count <= lanes.Count & start + Depth <= terms)
        {
            for (int i = 0; i < count; i++)
                next[i] = source[at + i * step];
            return;
        }

        for (int i = 0; i < count; i++)
        {
            T value = default;
            if (lane + i * laneStep < lanes.Count & term + i * termStep < terms)
                value = source[at + i * step];
            next[i] = value;
        }
    }

    /// <summary>Puts them where the other items look for them: a term's lanes side by side.</summary>
    private static void Put<T, TOrder>(ArrayView<T> values, int count, ArrayView<T> target, int pitch)
        where T : unmanaged
        where TOrder : struct, IPanelOrder
    {
        int at = FirstTerm<TOrder>(count) * pitch + FirstLane<TOrder>(count);
        int step = TOrder.TermsAreContiguous + (1 - TOrder.TermsAreContiguous) * (Items / count) * pitch;
        for (int i = 0; i < count; i++)
            target[at + i * step] = values[i];
    }

    private static int FirstLane<TOrder>(int count)
        where TOrder : struct, IPanelOrder => TOrder.TermsAreContiguous != 0 ? 0 : Group.IdxX % count;

    private static int FirstTerm<TOrder>(int count)
        where TOrder : struct, IPanelOrder => TOrder.TermsAreContiguous != 0 ? Group.IdxX : Group.IdxX / count;
}
