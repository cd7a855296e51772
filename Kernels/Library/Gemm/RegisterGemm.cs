namespace Cotangent.Kernels.Library;

/// <summary>Along which axis an operand's elements lie side by side, for the items that bring them into shared memory.</summary>
internal interface IPanelOrder
{
    /// <summary>1 if consecutive terms of the sum lie side by side, 0 if rows of A (columns of B) do.</summary>
    static abstract int TermsAreContiguous { get; }
}

/// <summary>A as rows, B transposed.</summary>
internal readonly struct TermByTerm : IPanelOrder
{
    public static int TermsAreContiguous => 1;
}

/// <summary>B as rows, A transposed.</summary>
internal readonly struct LaneByLane : IPanelOrder
{
    public static int TermsAreContiguous => 0;
}

/// <summary>The rows of A, or the columns of B, from which a tile takes its own.</summary>
/// <param name="Start">Where the first of all begins.</param>
/// <param name="First">The tile's first.</param>
/// <param name="Count">All that there are.</param>
/// <param name="Stride">Elements from one to the next.</param>
/// <param name="Terms">Elements from one term of the sum to the next.</param>
internal readonly record struct GemmLanes(long Start, int First, int Count, long Stride, long Terms);

/// <summary>The matrix product: 2·M·N·K operations a batch; each group reads its rows of A and columns of B once, through shared
/// memory.</summary>
/// <remarks>
/// <para>A group is 256 items and computes Tile × Tile elements of C, an item a block of them in registers (<see cref="Block8x8{T}"/>:
/// 128 × 128 and 8 × 8; <see cref="Block4x4{T}"/>: 64 × 64 and 4 × 4). For each term of the sum an item reads 2 + 2 quads from shared
/// memory for 64 multiply-adds (1 + 1 for 16). The items of a warp are 4 × 8, so that a warp of large blocks reads 8 quads of A and 16
/// of B, 384 different bytes a term. A tile brings 4·(Tile + Tile) bytes a term from global memory for 2·Tile² operations: 32
/// operations a byte at 128, 16 at 64.</para>
/// <para>Shared memory holds Depth terms of Tile rows and Tile columns, twice: while the group computes on one half, each item holds
/// 4 elements of A and 4 of B of the next terms in registers, on their way from global memory to the other half. So there is one
/// barrier in Depth terms. Neighbouring items read neighbouring addresses whichever way an operand lies, one element each, so that no
/// alignment is needed; a row of shared memory has 4 elements more than Tile, so that both ways write to different banks.</para>
/// <para>Each element is the chain sum = fma(a, b, sum) in order of k: the bits of the CPU's product.</para>
/// <para>As ptxas 11.8 compiles it (sm_80 and sm_90, nothing spilled): at most 128 registers for 8 × 8, 69 for 4 × 4, 122 in double
/// precision, so that 2, 3 and 2 groups fit a processor; in the loop over 8 terms of 8 × 8 there are 512 FFMA, 32 LDS.128, 8 LDG, 8
/// STS and some 90 others on the way through the inside of a matrix.</para>
/// <para>On PoCL (2 cores) the 4 × 4 blocks reach 20 GFLOP/s in single precision at 640³ where <see cref="TiledGemm"/> reaches 7.</para>
/// </remarks>
internal static class RegisterGemm
{
    /// <summary>Items of a group.</summary>
    public const int Items = 256;

    /// <summary>Elements of shared memory of a group: two halves for each operand.</summary>
    public static int SharedElements<T, TBlock>()
        where T : unmanaged
        where TBlock : struct, IRegisterBlock<T> => 2 * 2 * TBlock.Depth * (TBlock.Tile + Quad<T>.Count);

