using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>A named step from kernel to kernel.</summary>
internal sealed record Pass(string Name, Func<Kernel, Kernel> Run)
{
    /// <summary>What it returns, it would not change.</summary>
    public bool IsIdempotent { get; init; }
}

/// <summary>What to do between passes.</summary>
internal sealed record PipelineOptions
{
    /// <summary>Verify the kernel after each pass. On by default in Debug builds.</summary>
    public bool Verify { get; init; }
#if DEBUG
        = true;
#endif

    /// <summary>What the devices compile with. The tests turn verification on here.</summary>
    public static PipelineOptions Default { get; set; } =
        EngineEnvironment.Debug >= 5 ? new() { Dump = PassReport.Print } : new();

    /// <summary>Receives the name of each pass (first <c>input</c>) and the kernel after it.</summary>
    public Action<string, Kernel>? Dump { get; init; }
}

/// <summary>The passes that every target runs first, in order.</summary>
internal static class Pipeline
{
    private static readonly Pass s_fold = new("fold", Folding.Fold);
    private static readonly Pass s_removeDead = new("remove dead code", DeadCode.Remove) { IsIdempotent = true };
    private static readonly Pass s_convertIfs = new("convert ifs to selects", IfConversion.Convert);
    private static readonly Pass s_merge = new("merge common subexpressions", CommonSubexpressions.Merge) { IsIdempotent = true };
    private static readonly Pass s_unroll = new("unroll", Unrolling.Unroll);

    /// <summary>The passes. Unrolling stands twice for loops in loops.</summary>
    public static ImmutableArray<Pass> Standard { get; } =
    [
        s_fold, s_removeDead, s_merge,
        s_unroll, s_fold, s_removeDead,
        s_unroll, s_fold,
        new("replace local arrays", LocalArrays.Replace),
        s_fold, new("merge stores", StoreMerging.Merge), s_convertIfs, s_fold, s_merge, s_removeDead,
        new("contract to fma", FmaContraction.Contract),
        new("expand the mathematical library", LowerMath.Lower),
        s_fold, s_convertIfs, s_fold, s_merge,
        new("hoist loop invariants", LoopInvariants.Hoist),
        s_merge, s_removeDead,
    ];

    /// <summary>Runs the standard passes.</summary>
    public static Kernel Run(Kernel kernel, PipelineOptions? options = null) => Run(kernel, Standard, options);

    /// <summary>Runs passes in order.</summary>
    public static Kernel Run(Kernel kernel, ImmutableArray<Pass> passes, PipelineOptions? options = null)
    {
        options ??= PipelineOptions.Default;
        Check(kernel, "input", options);

        // A pass that returns the kernel itself would do so again: it is left out until another has changed the kernel, as is one that would find
        // nothing in what it has just returned.
        List<Pass> idle = [];
        foreach (Pass pass in passes)
        {
            if (idle.Contains(pass))
            {
                options.Dump?.Invoke(pass.Name, kernel);
                continue;
            }

            Kernel before = kernel;
            kernel = pass.Run(kernel);
            if (kernel != before)
                idle.Clear();
            if (kernel == before || pass.IsIdempotent)
                idle.Add(pass);
            Check(kernel, pass.Name, options);
        }

        return kernel;
    }

    private static void Check(Kernel kernel, string stage, PipelineOptions options)
    {
        options.Dump?.Invoke(stage, kernel);
        if (options.Verify)
        {
            Verifier.Verify(kernel, stage);
        }
    }
}
