using System.Globalization;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>The lines of COTANGENT_DEBUG that the engine prints.</summary>
internal static class DebugReport
{
    private static readonly HashSet<Device> s_seen = [];

    /// <summary>Level 1: a device when it is first planned for.</summary>
    public static string? Device(Device device)
    {
        lock (s_seen) return s_seen.Add(device) ? $"{device.Id}: {device.Name}{ThreadsOf(device)}" : null;
    }

    /// <summary>Level 1: a program that was just compiled.</summary>
    /// <param name="plan">Its plan.</param>
    /// <param name="milliseconds">How long planning and compiling took.</param>
    /// <param name="kernels">Kernels asked for, and those of them that had been compiled before.</param>
    public static string Program(ExecutionPlan plan, double milliseconds, (long Asked, long Cached) kernels)
    {
        long bytes = plan.Buffers.Where(b => b.Kind == BufferKind.Scratch).Sum(b => b.Bytes);
        return string.Create(CultureInfo.InvariantCulture, $"{plan.Device.Id}: compiled {plan.Steps.Length} steps in {milliseconds:F1} ms; {kernels.Cached} of {kernels.Asked} kernels " +
            $"were there; scratch memory {bytes / 1e6:F3} MB → {plan.ScratchBytes / 1e6:F3} MB");
    }

    /// <summary>Level 1: a program that had been compiled before.</summary>
    public static string Hit(ExecutionPlan plan) => $"{plan.Device.Id}: found a program of {plan.Steps.Length} steps";

    /// <summary>Level 2: a step that has run: its time, the bytes of its buffers a second, its arithmetic, and the larger part of the
    /// device's peaks that either is.</summary>
    public static string Step(ExecutionPlan plan, Step step, TimeSpan time, DevicePeaks peaks)
    {
        double us = time.TotalMicroseconds, bytes = PlanCost.BytesOf(plan, step), flops = PlanCost.FlopsOf(step);
        double part = Math.Max(bytes / us / 1e3 / peaks.GigabytesPerSecond, flops / us / 1e3 / peaks.Gigaflops);
        return string.Create(CultureInfo.InvariantCulture, $"{step.Name,-48} {us,9:F1} us {bytes / 1e6,9:F3} MB {bytes / 1e3 / us,7:F2} GB/s {flops / 1e3 / us,8:F2} GFLOP/s " +
            $"{100 * part,5:F1} % of peak  {step.Size}");
    }

    private static string ThreadsOf(Device device) => device is CpuDevice cpu ? $", {cpu.Threads} threads" : "";
}
