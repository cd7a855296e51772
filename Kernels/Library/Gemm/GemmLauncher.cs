using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Library;

/// <summary>Runs <see cref="TiledGemm"/> on one device; compiles at the first use of each element type.</summary>
internal sealed class GemmLauncher(Device device)
{
    /// <summary>OpenCL and CUDA bound a grid's Y and Z less than its X; larger batches are cut.</summary>
    private const int LargestGridZ = 65_535;

    /// <summary>Arguments before the shape: three views, each a pointer and a length.</summary>
    private const int ViewArguments = 6;

    private readonly Lazy<CompiledKernel> _single = new(() => Compile<float, SingleElement>(device));
    private readonly Lazy<CompiledKernel> _double = new(() => Compile<double, DoubleElement>(device));
    private readonly Lock _gate = new();
    private readonly KernelArgument[] _arguments = new KernelArgument[ViewArguments + ArgumentPacker<GemmShape>.Count];

    private delegate void Method<T>(ArrayView<T> a, ArrayView<T> b, ArrayView<T> c, GemmShape shape)
        where T : unmanaged;

    /// <summary>Issues C = A·B, see <see cref="GemmProblem"/>.</summary>
    public void Multiply(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c)
    {
        if (problem.M <= 0 || problem.N <= 0 || problem.Batch0 <= 0 || problem.Batch1 <= 0)
            return;

        CompiledKernel kernel = problem.Type switch
        {
            ScalarType.Float32 => _single.Value,
            ScalarType.Float64 => _double.Value,
            _ => throw new ArgumentException(
                $"A matrix product of {problem.Type} does not exist; the types are Float32 and Float64.", nameof(problem)),
        };

        lock (_gate)
        {
            if ((long)problem.Batch0 * problem.Batch1 <= LargestGridZ)
                Launch(kernel, problem, a, b, c, 0, 0);
            else
                LaunchCut(kernel, problem, a, b, c);
            Array.Clear(_arguments);
        }
    }

    /// <summary>Groups of a launch, and items of a group.</summary>
    internal static KernelConfig Config(in GemmProblem problem) => new(
        new Index3D(Tiles(problem.N), Tiles(problem.M), problem.Batch0 * problem.Batch1),
        new Index3D(TiledGemm.Side, TiledGemm.Side, 1));

    /// <summary>The problem as the kernel takes it.</summary>
    internal static GemmShape Shape(in GemmProblem problem) => new(problem.Batch1, problem.M, problem.N, problem.K,
        problem.Accumulate ? 1 : 0, Strides(problem.A), Strides(problem.B), Strides(problem.C));

    private void LaunchCut(CompiledKernel kernel, in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c)
    {
        for (int batch0 = 0; batch0 < problem.Batch0; batch0++)
        {
            for (int batch1 = 0; batch1 < problem.Batch1; batch1 += LargestGridZ)
            {
                GemmProblem part = problem with { Batch0 = 1, Batch1 = Math.Min(LargestGridZ, problem.Batch1 - batch1) };
                Launch(kernel, part, a, b, c, batch0, batch1);
            }
        }
    }

    private void Launch(CompiledKernel kernel, in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c,
        int batch0, int batch1)
    {
        int size = problem.Type.Size();
        AddView(0, a, problem.A, size, batch0, batch1);
        AddView(2, b, problem.B, size, batch0, batch1);
        AddView(4, c, problem.C, size, batch0, batch1);
        ArgumentPacker<GemmShape>.Pack(Shape(problem), _arguments, ViewArguments);
        KernelConfig config = Config(problem);
        device.Launch(kernel, LaunchShape.Groups(config.GridDim, config.GroupDim), _arguments);
    }

    /// <summary>A view from an operand's batch to the end of its memory.</summary>
    private void AddView(int at, KernelArgument operand, MatrixLayout layout, int size, int batch0, int batch1)
    {
        if (operand.Memory is not { } memory)
            throw new ArgumentException("The operands of a matrix product must be memory.", nameof(operand));
        long offset = operand.Bits + (batch0 * layout.Batch0 + batch1 * layout.Batch1) * size;
        _arguments[at] = KernelArgument.Pointer(memory, offset);
        _arguments[at + 1] = KernelArgument.Scalar((memory.ByteLength - offset) / size);
    }

    private static int Tiles(int extent) => (int)(((long)extent + TiledGemm.Tile - 1) / TiledGemm.Tile);

    private static GemmStrides Strides(MatrixLayout layout) => new(layout.Batch0, layout.Batch1, layout.Row, layout.Column);

    private static CompiledKernel Compile<T, TElement>(Device device)
        where T : unmanaged
        where TElement : struct, IGemmElement<T>
    {
        Method<T> method = TiledGemm.Multiply<T, TElement>;
        return device.Compile(FrontEnd.Compile(method.Method));
    }
}
