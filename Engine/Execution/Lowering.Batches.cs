using System.Collections.Immutable;
using Cotangent.Fusion;
using Cotangent.Graph;
using Cotangent.Kernels.Ir;

namespace Cotangent.Execution;

// Kernels that do not need each other, as one launch, on devices that can: see docs/batched-launches.md.
internal sealed partial class Lowering
{
    /// <summary>Steps that touch fewer bytes may be moved to join a batch: it does not matter how long these are held.</summary>
    private const long SmallStep = 1 << 16;

    /// <summary>How many steps one may be moved across.</summary>
    private const int Window = 32;

    /// <summary>Scratch memory beyond that of its largest member that a batch may hold.</summary>
    private const long SmallScratch = 1 << 20;

    /// <summary>Concatenations by their buffers.</summary>
    private readonly Dictionary<int, Node> _joins = [];

    private void BatchKernels()
    {
        if (!_graph.Device.BatchesLaunches) return;
        foreach ((int whole, Node join) in _joins) ReadWhereItLies(whole, join);
        List<Step> steps = [];
        foreach (Step step in _steps)
        {
            if (!IsBatchable(step) || !TryBatch(steps, step)) steps.Add(step);
        }

        _steps.Clear();
        _steps.AddRange(steps);
    }

    /// <summary>A concatenation that a single kernel reads, element by element, is not put together: the kernel goes over each part
    /// where that is.</summary>
    private void ReadWhereItLies(int whole, Node join)
    {
        Step[] readers = [.. _steps.Where(s => s.Reads.Contains(whole))];
        if (_buffers[whole].Kind != BufferKind.Scratch || readers is not [KernelStep kernel] || !IsBatchable(kernel)) return;
        ImmutableArray<KernelOperand> operands = kernel.Operands;
        int[] reading = [.. Enumerable.Range(0, operands.Length)
            .Where(k => operands[k].Kind == OperandKind.Read && BufferOf(operands[k].Node) == whole)];
        CopyStep[] copies = [.. _steps.OfType<CopyStep>().Where(c => _buffers[c.Writes[0]].Index == whole)];
        FusedKernel fused = kernel.Fused;
        if (copies.Length == 0 || reading is not [int parameter] || !kernel.ReadsInPlace.Contains(whole)
            || fused.Kernel.Parameters[parameter].Type.Scalar.Size() != join.DType.Size()
            || fused.Kernel.Kind != LaunchKind.Range1D || fused.Launch.Extent.X != join.Shape.Size)
        {
            return;
        }

        List<BatchPart> parts = [];
        int from = 0;
        foreach (Node part in join.Inputs.Where(p => p.Shape.Size > 0))
        {
            parts.Add(new(from, from + (int)part.Shape.Size, BufferOf(part), Anchors.StorageOf(part)));
            from = parts[^1].To;
        }

        foreach (CopyStep copy in copies) _buffers[copy.Writes[0]] = Nothing();
        if (parts.TrueForAll(p => WholeOf(p.Buffer) != whole)) _buffers[whole] = Nothing();
        _steps[_steps.IndexOf(kernel)] = new BatchedStep([new BatchMember(kernel, parameter, [.. parts])]);
        _steps.RemoveAll(copies.Contains);

        // A buffer keeps its number; without a user it takes no memory.
        static ProgramBuffer Nothing() => new(BufferKind.Scratch, 0, 0);
    }

    private static bool IsBatchable(Step step) => step is BatchedStep
        || (step is KernelStep { Fused: { Kernel: { Kind: LaunchKind.Range1D or LaunchKind.Range2D, StoresAreFinal: true }, Launch.Extent: var items } }
            && items.LongSize > 0);

    /// <summary>Makes a step part of the nearest one before that can be issued with it: the step before it, or one to which either can be
    /// moved.</summary>
    private bool TryBatch(List<Step> steps, Step step)
    {
        bool moves = IsSmall(step), canMove = true;
        for (int i = steps.Count - 1; i >= 0 && i >= steps.Count - Window; i--)
        {
            Step other = steps[i];
            bool isLast = i == steps.Count - 1, areApart = AreIndependent(other, step);
            if (areApart && IsBatchable(other) && (isLast || (moves && canMove)) && HoldsLittle(other, step))
            {
                steps[i] = Batch(other, step);
                return true;
            }

            if (areApart && IsBatchable(other) && IsSmall(other) && HoldsLittle(other, step)
                && steps[(i + 1)..].TrueForAll(s => AreIndependent(s, other)))
            {
                steps.RemoveAt(i);
                steps.Add(Batch(other, step));
                return true;
            }

            canMove &= areApart;
        }

        return false;
    }

    private static BatchedStep Batch(Step first, Step second) => new([.. MembersOf(first), .. MembersOf(second)]);

    private static ImmutableArray<BatchMember> MembersOf(Step step) =>
        step is BatchedStep batch ? batch.Members : [new BatchMember((KernelStep)step)];

    private bool IsSmall(Step step) => step.Reads.Concat(step.Writes).Sum(b => _buffers[b].Bytes) <= SmallStep;

    private bool HoldsLittle(Step first, Step second)
    {
        long Scratch(IEnumerable<int> buffers) => buffers.Distinct().Where(b => _buffers[b].Kind == BufferKind.Scratch).Sum(b => _buffers[b].Bytes);

        IEnumerable<int> x = first.Reads.Concat(first.Writes), y = second.Reads.Concat(second.Writes);
        return Scratch(x.Concat(y)) <= Math.Max(Scratch(x), Scratch(y)) + SmallScratch;
    }

    /// <summary>True if neither of two steps writes what the other reads or writes.</summary>
    private bool AreIndependent(Step first, Step second) =>
        !first.Writes.Any(w => second.Reads.Concat(second.Writes).Any(b => Overlap(w, b)))
        && !second.Writes.Any(w => first.Reads.Any(b => Overlap(w, b)));

    private bool Overlap(int first, int second)
    {
        if (first == second) return true;
        (int whole, long start, long end) = BytesOf(first);
        (int otherWhole, long otherStart, long otherEnd) = BytesOf(second);
        return whole == otherWhole && start < otherEnd && otherStart < end;
    }

    private (int Whole, long Start, long End) BytesOf(int buffer)
    {
        ProgramBuffer own = _buffers[buffer];
        if (own.Kind != BufferKind.Part) return (buffer, 0, own.Bytes);
        (int whole, long start, _) = BytesOf(own.Index);
        return (whole, start + own.Offset, start + own.Offset + own.Bytes);
    }
}
