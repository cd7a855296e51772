using System.Collections.Concurrent;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Library;

/// <summary>Runs the library's matrix products on one device; compiles each form at its first use.</summary>
/// <param name="device">The device: its groups may have 256 items.</param>
/// <param name="method">The kernel to use; null to choose for each problem as a GPU likes it.</param>
internal sealed class GemmLauncher(Device device, GemmMethod? method = null)
{
    /// <summary>OpenCL and CUDA bound a grid's Y and Z less than its X; larger batches are cut.</summary>
    internal const int LargestGridZ = 65_535;

    /// <summary>Arguments before the shape: three views, each a pointer and a length.</summary>
    private const int ViewArguments = 6;

    // No lock around launches: who replays a program has the device's lock already, and would wait for one who has this one and wants the device's.
    [ThreadStatic]
    private static KernelArgument[]? t_arguments;

    private readonly ConcurrentDictionary<GemmVariant, Lazy<CompiledKernel>> _kernels = new();

    /// <summary>Issues C = A·B, see <see cref="GemmProblem"/>.</summary>
    public void Multiply(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c)
    {
        if (problem.M <= 0 || problem.N <= 0 || problem.Batch0 <= 0 || problem.Batch1 <= 0)
            return;

        GemmVariant variant = GemmVariant.For(method ?? GemmVariant.MethodFor(problem, device.HasMatrixUnits), problem);
        if (variant.SharedBytes > device.MaxSharedMemoryPerGroup)
            variant = GemmVariant.For(GemmMethod.Tiled, problem);
        CompiledKernel kernel = _kernels.GetOrAdd(variant, v => new(() => v.Compile(device))).Value;
        if ((long)problem.Batch0 * problem.Batch1 <= LargestGridZ)
            Launch(kernel, variant, problem, a, b, c, 0, 0);
        else
            LaunchCut(kernel, variant, problem, a, b, c);
    }

    /// <summary>The problem as the kernels take it.</summary>
    internal static GemmShape Shape(in GemmProblem problem) => new(problem.Batch1, problem.M, problem.N, problem.K,
        problem.Accumulate ? 1 : 0, Strides(problem.A), Strides(problem.B), Strides(problem.C));

    /// <summary>Writes the arguments of a kernel for the whole problem.</summary>
    internal static void Pack(KernelArgument[] arguments, in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c,
        int batch0 = 0, int batch1 = 0)
    {
        int size = problem.Type.Size();
        AddView(arguments, 0, a, problem.A, size, batch0, batch1);
        AddView(arguments, 2, b, problem.B, size, batch0, batch1);
        AddView(arguments, 4, c, problem.C, size, batch0, batch1);
        ArgumentPacker<GemmShape>.Pack(Shape(problem), arguments, ViewArguments);
    }

    private void LaunchCut(CompiledKernel kernel, GemmVariant variant, in GemmProblem problem,
        KernelArgument a, KernelArgument b, KernelArgument c)
    {
        for (int batch0 = 0; batch0 < problem.Batch0; batch0++)
        {
            for (int batch1 = 0; batch1 < problem.Batch1; batch1 += LargestGridZ)
            {
                GemmProblem part = problem with { Batch0 = 1, Batch1 = Math.Min(LargestGridZ, problem.Batch1 - batch1) };
                Launch(kernel, variant, part, a, b, c, batch0, batch1);
            }
        }
    }

    private void Launch(CompiledKernel kernel, GemmVariant variant, in GemmProblem problem,
        KernelArgument a, KernelArgument b, KernelArgument c, int batch0, int batch1)
    {
        KernelArgument[] arguments = t_arguments ?? new KernelArgument[ViewArguments + ArgumentPacker<GemmShape>.Count];
        t_arguments = null;
        Pack(arguments, problem, a, b, c, batch0, batch1);
        KernelConfig config = variant.Config(problem);
        device.Launch(kernel, LaunchShape.Groups(config.GridDim, config.GroupDim), arguments);
        Array.Clear(arguments);         // what is kept for the next launch must not keep buffers alive
        t_arguments = arguments;
    }

    /// <summary>A view from an operand's batch to the end of its memory.</summary>
    private static void AddView(KernelArgument[] arguments, int at, KernelArgument operand, MatrixLayout layout, int size,
        int batch0, int batch1)
    {
        if (operand.Memory is not { } memory)
            throw new ArgumentException("The operands of a matrix product must be memory.", nameof(operand));
        long offset = operand.Bits + (batch0 * layout.Batch0 + batch1 * layout.Batch1) * size;
        arguments[at] = KernelArgument.Pointer(memory, offset);
        arguments[at + 1] = KernelArgument.Scalar((memory.ByteLength - offset) / size);
    }

    private static GemmStrides Strides(MatrixLayout layout) => new(layout.Batch0, layout.Batch1, layout.Row, layout.Column);
}
