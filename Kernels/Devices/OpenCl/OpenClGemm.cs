using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.OpenCl;

/// <summary>The matrix product: the library's kernels, and a plain one where there is too little to do for groups, or groups are too small for
/// them. Few columns are few rows of the transposed product. Processors always take the smaller tiles: the larger ones have more sums than they have registers, and are 5 × slower on
/// PoCL.</summary>
/// <remarks>In all an element of C is the same chain of fused multiply-adds in order of k, the CPU's, so the bits are the same.</remarks>
internal sealed class OpenClGemm(Device device, int maxGroupSize, bool isProcessor = false)
{
    /// <summary>Rows and columns of C from which tiles are used: with fewer, most of a tile's work is thrown away.</summary>
    private const int SmallestTiled = 12;

    private readonly GemmLauncher _tiled = new(device, isProcessor ? GemmMethod.Register64 : null);
    private readonly GemmLauncher _skinny = new(device, GemmMethod.Skinny);
    private readonly Lazy<CompiledKernel> _single = new(() => device.Compile(Build(ScalarType.Float32)));
    private readonly Lazy<CompiledKernel> _double = new(() => device.Compile(Build(ScalarType.Float64)));

    public void Multiply(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c)
    {
        bool isTiled = Math.Min(problem.M, problem.N) >= SmallestTiled;
        if (isTiled && maxGroupSize >= RegisterGemm.Items)
            _tiled.Multiply(problem, a, b, c);
        else if (isTiled || maxGroupSize < SkinnyGemm.Items || !SkinnyGemm.Suits(Math.Max(problem.M, problem.N), problem.K))
            MultiplyPlain(problem, a, b, c);
        else if (problem.M <= problem.N)
            _skinny.Multiply(problem, a, b, c);
        else
            _skinny.Multiply(Transposed(problem), b, a, c);
    }

    // Cᵀ = Bᵀ·Aᵀ
    private static GemmProblem Transposed(in GemmProblem problem)
    {
        return problem with { M = problem.N, N = problem.M, A = Swap(problem.B), B = Swap(problem.A), C = Swap(problem.C) };

        static MatrixLayout Swap(MatrixLayout layout) => layout with { Row = layout.Column, Column = layout.Row };
    }

    /// <summary>A work item is one element of C, for any strides.</summary>
    internal void MultiplyPlain(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c)
    {
        CompiledKernel kernel = (problem.Type == ScalarType.Float32 ? _single : _double).Value;
        LaunchShape shape = LaunchShape.Range(problem.N, problem.M, checked(problem.Batch0 * problem.Batch1));
        device.Launch(kernel, shape,
        [
            a, b, c, KernelArgument.Scalar(problem.Batch1), KernelArgument.Scalar(problem.K),
            KernelArgument.Raw(problem.Accumulate ? 1u : 0u),
            .. Strides(problem.A), .. Strides(problem.B), .. Strides(problem.C),
        ]);
    }

    internal static Kernel Build(ScalarType type)
    {
        IrType matrix = IrType.Pointer(type, AddressSpace.Global);
        IrType[] types =
        [
            matrix, matrix, matrix, ScalarType.Int32, ScalarType.Int32, ScalarType.Bool,
            .. Enumerable.Repeat((IrType)ScalarType.Int64, 12),
        ];
        Parameter[] p = [.. types.Select((t, i) => new Parameter(t, i))];
        Kernel kernel = new($"gemm_{type.Name()}", LaunchKind.Range3D, [.. p]);
        Builder b = new(kernel.Body);

        Value column = Index(Opcode.GlobalIndex, Axis.X);
        Value row = Index(Opcode.GlobalIndex, Axis.Y);
        Value batch = b.Position(Opcode.GlobalIndex, Axis.Z);
        Value batch0 = b.Convert(b.Div(batch, p[3]), ScalarType.Int64);
        Value batch1 = b.Convert(b.Binary(Opcode.Rem, batch, p[3]), ScalarType.Int64);
        Value startA = b.Add(Batch(6), b.Mul(row, p[8]));
        Value startB = b.Add(Batch(10), b.Mul(column, p[13]));
        Value indexC = b.Add(Batch(14), b.Add(b.Mul(row, p[16]), b.Mul(column, p[17])));

        Value initial = b.If(p[5], [type], () => [b.Load(p[2], indexC)], () => [Constant.Of(type, 0)])[0];
        Value sum = b.For(Constant.Of(0), p[4], Constant.Of(1), [initial, startA, startB], (_, state) =>
        [
            b.Fma(b.Load(p[0], state[1]), b.Load(p[1], state[2]), state[0]),
            b.Add(state[1], p[9]),
            b.Add(state[2], p[12]),
        ])[0];
        b.Store(p[2], indexC, sum);
        b.Append(new Return());
        return kernel;

        Value Index(Opcode opcode, Axis axis) => b.Convert(b.Position(opcode, axis), ScalarType.Int64);

        Value Batch(int stride) => b.Add(b.Mul(batch0, p[stride]), b.Mul(batch1, p[stride + 1]));
    }

    private static KernelArgument[] Strides(MatrixLayout layout) =>
    [
        KernelArgument.Scalar(layout.Batch0), KernelArgument.Scalar(layout.Batch1),
        KernelArgument.Scalar(layout.Row), KernelArgument.Scalar(layout.Column),
    ];
}
