using System.Collections.Concurrent;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Library;

/// <summary>A matrix product whose elements go through another kernel before anything is stored.</summary>
internal sealed class FusedGemm
{
    /// <summary>Rows and columns of C from which tiles are used: see OpenClGemm.</summary>
    private const int SmallestTiled = 12;

    /// <summary>Nodes that the epilogue may become: it stands in the text once for each element of an item's block.</summary>
    private const int MostNodes = 4096;

    /// <summary>What a call of the mathematical library expands to, about.</summary>
    private const int NodesOfCall = 60;

    /// <summary>Parameters of C: its pointer stands after two views of two parameters each.</summary>
    private const int ParameterOfResult = 4;

    private static readonly ConcurrentDictionary<GemmVariant, Lazy<Kernel>> s_kernels = new();

    private readonly GemmVariant _variant;
    private readonly GemmProblem _problem;
    private readonly CompiledKernel _kernel;
    private readonly KernelArgument[] _arguments;

    // A plan that is made for its memory only compiles nothing.
    private FusedGemm(GemmVariant variant, in GemmProblem problem, int parameters, CompiledKernel kernel)
    {
        _variant = variant;
        _problem = problem;
        _kernel = kernel;
        _arguments = new KernelArgument[parameters];
    }

    /// <summary>The product and what follows as one kernel; null where that cannot be or does not pay.</summary>
    /// <param name="device">The device.</param>
    /// <param name="problem">The product. C's layout is that of the elements that the map reads.</param>
    /// <param name="map">A kernel that reads one element of C at each of its indices, the element of that index.</param>
    /// <param name="read">The map's parameter of C.</param>
    /// <param name="extentX">The extent of the map's range along X.</param>
    /// <param name="compile">Compiles a kernel for the device.</param>
    public static FusedGemm? Create(Device device, in GemmProblem problem, Kernel map, Parameter read, int extentX,
        Func<Device, Kernel, CompiledKernel> compile)
    {
        if (problem.Accumulate || problem.Precision != MatMulPrecision.Float32 || Math.Min(problem.M, problem.N) < SmallestTiled
            || (long)problem.Batch0 * problem.Batch1 > GemmLauncher.LargestGridZ || read.Type.Scalar != problem.Type
            || !EpilogueSplice.CanSplice(map, read))
        {
            return null;
        }

        // With a mathematical function for each of 64 sums, ptxas takes registers of which a processor has enough for one group only.
        GemmVariant variant = GemmVariant.For(GemmVariant.MethodFor(problem), problem);
        int calls = map.Body.Descendants().Count(n => n is Instruction { Opcode: Opcode.Call });
        int size = map.Body.Descendants().Count() + calls * NodesOfCall;
        if ((calls > 0 && variant.Method == GemmMethod.Register128) || variant.ElementsOfItem * size > MostNodes
            || variant.SharedBytes > device.MaxSharedMemoryPerGroup)
        {
            return null;
        }

        Kernel product = s_kernels.GetOrAdd(variant, v => new(v.Build)).Value;
        Kernel fused = EpilogueSplice.Splice(product, product.Parameters[ParameterOfResult], map, read, extentX);
        return new FusedGemm(variant, problem, fused.Parameters.Length, compile(device, fused));
    }

    /// <summary>Issues it.</summary>
    /// <param name="device">The device.</param>
    /// <param name="a">A.</param>
    /// <param name="b">B.</param>
    /// <param name="others">The map's arguments, without C.</param>
    public void Launch(Device device, KernelArgument a, KernelArgument b, ReadOnlySpan<KernelArgument> others)
    {
        // C is neither read nor written: any memory stands for it.
        GemmLauncher.Pack(_arguments, _problem, a, b, a);
        others.CopyTo(_arguments.AsSpan(_arguments.Length - others.Length));
        KernelConfig config = _variant.Config(_problem);
        device.Launch(_kernel, LaunchShape.Groups(config.GridDim, config.GroupDim), _arguments);
    }
}
