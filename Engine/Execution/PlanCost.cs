using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>What one run of a plan costs.</summary>
/// <param name="Flops">Floating-point arithmetic, an addition, comparison or choice counting 1, a division 4, a transcendental function 16
/// or 40, a product of M×K and K×N 2·M·N·K, routines what they say: a loop its rounds (<c>While</c> one), a choice its larger branch. User kernels count nothing.</param>
/// <param name="Bytes">What steps read and write, each buffer once a step.</param>
internal readonly record struct PlanCost(double Flops, long Bytes)
{
    public static PlanCost Of(ExecutionPlan plan) => new(
        plan.Steps.Sum(FlopsOf), plan.Steps.Sum(s => BytesOf(plan, s)));

    /// <summary>What a step reads and writes, each buffer once.</summary>
    public static long BytesOf(ExecutionPlan plan, Step step) => step.Reads.Concat(step.Writes).Distinct().Sum(id => plan.Buffers[id].Bytes);

    /// <summary>The arithmetic of a step.</summary>
    public static double FlopsOf(Step step) => step switch
    {
        KernelStep kernel => kernel.Fused.Flops,
        BatchedStep batch => batch.Members.Sum(m => m.Kernel.Fused.Flops),
        ProductStep { Dot.Problem: var p } => FlopsOf(p),
        FusedProductStep { Dot.Problem: var p } fused => FlopsOf(p) + fused.Map.Flops,
        MappedProductStep { Dot.Problem: var p } mapped => FlopsOf(p) + mapped.Map.Flops,
        RoutineStep routine => routine.Flops,
        _ => 0,
    };

    private static double FlopsOf(in GemmProblem p) => 2.0 * p.Batch0 * p.Batch1 * p.M * p.N * p.K;
}