    /// <summary>One group computes one tile: grid X along columns, Y along rows, Z over batches; groups of <see cref="Items"/>.</summary>
    public static void Multiply<T, TElement, TBlock, TOrderA, TOrderB>(ArrayView<T> a, ArrayView<T> b, ArrayView<T> c, GemmShape shape)
        where T : unmanaged
        where TElement : struct, IGemmElement<T>
        where TBlock : struct, IRegisterBlock<T>
        where TOrderA : struct, IPanelOrder
        where TOrderB : struct, IPanelOrder
    {
        int half = TBlock.Depth * Pitch(TBlock.Tile);
        ArrayView<Quad<T>> sharedA = SharedMemory.Allocate<Quad<T>>(2 * half);
        ArrayView<Quad<T>> sharedB = SharedMemory.Allocate<Quad<T>>(2 * half);

        int batch0 = Grid.IdxZ / shape.Batch1;
        int batch1 = Grid.IdxZ % shape.Batch1;
        int firstRow = Grid.IdxY * TBlock.Tile;
        int firstColumn = Grid.IdxX * TBlock.Tile;
        int row = firstRow + QuadOfRows * Quad<T>.Count;
        int column = firstColumn + QuadOfColumns * Quad<T>.Count;
        GemmLanes rows = new(batch0 * shape.A.Batch0 + batch1 * shape.A.Batch1, firstRow, shape.M, shape.A.Row, shape.A.Column);
        GemmLanes columns = new(batch0 * shape.B.Batch0 + batch1 * shape.B.Batch1, firstColumn, shape.N, shape.B.Column, shape.B.Row);
        GemmResult<T> result = new(c, batch0 * shape.C.Batch0 + batch1 * shape.C.Batch1,
            shape.C.Row, shape.C.Column, shape.M, shape.N);

        TBlock sums = default;
        if (shape.Accumulate != 0)
            sums.Read(result, row, column);
        sums = Products<T, TElement, TBlock, TOrderA, TOrderB>(sums, a, rows, sharedA, b, columns, sharedB, shape.K);
        sums.Write(result, row, column);
    }

    /// <summary>The item's quad of a tile's rows. Warps are 4 × 2 in the group, items 4 × 8 in a warp.</summary>
    public static int QuadOfRows => Group.IdxX / 32 / 2 * 4 + Group.IdxX % 32 / 8;

    /// <summary>The item's quad of a tile's columns.</summary>
    public static int QuadOfColumns => Group.IdxX / 32 % 2 * 8 + Group.IdxX % 32 % 8;

    /// <summary>Quads from one term to the next in shared memory.</summary>
    public static int Pitch(int tile) => tile / 4 + 1;

    /// <summary>The item's block of a tile: sums + A·B. Other items may still read shared memory when it returns.</summary>
    /// <param name="sums">What the terms are added to.</param>
    /// <param name="a">A.</param>
    /// <param name="rows">The rows of A.</param>
    /// <param name="sharedA">2 · Depth · Pitch quads.</param>
    /// <param name="b">B.</param>
    /// <param name="columns">The columns of B.</param>
    /// <param name="sharedB">2 · Depth · Pitch quads.</param>
    /// <param name="terms">Terms of each sum.</param>
    public static TBlock Products<T, TElement, TBlock, TOrderA, TOrderB>(TBlock sums, ArrayView<T> a, GemmLanes rows,
        ArrayView<Quad<T>> sharedA, ArrayView<T> b, GemmLanes columns, ArrayView<Quad<T>> sharedB, int terms)
        where T : unmanaged
        where TElement : struct, IGemmElement<T>
        where TBlock : struct, IRegisterBlock<T>
        where TOrderA : struct, IPanelOrder
        where TOrderB : struct, IPanelOrder
    {
        int pitch = Pitch(TBlock.Tile);
        int half = TBlock.Depth * pitch;
        int quadOfRows = QuadOfRows;
        int quadOfColumns = QuadOfColumns;
        Panel panelA = Panel.Of<TOrderA>(TBlock.Tile, TBlock.Depth, rows);
        Panel panelB = Panel.Of<TOrderB>(TBlock.Tile, TBlock.Depth, columns);
        Quad<T> nextA = panelA.Fetch(a, TBlock.Tile, TBlock.Depth, terms);
        Quad<T> nextB = panelB.Fetch(b, TBlock.Tile, TBlock.Depth, terms);
        panelA.Put(sharedA.Cast<T>(), nextA, pitch * Quad<T>.Count, 0);
        panelB.Put(sharedB.Cast<T>(), nextB, pitch * Quad<T>.Count, 0);
        Group.Barrier();

        int current = 0;
        int rest = terms;
        while (rest > TBlock.Depth)
        {
            rest -= TBlock.Depth;
            panelA.Advance(TBlock.Depth);
            panelB.Advance(TBlock.Depth);
            nextA = panelA.Fetch(a, TBlock.Tile, TBlock.Depth, rest);
            nextB = panelB.Fetch(b, TBlock.Tile, TBlock.Depth, rest);
            for (int k = 0; k < TBlock.Depth; k++)
                sums.MultiplyAdd<TElement>(sharedA, current + k * pitch + quadOfRows, sharedB, current + k * pitch + quadOfColumns);

            current = half - current;
            panelA.Put(sharedA.Cast<T>(), nextA, pitch * Quad<T>.Count, current * Quad<T>.Count);
            panelB.Put(sharedB.Cast<T>(), nextB, pitch * Quad<T>.Count, current * Quad<T>.Count);
            Group.Barrier();
        }

        for (int k = 0; k < rest; k++)
            sums.MultiplyAdd<TElement>(sharedA, current + k * pitch + quadOfRows, sharedB, current + k * pitch + quadOfColumns);
        return sums;
    }

