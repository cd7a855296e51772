using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Cotangent.Perf.Bdn;

/// <summary>The entry of <c>Perf -- bdn …</c>: what follows goes to BenchmarkDotNet. Benchmarks run in this process, unless a job is
/// named.</summary>
internal static class BenchmarkRunner
{
    public static int Run(string[] arguments)
    {
        ManualConfig config = ManualConfig.Create(DefaultConfig.Instance);
        if (!arguments.Any(a => a is "--job" or "-j"))
            config.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
        return BenchmarkSwitcher.FromAssembly(typeof(BenchmarkRunner).Assembly).Run(arguments, config).Any(s => s.HasCriticalValidationErrors) ? 1 : 0;
    }
}

/// <summary>Compiled functions of one kernel each: what a call costs by size, and what it allocates.</summary>
[MemoryDiagnoser]
public class Benchmarks
{
    private CompiledFunction<int> _chain = null!;
    private CompiledFunction<int> _softmax = null!;
    private CompiledFunction<int> _product = null!;
    private CompiledFunction<int> _sum = null!;

    [Params(64, 512)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        RandomKey[] keys = new RandomKey(1).Split(2);
        Tensor x = keys[0].Normal([Size, Size]).Realize(), y = keys[1].Normal([Size, Size]).Realize();
        _chain = InPlace(() => (x * y + 0.5f).Tanh() * x + y);
        _softmax = InPlace(() => x.Softmax());
        _product = InPlace(() => x.MatMul(y));
        _sum = InPlace(() => x.Sum());
    }

    [Benchmark]
    public int Chain() => _chain.Invoke();

    [Benchmark]
    public int Softmax() => _softmax.Invoke();

    [Benchmark]
    public int MatMul() => _product.Invoke();

    [Benchmark]
    public int Sum() => _sum.Invoke();

    private static CompiledFunction<int> InPlace(Func<Tensor> function)
    {
        State result = new(function().Realize());
        return Jit.Compile(() =>
        {
            result.Value = function();
            return 0;
        });
    }
}
