using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Library;

/// <summary>Runs <see cref="TiledGemm"/> on one device; compiles at the first use of each element type.</summary>
internal sealed class GemmLauncher(Device device)
{
    /// <summary>OpenCL and CUDA bound a grid's Y and Z less than its X; larger batches are cut.</summary>
    private const int LargestGridZ = 65_535;

    private readonly Lazy<Launch<float>> _single = new(() => Load<float, SingleElement>(device));
    private readonly Lazy<Launch<double>> _double = new(() => Load<double, DoubleElement>(device));

    private delegate void Launch<T>(KernelConfig config, ArrayView<T> a, ArrayView<T> b, ArrayView<T> c, GemmShape shape)
        where T : unmanaged;

    /// <summary>Issues C = A·B, see <see cref="GemmProblem"/>.</summary>
    public void Multiply(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c)
    {
        if (problem.M <= 0 || problem.N <= 0 || problem.Batch0 <= 0 || problem.Batch1 <= 0)
            return;

        if (problem.Type == ScalarType.Float32)
            Multiply(problem, View<float>(a), View<float>(b), View<float>(c), _single.Value);
        else if (problem.Type == ScalarType.Float64)
            Multiply(problem, View<double>(a), View<double>(b), View<double>(c), _double.Value);
        else
            throw new ArgumentException($"A matrix product of {problem.Type} does not exist; the types are Float32 and Float64.",
                nameof(problem));
    }

    private static void Multiply<T>(in GemmProblem problem, ArrayView<T> a, ArrayView<T> b, ArrayView<T> c, Launch<T> launch)
        where T : unmanaged
    {
        // The kernel finds both batch indices from Grid Z alone, so a cut falls between outer batches.
        int outer = Math.Max(1, LargestGridZ / problem.Batch1);
        if (problem.Batch1 > LargestGridZ)
            throw new ArgumentException($"A matrix product has {problem.Batch1} inner batches; at most {LargestGridZ} fit a launch.",
                nameof(problem));
        GemmShape shape = new(problem.Batch1, problem.M, problem.N, problem.K, problem.Accumulate ? 1 : 0,
            Strides(problem.A), Strides(problem.B), Strides(problem.C));
        Index3D group = new(TiledGemm.Side, TiledGemm.Side, 1);
        for (int batch = 0; batch < problem.Batch0; batch += outer)
        {
            int batches = Math.Min(outer, problem.Batch0 - batch) * problem.Batch1;
            Index3D grid = new(Tiles(problem.N), Tiles(problem.M), batches);
            launch(new KernelConfig(grid, group), From(a, batch * problem.A.Batch0), From(b, batch * problem.B.Batch0),
                From(c, batch * problem.C.Batch0), shape);
        }
    }

    private static ArrayView<T> From<T>(ArrayView<T> view, long start)
        where T : unmanaged => view.SubView(start, view.Length - start);

    private static int Tiles(int extent) => (extent + TiledGemm.Tile - 1) / TiledGemm.Tile;

    private static Launch<T> Load<T, TElement>(Device device)
        where T : unmanaged
        where TElement : struct, IGemmElement<T> =>
        new(device.LoadGrouped<ArrayView<T>, ArrayView<T>, ArrayView<T>, GemmShape>(TiledGemm.Multiply<T, TElement>));

    private static GemmStrides Strides(MatrixLayout layout) => new(layout.Batch0, layout.Batch1, layout.Row, layout.Column);

    private static unsafe ArrayView<T> View<T>(KernelArgument argument)
        where T : unmanaged
    {
        if (argument.Memory is not { } memory)
            throw new ArgumentException("The operands of a matrix product must be memory.", nameof(argument));
        return new(memory, argument.Bits, (memory.ByteLength - argument.Bits) / sizeof(T));
    }
}
