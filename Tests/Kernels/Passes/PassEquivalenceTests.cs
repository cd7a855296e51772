using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;
using Cotangent.Tests.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Passes;

/// <summary>Each pass keeps what random kernels compute, bit for bit, and leaves them well-formed.</summary>
public class PassEquivalenceTests
{
    private const int Seeds = 60;

    public static TheoryData<string> Passes => [.. s_passes.Keys];

    private static readonly Dictionary<string, Func<Kernel, Kernel>> s_passes = new()
    {
        ["fold"] = Folding.Fold,
        ["dce"] = DeadCode.Remove,
        ["cse"] = CommonSubexpressions.Merge,
        ["unroll"] = Unrolling.Unroll,
        ["unroll and fold"] = k => Folding.Fold(Unrolling.Unroll(k)),
        ["local arrays"] = k => LocalArrays.Replace(Folding.Fold(Unrolling.Unroll(Folding.Fold(k)))),
        ["ifs to selects"] = IfConversion.Convert,
        ["merge stores"] = StoreMerging.Merge,
        ["invariants"] = LoopInvariants.Hoist,
        ["uncontracted pipeline"] = k =>
            Pipeline.Run(k, [.. Pipeline.Standard.Where(p => p.Name != "contract to fma")], new() { Verify = true }),
    };

    [Theory]
    [MemberData(nameof(Passes))]
    public void Run_RandomKernels_KeepsEveryBit(string name)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            RandomCase c = RandomKernels.Next(new Random(seed), new RandomKernelOptions { Grouped = seed % 4 == 3 });
            Kernel after = s_passes[name](c.Kernel);
            Verifier.Verify(after, name);
            if (c.Difference(c.Interpret(), c.Interpret(after)) is { } difference)
            {
                Assert.Fail($"seed {seed}: {difference}\n{Printer.Print(c.Kernel)}\n{Printer.Print(after)}");
            }
        }
    }

    [Fact]
    public void Pipeline_AfterContraction_KeepsEveryBit()
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            RandomCase c = RandomKernels.Next(new Random(seed));
            Kernel contracted = FmaContraction.Contract(c.Kernel);
            Verifier.Verify(contracted, "contraction");
            Assert.Null(c.Difference(c.Interpret(contracted), c.Interpret(DeadCode.Remove(contracted))));
        }
    }

    [Fact]
    public void Run_IdempotentPass_LeavesWhatItReturned()
    {
        Pass[] passes = [.. Pipeline.Standard.Where(p => p.IsIdempotent).Distinct()];
        Assert.NotEmpty(passes);
        for (int seed = 0; seed < Seeds; seed++)
        {
            Kernel kernel = RandomKernels.Next(new Random(seed), new RandomKernelOptions { Grouped = seed % 4 == 3 }).Kernel;
            foreach (Kernel input in (Kernel[])[kernel, Folding.Fold(kernel), LoopInvariants.Hoist(IfConversion.Convert(kernel))])
            {
                foreach (Pass pass in passes)
                {
                    Kernel once = pass.Run(input);
                    Assert.Same(once, pass.Run(once));
                }
            }
        }
    }

    [Fact]
    public void Pipeline_SameKernel_GivesTheSameText()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            Kernel kernel = RandomKernels.Next(new Random(seed)).Kernel;
            Assert.Equal(Printer.Print(Pipeline.Run(kernel)), Printer.Print(Pipeline.Run(kernel)));
        }
    }
}
