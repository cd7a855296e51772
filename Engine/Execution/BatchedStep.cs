using System.Collections.Immutable;
using Cotangent.Fusion;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>Kernels that do not need each other, issued as one launch.</summary>
internal sealed class BatchedStep(ImmutableArray<BatchMember> members)
    : Step($"batch_{string.Join('+', members.Select(m => m.Kernel.Name).Distinct().Take(4))}",
        [.. members.SelectMany(m => m.Reads).Distinct()], [.. members.SelectMany(m => m.Kernel.Writes)])
{
    private readonly BatchedLaunch[] _launches = [.. members.SelectMany(m => m.ToLaunches())];

    /// <summary>The kernels.</summary>
    public ImmutableArray<BatchMember> Members => members;

    /// <inheritdoc/>
    public override ImmutableArray<KernelOperand> Operands { get; init; } = [.. members.SelectMany(m => m.Operands).Distinct()];

    /// <inheritdoc/>
    public override bool IsSettled => members.All(m => m.Kernel.IsSettled);

    /// <inheritdoc/>
    public override string Size => $"{members.Length} kernels, {_launches.Length} ranges";

    /// <inheritdoc/>
    public override int ScalarSlot(Graph.Node placeholder) =>
        members.First(m => m.Kernel.Operands.Contains(new(placeholder, OperandKind.Scalar))).Kernel.ScalarSlot(placeholder);

    /// <summary>Only what no other member reads: they run at the same time.</summary>
    public override bool CanOverwrite(int read, int write) =>
        members.All(m => !m.Reads.Contains(read) || m.Kernel.CanOverwrite(read, write));

    /// <inheritdoc/>
    public override void Launch(
        Device device, KernelArgument[] buffers, ReadOnlySpan<ulong> scalars, CancellationToken cancellation)
    {
        int next = 0;
        foreach (BatchMember member in members)
            next += member.Bind(_launches.AsSpan(next), buffers, scalars);
        device.Launch(_launches);
    }
}

/// <summary>A kernel of a batch.</summary>
/// <param name="kernel">The kernel.</param>
/// <param name="parameter">The parameter of a concatenation that is read where its parts lie; −1: none.</param>
/// <param name="parts">The parts, in order.</param>
internal sealed class BatchMember(KernelStep kernel, int parameter, ImmutableArray<BatchPart> parts)
{
    /// <summary>A kernel that reads its operands whole.</summary>
    public BatchMember(KernelStep kernel)
        : this(kernel, -1, [])
    {
    }

    public KernelStep Kernel => kernel;

    /// <summary>The buffers that it reads: of a concatenation, its parts.</summary>
    public ImmutableArray<int> Reads { get; } = parts.IsEmpty ? kernel.Reads
        : [.. kernel.Reads.Remove(kernel.Arguments[parameter].Index).Concat(parts.Select(p => p.Buffer)).Distinct()];

    /// <summary>What it reads and writes, for verification.</summary>
    public ImmutableArray<KernelOperand> Operands { get; } = parts.IsEmpty ? kernel.Operands
        : [.. kernel.Operands.RemoveAt(parameter), .. parts.Select(p => new KernelOperand(p.Node, OperandKind.Read)).Distinct()];

    /// <summary>Its launches, with room for arguments: one, or one a part.</summary>
    public IEnumerable<BatchedLaunch> ToLaunches() => parts.IsEmpty ? [ToLaunch(null)]
        : parts.Select(p => ToLaunch(new(p.From, p.To, parameter)));

    /// <summary>Fills in the arguments of the first launches, and says how many they are.</summary>
    public int Bind(Span<BatchedLaunch> launches, KernelArgument[] buffers, ReadOnlySpan<ulong> scalars)
    {
        kernel.Bind(launches[0].Arguments, buffers, scalars);
        if (parts.IsEmpty) return 1;
        KernelArgument[] arguments = launches[0].Arguments;
        for (int i = 0; i < parts.Length; i++)
        {
            if (i > 0) arguments.CopyTo(launches[i].Arguments, 0);
            launches[i].Arguments[parameter] = buffers[parts[i].Buffer];
        }

        return parts.Length;
    }

    private BatchedLaunch ToLaunch(ItemRange? items) =>
        new(kernel.Kernel, kernel.Fused.Launch, new KernelArgument[kernel.Arguments.Length], items);
}

/// <summary>A part of a concatenation that is read where it lies.</summary>
/// <param name="From">Its first element in the concatenation.</param>
/// <param name="To">The one behind its last.</param>
/// <param name="Buffer">Where it is.</param>
/// <param name="Node">The node that is stored there.</param>
internal readonly record struct BatchPart(int From, int To, int Buffer, Graph.Node Node);
