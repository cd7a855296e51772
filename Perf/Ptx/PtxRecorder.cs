using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Targets;

namespace Cotangent.Perf.Ptx;

/// <summary>A device that translates every kernel to PTX, keeps the text, and interprets the kernel so that its caller goes on.</summary>
internal sealed class PtxRecorder(PtxTraits traits) : InterpreterDevice("ptx-recorder", "PTX, recorded")
{
    private readonly HashSet<string> _seen = [];

    /// <summary>The functions, each with the topic that was recorded when it was first compiled.</summary>
    public List<(string Topic, PtxFunction Function)> Functions { get; } = [];

    /// <summary>What the next functions are for.</summary>
    public string Topic { get; set; } = "";

    internal override int LargestProductTile => 128;

    internal override CompiledKernel Compile(Kernel kernel)
    {
        PtxFunction function = PtxFunction.Translate(PtxFunction.Lower(kernel), traits);
        if (_seen.Add(function.Name))
            Functions.Add((Topic, function));
        return base.Compile(kernel);
    }

    internal override void Gemm(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c) =>
        new Cotangent.Kernels.Library.GemmLauncher(this).Multiply(problem, a, b, c);
}
