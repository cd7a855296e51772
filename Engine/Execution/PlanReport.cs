using System.Text;
using Cotangent.Fusion;
using Cotangent.Graph;

namespace Cotangent.Execution;

/// <summary>A plan as text: steps with shapes and bytes, the plans of bodies and branches under theirs, memory, and why nodes were stored or not fused.</summary>
internal static class PlanReport
{
    public static string Of(ExecutionPlan plan)
    {
        StringBuilder text = new();
        Append(text, plan, "");
        return text.ToString();
    }

    private static void Append(StringBuilder text, ExecutionPlan plan, string indent)
    {
        long scratch = plan.Buffers.Where(b => b.Kind == BufferKind.Scratch).Sum(b => b.Bytes);
        text.Append($"{indent}{plan.Steps.Length} steps on {plan.Device.Id}; ");
        text.AppendLine($"scratch {scratch} bytes planned into {plan.ScratchBytes}");
        for (int i = 0; i < plan.Steps.Length; i++)
        {
            Step step = plan.Steps[i];
            string what = step switch
            {
                KernelStep k => WhatOf(k),
                BatchedStep b => b.Size,
                UserKernelStep u => $"{u.Call.Kernel.Source.Kind} kernel, {u.Size}",
                ProductStep p => $"{p.Dot.Result.Shape}",
                FusedProductStep f => $"{f.Dot.Result.Shape}, an elementwise kernel in it",
                MappedProductStep m => $"{m.Dot.Result.Shape}, an elementwise kernel on its pieces",
                _ => "",
            };
            text.AppendLine($"{indent}{i,4} {step.Name,-40} {Ids(plan, step.Reads)} -> {Ids(plan, step.Writes)}  {what}");
            foreach (BatchMember member in (step as BatchedStep)?.Members ?? [])
            {
                string reads = Ids(plan, member.Reads), writes = Ids(plan, member.Kernel.Writes);
                text.AppendLine($"{indent}     + {member.Kernel.Name,-38} {reads} -> {writes}  {WhatOf(member.Kernel)}");
            }

            foreach (NestedPlan nested in (step as RoutineStep)?.Routine.Nested ?? [])
            {
                text.AppendLine($"{indent}     {nested.Name}:");
                Append(text, nested.Plan, indent + "        ");
            }
        }

        foreach (string note in plan.Notes) text.AppendLine($"{indent}  {note}");
    }

    private static string WhatOf(KernelStep kernel) => $"{kernel.Fused.Kernel.Kind} " + string.Join(", ", kernel.Fused.Operands
        .Where(o => o.Kind == OperandKind.Write)
        .Select(o => $"{o.Node.Op}%{o.Node.Id} {o.Node.DType}{o.Node.Shape}"));

    private static string Ids(ExecutionPlan plan, IEnumerable<int> ids) =>
        string.Join(' ', ids.Select(i => plan.Buffers[i].Kind switch
    {
        BufferKind.Input => $"in{plan.Buffers[i].Index}",
        BufferKind.Output => $"out{plan.Buffers[i].Index}",
        BufferKind.Part => $"#{i}({Ids(plan, [plan.Buffers[i].Index])}+{plan.Buffers[i].Offset})",
        _ => $"#{i}@{plan.Buffers[i].Offset}",
    }));
}
