using Cotangent.Execution;
using Cotangent.Kernels;

namespace Cotangent.Graph;

/// <summary>What computes a routine op on one device: launches written by hand, kernels compiled. Made once for a plan, and
/// run under its device's lock, so it may keep what it reuses from one run to the next.</summary>
/// <param name="name">The name of the step in reports.</param>
internal abstract class Routine(string name)
{
    public string Name { get; } = name;

    /// <summary>Says that an input is a view: elements between neighbours along each of its axes. Only of inputs that <see cref="Op.ReadsViews"/> names,
    /// before anything else is asked.</summary>
    public virtual void SetStrides(int input, ReadOnlySpan<long> strides) =>
        throw new InvalidOperationException($"{Name} reads contiguous operands.");

    /// <summary>Memory that a run needs beside its operands: a part of the program's scratch memory, 64-byte aligned.</summary>
    public virtual long ScratchBytes => 0;

    /// <summary>As <see cref="ScratchBytes"/>, if only some of the outputs are used.</summary>
    public virtual long ScratchBytesFor(ReadOnlySpan<bool> isUsed) => ScratchBytes;

    /// <summary>True if results are a function of the operands alone, so that COTANGENT_VERIFY may compare them with the
    /// float64 ones; false where several answers are right (the signs of eigenvectors).</summary>
    public virtual bool IsVerifiable => true;

    /// <summary>Arithmetic of one run, as <see cref="PlanCost"/> counts: for factorisations the leading terms of the textbooks (Golub and Van
    /// Loan, Matrix Computations, 4th edition).</summary>
    public virtual double Flops => 0;

    /// <summary>As <see cref="Flops"/>, if only some of the outputs have memory.</summary>
    public virtual double FlopsFor(ReadOnlySpan<bool> isUsed) => Flops;

    /// <summary>The plans of programs that run as parts of this step, for reports.</summary>
    public virtual IEnumerable<NestedPlan> Nested => [];

    /// <summary>Issues the launches.</summary>
    public abstract void Launch(in RoutineCall call);
}

/// <summary>The plan of a part of a routine: a loop's body, a branch.</summary>
/// <param name="Name">What it is to the routine.</param>
/// <param name="Plan">Its steps; their scratch memory lies in the routine's.</param>
internal readonly record struct NestedPlan(string Name, ExecutionPlan Plan);

/// <summary>The operands of one run of a routine. All are contiguous and row-major, but for views that the op asked for;
/// those without elements have no memory. Inputs must not be written.</summary>
internal readonly ref struct RoutineCall
{
    public required Device Device { get; init; }

    /// <summary>The inputs of the node, in order.</summary>
    public required ReadOnlySpan<KernelArgument> Inputs { get; init; }

    /// <summary>All outputs of the call, whether they are used or not. Those that are not used have no memory where
    /// <see cref="CallAttributes.NeedsMemory"/> says so.</summary>
    public required ReadOnlySpan<KernelArgument> Outputs { get; init; }

    /// <summary>The routine's scratch memory.</summary>
    public KernelArgument Scratch { get; init; }

    /// <summary>Looked at between launches of long runs.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>An operand, or a part of the scratch memory, as a view for kernels.</summary>
    /// <param name="memory">One of the operands.</param>
    /// <param name="length">The number of elements.</param>
    /// <param name="byteOffset">Where the view begins in the operand.</param>
    public static ArrayView<T> View<T>(KernelArgument memory, long length, long byteOffset = 0)
        where T : unmanaged =>
        length == 0 ? ArrayView<T>.Empty : new(MemoryOwner.Borrow(memory.Memory!), memory.Bits + byteOffset, length);

    /// <summary>Where an operand lies in the processor's memory; 0 for one without elements, which is not read.</summary>
    public static nint Address(KernelArgument memory) => memory.Memory is { } owner ? owner.HostPointer + (nint)memory.Bits : 0;
}
