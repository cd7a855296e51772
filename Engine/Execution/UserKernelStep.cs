using System.Collections.Immutable;
using Cotangent.Fusion;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Execution;

/// <summary>What an IR parameter of a user's kernel is bound to: a buffer, a number, or constant bits (a view's
/// length).</summary>
internal readonly record struct KernelBinding(int Buffer, ScalarArgument? Number, ulong Bits)
{
    public static KernelBinding ToBuffer(int id) => new(id, null, 0);

    public static KernelBinding To(ScalarArgument number) => new(-1, number, 0);

    public static KernelBinding To(long length) => new(-1, null, (ulong)length);
}

/// <summary>Zeroes a buffer before a kernel adds to it.</summary>
internal readonly record struct ZeroFill(CompiledKernel Kernel, int Buffer, int Count);

/// <summary>Launches a user's kernel. On Device.Debug the C# method itself runs, where all its numbers are known to the
/// host.</summary>
internal sealed class UserKernelStep(KernelAttributes call, Kernel source, CompiledKernel kernel, ImmutableArray<KernelBinding> bindings,
    ImmutableArray<ZeroFill> fills, ImmutableArray<int> reads, ImmutableArray<int> writes)
    : Step(source.Name, reads, writes)
{
    private readonly KernelArgument[] _arguments = new KernelArgument[source.Parameters.Length];
    private ReportMemory? _report;

    public KernelAttributes Call { get; } = call;

    /// <inheritdoc/>
    public override required ImmutableArray<KernelOperand> Operands { get; init; }

    /// <inheritdoc/>
    public override string Size => Call.Launch.Group.X > 0
        ? $"{DeviceChecks.Text(Call.Launch.Grid)} groups of {DeviceChecks.Text(Call.Launch.Group)}"
        : DeviceChecks.Text(Call.Launch.Extent);

    /// <inheritdoc/>
    public override bool IsSettled => kernel.IsSettled && fills.All(f => f.Kernel.IsSettled);

    /// <summary>True if the kernel takes its arguments as the C# method does.</summary>
    public required bool RunsAsMethod { get; init; }

    /// <inheritdoc/>
    public override int ScalarSlot(Node placeholder) =>
        bindings.First(b => b.Number?.Leaf == placeholder).Number!.Slot;

    /// <inheritdoc/>
    public override void Launch(
        Device device, KernelArgument[] buffers, ReadOnlySpan<ulong> scalars, CancellationToken cancellation)
    {
        foreach (ZeroFill fill in fills)
        {
            device.Launch(fill.Kernel, LaunchShape.Range(fill.Count), [buffers[fill.Buffer]]);
        }

        for (int i = 0; i < bindings.Length; i++)
        {
            KernelBinding b = bindings[i];
            _arguments[i] = b.Buffer >= 0 ? buffers[b.Buffer]
                : KernelArgument.Raw(b.Number is { } number ? number.Evaluate(scalars) : b.Bits);
        }

        if (device is DebugDevice debug && RunsAsMethod) KernelMethod.Run(debug, Call, _arguments);
        else LaunchCompiled(device);
        Array.Clear(_arguments);
    }

    private void LaunchCompiled(Device device)
    {
        if (source.Reports)
        {
            _report ??= new ReportMemory(device);
            ArrayView<int> report = _report.View(source);
            _arguments[^1] = report.Argument;
            device.Launch(kernel, Call.Launch, _arguments);
            _report.Take(source);
        }
        else
        {
            device.Launch(kernel, Call.Launch, _arguments);
        }
    }
}