    /// <summary>An item's share of bringing rows of A, or columns of B ("lanes"), into shared memory: 4 elements of Depth terms,
    /// either of one term or of one lane.</summary>
    private struct Panel
    {
        private long _at;
        private long _step;
        private long _termStride;
        private int _lane;
        private int _laneStep;
        private int _term;
        private int _termStep;
        private int _lanes;

        public static Panel Of<TOrder>(int tile, int depth, GemmLanes lanes)
            where TOrder : struct, IPanelOrder
        {
            Panel panel = default;
            if (TOrder.TermsAreContiguous != 0)
            {
                panel._lane = Group.IdxX / depth;
                panel._term = Group.IdxX % depth;
                panel._laneStep = Items / depth;
                panel._step = panel._laneStep * lanes.Stride;
            }
            else
            {
                panel._lane = Group.IdxX % tile;
                panel._term = Group.IdxX / tile;
                panel._termStep = Items / tile;
                panel._step = panel._termStep * lanes.Terms;
            }

            panel._termStride = lanes.Terms;
            panel._lanes = lanes.Count - lanes.First;
            panel._at = lanes.Start + (lanes.First + panel._lane) * lanes.Stride + panel._term * lanes.Terms;
            return panel;
        }

        /// <summary>Goes on to the next terms.</summary>
        public void Advance(int depth) => _at += depth * _termStride;

        /// <summary>Reads this item's elements of the next terms, of which so many are left. Those outside the matrix are 0 and serve
        /// no element of C.</summary>
        public readonly Quad<T> Fetch<T>(ArrayView<T> source, int tile, int depth, int terms)
            where T : unmanaged
        {
            Quad<T> values = default;
            long at = _at;
            if (_lanes >= tile & terms >= depth)
            {
                values.X = source[at];
                at += _step;
                values.Y = source[at];
                at += _step;
                values.Z = source[at];
                at += _step;
                values.W = source[at];
                return values;
            }

            int lane = _lane, term = _term;
            if (lane < _lanes & term < terms)
                values.X = source[at];
            (at, lane, term) = (at + _step, lane + _laneStep, term + _termStep);
            if (lane < _lanes & term < terms)
                values.Y = source[at];
            (at, lane, term) = (at + _step, lane + _laneStep, term + _termStep);
            if (lane < _lanes & term < terms)
                values.Z = source[at];
            (at, lane, term) = (at + _step, lane + _laneStep, term + _termStep);
            if (lane < _lanes & term < terms)
                values.W = source[at];
            return values;
        }

        /// <summary>Puts them where the other items look for them.</summary>
        public readonly void Put<T>(ArrayView<T> target, Quad<T> values, int pitch, int start)
            where T : unmanaged
        {
            int at = start + _term * pitch + _lane;
            int step = _termStep * pitch + _laneStep;
            target[at] = values.X;
            target[at + step] = values.Y;
            target[at + 2 * step] = values.Z;
            target[at + 3 * step] = values.W;
        }
    }
}
