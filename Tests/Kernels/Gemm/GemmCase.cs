using System.Numerics;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Gemm;

/// <summary>How an operand of a test problem lies in memory.</summary>
public enum Layout
{
    /// <summary>Rows one after the other.</summary>
    Rows,

    /// <summary>Columns one after the other: a transpose.</summary>
    Columns,

    /// <summary>Rows with a gap after each, batches with a gap after each.</summary>
    Padded,

    /// <summary>Neither rows nor columns contiguous.</summary>
    Strided,

    /// <summary>Rows, the same matrix for every inner batch.</summary>
    Broadcast,
}

/// <summary>One matrix product with random operands, its expected bits, its value in float64 and a plain evaluation.</summary>
internal sealed class GemmCase<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>Marks the elements of C's buffer that no element of C occupies.</summary>
    private static readonly T s_gap = T.CreateChecked(-12345);

    private GemmCase(GemmProblem problem, T[] a, T[] b, T[] c)
    {
        Problem = problem;
        A = a;
        B = b;
        C = c;
    }

    public GemmProblem Problem { get; }

    public T[] A { get; }

    public T[] B { get; }

    /// <summary>C before the product, gaps marked.</summary>
    public T[] C { get; }

    public static GemmCase<T> Create(Random random, int batch0, int batch1, int m, int n, int k,
        Layout a, Layout b, Layout c, bool accumulate = false)
    {
        (MatrixLayout la, int sizeA) = Place(a, batch0, batch1, m, k);
        (MatrixLayout lb, int sizeB) = Place(b, batch0, batch1, k, n);
        (MatrixLayout lc, int sizeC) = Place(c, batch0, batch1, m, n);
        ScalarType type = typeof(T) == typeof(float) ? ScalarType.Float32 : ScalarType.Float64;
        GemmProblem problem = new(type, batch0, batch1, m, n, k, la, lb, lc, accumulate);
        GemmCase<T> result = new(problem, Random(random, sizeA), Random(random, sizeB), new T[sizeC]);
        Array.Fill(result.C, s_gap);
        foreach ((int b0, int b1, int i, int j) in result.Elements())
            result.C[At(lc, b0, b1, i, j)] = accumulate ? Next(random) : T.NaN;
        return result;
    }

    /// <summary>The same with A and B rounded.</summary>
    public GemmCase<T> Rounded(MatMulPrecision precision)
    {
        return new(Problem, [.. A.Select(Round)], [.. B.Select(Round)], C);

        T Round(T x) => T.CreateChecked(precision == MatMulPrecision.BFloat16
            ? (float)(BFloat16)float.CreateChecked(x)
            : Mma.RoundToTf32(float.CreateChecked(x)));
    }

    /// <summary>The buffer of C after the product: the chain of fused multiply-adds in order of k.</summary>
    public T[] ExpectedBits()
    {
        T[] expected = [.. C];
        foreach ((int b0, int b1, int i, int j) in Elements())
        {
            int at = At(Problem.C, b0, b1, i, j);
            T sum = Problem.Accumulate ? C[at] : T.Zero;
            int a = At(Problem.A, b0, b1, i, 0), b = At(Problem.B, b0, b1, 0, j);
            int nextA = (int)Problem.A.Column, nextB = (int)Problem.B.Row;
            for (int k = 0; k < Problem.K; k++, a += nextA, b += nextB)
                sum = T.FusedMultiplyAdd(A[a], B[b], sum);
            expected[at] = sum;
        }

        return expected;
    }

    /// <summary>Passes when <paramref name="actual"/> is no more than twice as far from the truth as a plain sum in the same
    /// precision, plus twice the rounding noise of the values (CONVENTIONS C.9.3), and the gaps of C are untouched.</summary>
    public bool AsGoodAsPlain(T[] actual)
    {
        double error = 0, plainError = 0, noise = 0;
        bool[] inC = new bool[C.Length];
        foreach ((int b0, int b1, int i, int j) in Elements())
        {
            int at = At(Problem.C, b0, b1, i, j);
            inC[at] = true;
            T plain = Problem.Accumulate ? C[at] : T.Zero;
            decimal truth = Problem.Accumulate ? decimal.CreateChecked(C[at]) : 0;
            for (int k = 0; k < Problem.K; k++)
            {
                T x = A[At(Problem.A, b0, b1, i, k)], y = B[At(Problem.B, b0, b1, k, j)];
                plain += x * y;
                truth += decimal.CreateChecked(x) * decimal.CreateChecked(y);
            }

            T rounded = T.Abs(T.CreateChecked(truth));
            if (!T.IsFinite(actual[at]))
                return false;
            error = Math.Max(error, (double)Math.Abs(decimal.CreateChecked(actual[at]) - truth));
            plainError = Math.Max(plainError, (double)Math.Abs(decimal.CreateChecked(plain) - truth));
            noise = Math.Max(noise, double.CreateChecked(T.BitIncrement(rounded) - rounded));
        }

        bool gapsKept = Enumerable.Range(0, C.Length).All(x => inC[x] || actual[x] == s_gap);
        return gapsKept && error <= 2 * plainError + 2 * noise;
    }

    public override string ToString() => Problem.ToString();

    private IEnumerable<(int B0, int B1, int I, int J)> Elements() =>
        from b0 in Enumerable.Range(0, Problem.Batch0)
        from b1 in Enumerable.Range(0, Problem.Batch1)
        from i in Enumerable.Range(0, Problem.M)
        from j in Enumerable.Range(0, Problem.N)
        select (b0, b1, i, j);

    private static int At(MatrixLayout layout, int b0, int b1, int row, int column) =>
        (int)(b0 * layout.Batch0 + b1 * layout.Batch1 + row * layout.Row + column * layout.Column);

    private static T[] Random(Random random, int size) => [.. Enumerable.Range(0, size).Select(_ => Next(random))];

    /// <summary>Values of 20 bits, so that decimal sums of products are exact.</summary>
    private static T Next(Random random) => T.CreateChecked((random.Next(1 << 21) - (1 << 20)) / (double)(1 << 20));

    private static (MatrixLayout Layout, int Size) Place(Layout layout, int batch0, int batch1, int rows, int columns)
    {
        int matrix = rows * columns;
        MatrixLayout placed = layout switch
        {
            Layout.Rows => new(batch1 * matrix, matrix, columns, 1),
            Layout.Columns => new(batch1 * matrix, matrix, 1, rows),
            Layout.Padded => new(batch1 * (rows * (columns + 3) + 5) + 2, rows * (columns + 3) + 5, columns + 3, 1),
            Layout.Strided => new(batch1 * matrix * 6, matrix * 6, columns * 6, 2),
            _ => new(matrix, 0, columns, 1),
        };
        int size = At(placed, batch0 - 1, batch1 - 1, Math.Max(0, rows - 1), Math.Max(0, columns - 1)) + 1;
        return (placed, size);
    }
}
