using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Library;

/// <summary>Norms of sums of outer products on any device: both Gram matrices of a few examples at a time by its matrix product, then the sum
/// of their product.</summary>
internal sealed class GramNorms<T, TWidening>
    where T : unmanaged
    where TWidening : struct, IWidening<T>
{
    /// <summary>Bytes of Gram matrices made at a time: they are read again while a cache has them.</summary>
    private const long PieceBytes = 2 << 20;

    private const int Alignment = 64;
    private readonly Device _device;
    private readonly GramProblem _problem;
    private readonly int _piece;
    private readonly Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<double>, ArrayView<double>, int> _positions;
    private readonly Action<Index1D, ArrayView<double>, ArrayView<double>, ArrayView<double>, ArrayView<double>, int> _examples;

    /// <summary>Compiles.</summary>
    public GramNorms(Device device, GramProblem problem)
    {
        (_device, _problem) = (device, problem);
        _piece = Piece(problem);
        Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<double>, ArrayView<double>, int> positions = GramKernels.Positions<T, TWidening>;
        Action<Index1D, ArrayView<double>, ArrayView<double>, ArrayView<double>, ArrayView<double>, int> examples = GramKernels.Examples;
        device.Prepare(positions, examples);
        (_positions, _examples) = (device.Load(positions), device.Load(examples));
    }

    /// <summary>Bytes of scratch memory: two Gram matrices and two numbers a position for each example of a piece.</summary>
    public long ScratchBytes => 2 * (MatrixBytes + PositionBytes);

    /// <summary>How many launches a problem is.</summary>
    public static int Launches(GramProblem problem) => 4 * ((problem.Examples + Piece(problem) - 1) / Piece(problem));

    private unsafe long MatrixBytes => Aligned((long)_piece * _problem.Positions * _problem.Positions * sizeof(T));

    private long PositionBytes => Aligned((long)_piece * _problem.Positions * sizeof(double));

    /// <summary>Computes.</summary>
    /// <param name="left">a.</param>
    /// <param name="right">g.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/> bytes.</param>
    /// <param name="norms">Receives ‖Σₜ a[b, t]⊗g[b, t]‖².</param>
    /// <param name="lengths">Receives Σₜ ‖a[b, t]‖‖g[b, t]‖.</param>
    public unsafe void Run(ArrayView<T> left, ArrayView<T> right, ArrayView<byte> scratch, ArrayView<double> norms, ArrayView<double> lengths)
    {
        int positions = _problem.Positions;
        ArrayView<double> sums = At<double>(2 * MatrixBytes), products = At<double>(2 * MatrixBytes + PositionBytes);
        for (int first = 0; first < _problem.Examples; first += _piece)
        {
            int count = Math.Min(_piece, _problem.Examples - first);
            long elements = (long)count * positions * positions;
            ArrayView<T> a = At<T>(0).SubView(0, elements), g = At<T>(MatrixBytes).SubView(0, elements);
            Gram(left, first, count, _problem.Left, a);
            Gram(right, first, count, _problem.Right, g);
            _positions(count * positions, a, g, sums, products, positions);
            _examples(count, sums, products, norms.SubView(first, count), lengths.SubView(first, count), positions);
        }

        ArrayView<TElement> At<TElement>(long bytes)
            where TElement : unmanaged => scratch.From(bytes).Cast<TElement>();
    }

    private static unsafe int Piece(GramProblem problem)
    {
        long bytes = 2L * problem.Positions * problem.Positions * sizeof(T);
        return (int)Math.Clamp(PieceBytes / Math.Max(1, bytes), 1, Math.Max(1, problem.Examples));
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private void Gram(ArrayView<T> x, int first, int count, int width, ArrayView<T> gram)
    {
        int positions = _problem.Positions;
        long example = (long)positions * width, matrix = (long)positions * positions;
        KernelArgument operand = x.From(first * example).Argument;
        _device.Gemm(new(typeof(T) == typeof(double) ? ScalarType.Float64 : ScalarType.Float32, 1, count, positions, positions, width,
            new(0, example, width, 1), new(0, example, 1, width), new(0, matrix, positions, 1)), operand, operand, gram.Argument);
    }
}
