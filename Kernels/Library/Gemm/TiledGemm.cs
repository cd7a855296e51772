namespace Cotangent.Kernels.Library;

/// <summary>What a product needs of its element type.</summary>
internal interface IGemmElement<T>
    where T : unmanaged
{
    /// <summary>a·b + c with one rounding.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);
}

/// <summary>Single precision.</summary>
internal readonly struct SingleElement : IGemmElement<float>
{
    public static float MultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);
}

/// <summary>Double precision.</summary>
internal readonly struct DoubleElement : IGemmElement<double>
{
    public static double MultiplyAdd(double a, double b, double c) => Math.FusedMultiplyAdd(a, b, c);
}

/// <summary>The distances between elements of a matrix, see <see cref="MatrixLayout"/>.</summary>
internal readonly record struct GemmStrides(long Batch0, long Batch1, long Row, long Column);

/// <summary>A <see cref="GemmProblem"/> as a kernel takes it.</summary>
/// <param name="Batch1">The inner batch extent.</param>
/// <param name="M">Rows of C.</param>
/// <param name="N">Columns of C.</param>
/// <param name="K">Terms of each sum.</param>
/// <param name="Accumulate">1 to start from C, 0 to start from zero.</param>
/// <param name="A">The layout of A.</param>
/// <param name="B">The layout of B.</param>
/// <param name="C">The layout of C.</param>
internal readonly record struct GemmShape(
    int Batch1, int M, int N, int K, int Accumulate, GemmStrides A, GemmStrides B, GemmStrides C);

/// <summary>The matrix product for devices with little shared memory: 2·M·N·K operations a batch; each group reads 64 rows of A and 64
/// columns of B once, through shared memory, for 64 × 64 elements of C.</summary>
/// <remarks>A group is 16 × 16 items; an item sums a 4 × 4 tile whose elements lie 16 apart, so that neighbours read and write side by
/// side. Each element is the chain sum = fma(a, b, sum) in order of k: the bits of the CPU's product.</remarks>
internal static class TiledGemm
{
    /// <summary>Items of a group along each axis.</summary>
    public const int Side = 16;

    /// <summary>Rows and columns of C of one item.</summary>
    public const int PerItem = 4;

    /// <summary>Rows and columns of C of one group.</summary>
    public const int Tile = Side * PerItem;

    /// <summary>Terms of the sum held in shared memory at a time.</summary>
    private const int Depth = 16;

    /// <summary>Elements from one k to the next in shared memory: odd, so that a column's elements lie in different banks.</summary>
    private const int Pitch = Tile + 1;

    /// <summary>Elements of shared memory of a group.</summary>
    public const int SharedElements = 2 * Depth * Pitch;

    /// <summary>One group computes one tile: grid X along columns, Y along rows, Z over batches; groups of Side × Side.</summary>
    public static void Multiply<T, TElement>(ArrayView<T> a, ArrayView<T> b, ArrayView<T> c, GemmShape shape)
        where T : unmanaged
        where TElement : struct, IGemmElement<T>
    {
        ArrayView<T> tileA = SharedMemory.Allocate<T>(Depth * Pitch);
        ArrayView<T> tileB = SharedMemory.Allocate<T>(Depth * Pitch);
        ArrayView<T> sums = LocalMemory.Allocate<T>(PerItem * PerItem);

        int batch0 = Grid.IdxZ / shape.Batch1;
        int batch1 = Grid.IdxZ % shape.Batch1;
        int firstRow = Grid.IdxY * Tile;
        int firstColumn = Grid.IdxX * Tile;
        long startA = batch0 * shape.A.Batch0 + batch1 * shape.A.Batch1;
        long startB = batch0 * shape.B.Batch0 + batch1 * shape.B.Batch1;
        long startC = batch0 * shape.C.Batch0 + batch1 * shape.C.Batch1;

        for (int i = 0; i < PerItem; i++)
        {
            int row = firstRow + Group.IdxY + i * Side;
            for (int j = 0; j < PerItem; j++)
            {
                int column = firstColumn + Group.IdxX + j * Side;
                T sum = default;
                if (shape.Accumulate != 0 && row < shape.M && column < shape.N)
                    sum = c[startC + row * shape.C.Row + column * shape.C.Column];
                sums[i * PerItem + j] = sum;
            }
        }

        for (int start = 0; start < shape.K; start += Depth)
        {
            int depth = Math.Min(Depth, shape.K - start);
            Fetch(a, startA, shape.A.Row, shape.A.Column, firstRow, shape.M, start, shape.K, tileA);
            Fetch(b, startB, shape.B.Column, shape.B.Row, firstColumn, shape.N, start, shape.K, tileB);
            Group.Barrier();
            for (int k = 0; k < depth; k++)
            {
                int atA = k * Pitch + Group.IdxY;
                int atB = k * Pitch + Group.IdxX;
                for (int i = 0; i < PerItem; i++)
                {
                    for (int j = 0; j < PerItem; j++)
                    {
                        sums[i * PerItem + j] =
                            TElement.MultiplyAdd(tileA[atA + i * Side], tileB[atB + j * Side], sums[i * PerItem + j]);
                    }
                }
            }

            Group.Barrier();
        }

        for (int i = 0; i < PerItem; i++)
        {
            int row = firstRow + Group.IdxY + i * Side;
            for (int j = 0; j < PerItem; j++)
            {
                int column = firstColumn + Group.IdxX + j * Side;
                if (row < shape.M && column < shape.N)
                    c[startC + row * shape.C.Row + column * shape.C.Column] = sums[i * PerItem + j];
            }
        }
    }

    /// <summary>Brings Tile lanes (rows of A, columns of B) of Depth terms into shared memory, k by k; what lies outside is 0.
    /// Neighbouring items read along whichever axis is contiguous.</summary>
    private static void Fetch<T>(ArrayView<T> source, long origin, long laneStride, long depthStride,
        int firstLane, int lanes, int firstDepth, int depths, ArrayView<T> tile)
        where T : unmanaged
    {
        int item = Group.IdxY * Side + Group.IdxX;
        for (int i = 0; i < Tile * Depth / (Side * Side); i++)
        {
            int at = item + i * (Side * Side);
            int lane = depthStride == 1 ? at / Depth : at % Tile;
            int k = depthStride == 1 ? at % Depth : at / Tile;
            T value = default;
            if (firstLane + lane < lanes && firstDepth + k < depths)
                value = source[origin + (firstLane + lane) * laneStride + (firstDepth + k) * depthStride];
            tile[k * Pitch + lane] = value;
        }
    }
}
