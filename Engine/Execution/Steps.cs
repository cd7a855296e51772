using System.Collections.Immutable;
using Cotangent.Fusion;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>One operation of a program on its device. Buffers are named by their ids in the program.</summary>
internal abstract class Step(string name, ImmutableArray<int> reads, ImmutableArray<int> writes)
{
    public string Name { get; } = name;

    public ImmutableArray<int> Reads { get; } = reads;

    public ImmutableArray<int> Writes { get; } = writes;

    /// <summary>The size of the work, for reports.</summary>
    public virtual string Size => "";

    /// <summary>The stored nodes that a kernel reads and writes, and its scalars; none for steps that cannot be
    /// verified.</summary>
    public virtual ImmutableArray<KernelOperand> Operands { get => []; init { } }

    /// <summary>False while a later run will compile other code of the step's own kernels, see <see cref="CompiledKernel.IsSettled"/>.</summary>
    public virtual bool IsSettled => true;

    /// <summary>Buffers that a result may overwrite in this very step: each element is read before the result's element
    /// of the same index is written, and by the same work item.</summary>
    public ImmutableArray<int> ReadsInPlace { get; init; } = [];

    /// <summary>True if a result may lie in the memory of what this step reads: see <see cref="ReadsInPlace"/>.</summary>
    public virtual bool CanOverwrite(int read, int write) => ReadsInPlace.Contains(read) && Writes.Contains(write);

    /// <summary>The scalar slot that the parameter of a scalar operand is bound to.</summary>
    public virtual int ScalarSlot(Graph.Node placeholder) => throw new InvalidOperationException($"{Name} has no scalars.");

    /// <summary>Issues the step.</summary>
    /// <param name="device">Where the program runs.</param>
    /// <param name="buffers">The program's buffers, bound.</param>
    /// <param name="scalars">The program's numbers.</param>
    /// <param name="cancellation">Looked at by steps that take long.</param>
    public abstract void Launch(
        Device device, KernelArgument[] buffers, ReadOnlySpan<ulong> scalars, CancellationToken cancellation);
}

/// <summary>Launches a compiled kernel. Its argument list is reused: a program runs under its device's lock.</summary>
internal sealed class KernelStep(FusedKernel fused, CompiledKernel kernel,
    ImmutableArray<(bool IsScalar, int Index)> arguments,
    ImmutableArray<int> reads, ImmutableArray<int> writes)
    : Step(fused.Kernel.Name, reads, writes)
{
    private readonly KernelArgument[] _arguments = new KernelArgument[arguments.Length];

    public FusedKernel Fused { get; } = fused;

    public CompiledKernel Kernel => kernel;

    /// <inheritdoc/>
    public override bool IsSettled => kernel.IsSettled;

    /// <summary>What the kernel's parameters are bound to.</summary>
    public ImmutableArray<(bool IsScalar, int Index)> Arguments => arguments;

    /// <inheritdoc/>
    public override ImmutableArray<KernelOperand> Operands { get; init; } = fused.Operands;

    /// <inheritdoc/>
    public override string Size => Fused.Kernel.Kind == Kernels.Ir.LaunchKind.Grouped
        ? $"{Fused.Launch.Grid.X} groups of {Fused.Launch.Group.X}"
        : $"{Fused.Launch.Extent.X} x {Fused.Launch.Extent.Y}";

    /// <inheritdoc/>
    public override int ScalarSlot(Graph.Node placeholder) =>
        arguments[Fused.Operands.IndexOf(new(placeholder, OperandKind.Scalar))].Index;

    /// <inheritdoc/>
    public override void Launch(
        Device device, KernelArgument[] buffers, ReadOnlySpan<ulong> scalars, CancellationToken cancellation)
    {
        Bind(_arguments, buffers, scalars);
        device.Launch(kernel, Fused.Launch, _arguments);
    }

    /// <summary>Fills in the arguments.</summary>
    public void Bind(KernelArgument[] values, KernelArgument[] buffers, ReadOnlySpan<ulong> scalars)
    {
        for (int i = 0; i < values.Length; i++)
        {
            (bool isScalar, int index) = arguments[i];
            values[i] = isScalar ? KernelArgument.Raw(scalars[index]) : buffers[index];
        }
    }
}

/// <summary>A batched matrix product.</summary>
internal sealed class ProductStep(DotPlan dot, int left, int right, int result)
    : Step($"dot_{dot.Problem.Batch0 * dot.Problem.Batch1}x{dot.Problem.M}x{dot.Problem.N}x{dot.Problem.K}",
        [left, right], [result])
{
    public DotPlan Dot { get; } = dot;

    /// <inheritdoc/>
    public override void Launch(
        Device device, KernelArgument[] buffers, ReadOnlySpan<ulong> scalars, CancellationToken cancellation) =>
        device.Gemm(Dot.Problem, At(buffers[left], Dot.Left), At(buffers[right], Dot.Right), buffers[result]);

    /// <summary>Where the operands of the product begin.</summary>
    public (KernelArgument Left, KernelArgument Right) OperandsIn(KernelArgument[] buffers) =>
        (At(buffers[left], Dot.Left), At(buffers[right], Dot.Right));

    private static KernelArgument At(KernelArgument buffer, StridedView view) =>
        KernelArgument.Pointer(buffer.Memory!, buffer.Bits + view.Offset * view.Base.DType.Size());
}

/// <summary>A batched matrix product whose elements go through an elementwise kernel before they are stored.</summary>
/// <param name="gemm">Both as one kernel.</param>
/// <param name="product">The product.</param>
/// <param name="map">The elementwise kernel.</param>
/// <param name="parameter">The map's parameter of the product's result.</param>
internal sealed class FusedProductStep(FusedGemm gemm, ProductStep product, KernelStep map, int parameter)
    : Step($"{product.Name}_{map.Name}", [.. product.Reads.Concat(map.Reads.Except(product.Writes)).Distinct()], map.Writes)
{
    private readonly ImmutableArray<(bool IsScalar, int Index)> _others = map.Arguments.RemoveAt(parameter);
    private readonly KernelArgument[] _arguments = new KernelArgument[map.Arguments.Length - 1];

    public DotPlan Dot => product.Dot;

    public FusedKernel Map => map.Fused;

    /// <inheritdoc/>
    public override string Size => $"{Dot.Result.Shape}";

    /// <inheritdoc/>
    public override void Launch(
        Device device, KernelArgument[] buffers, ReadOnlySpan<ulong> scalars, CancellationToken cancellation)
    {
        for (int i = 0; i < _arguments.Length; i++)
        {
            (bool isScalar, int index) = _others[i];
            _arguments[i] = isScalar ? KernelArgument.Raw(scalars[index]) : buffers[index];
        }

        (KernelArgument left, KernelArgument right) = product.OperandsIn(buffers);
        gemm.Launch(device, left, right, _arguments);
    }
}

/// <summary>A batched matrix product and the elementwise kernel behind it, which runs on pieces of the result as they are finished.</summary>
/// <param name="product">The product.</param>
/// <param name="map">The elementwise kernel.</param>
/// <param name="result">The buffer in which the product's result lies: the product's own, which is stored, or one that the map
/// writes, over it.</param>
internal sealed class MappedProductStep(ProductStep product, KernelStep map, int result)
    : Step($"{product.Name}_{map.Name}", [.. product.Reads.Concat(map.Reads.Except(product.Writes)).Distinct()],
        [.. map.Writes.Append(result).Distinct()])
{
    private readonly KernelArgument[] _arguments = new KernelArgument[map.Arguments.Length];
    private readonly ulong _beside = Beside(product.Writes[0], map, result);

    public DotPlan Dot => product.Dot;

    public FusedKernel Map => map.Fused;

    /// <inheritdoc/>
    public override string Size => $"{Dot.Result.Shape}";

    /// <summary>The arguments beside the product's result that are read or written element by element.</summary>
    private static ulong Beside(int own, KernelStep map, int result)
    {
        ulong beside = 0;
        for (int i = 0; i < Math.Min(map.Arguments.Length, 64); i++)
        {
            (bool isScalar, int index) = map.Arguments[i];
            if (!isScalar && index != own && index != result && (map.ReadsInPlace.Contains(index) || map.Writes.Contains(index))) beside |= 1UL << i;
        }

        return beside;
    }

    /// <inheritdoc/>
    public override void Launch(
        Device device, KernelArgument[] buffers, ReadOnlySpan<ulong> scalars, CancellationToken cancellation)
    {
        int own = product.Writes[0];
        for (int i = 0; i < _arguments.Length; i++)
        {
            (bool isScalar, int index) = map.Arguments[i];
            _arguments[i] = isScalar ? KernelArgument.Raw(scalars[index]) : buffers[index == own ? result : index];
        }

        (KernelArgument left, KernelArgument right) = product.OperandsIn(buffers);
        device.Gemm(Dot.Problem, left, right, buffers[result], map.Kernel, Map.Launch, _arguments, _beside);
    }
}

/// <summary>Copies a buffer into a part of another.</summary>
internal sealed class CopyStep(int source, int destination, long bytes) : Step("copy", [source], [destination])
{
    /// <inheritdoc/>
    public override void Launch(
        Device device, KernelArgument[] buffers, ReadOnlySpan<ulong> scalars, CancellationToken cancellation)
    {
        KernelArgument from = buffers[source], to = buffers[destination];
        device.Copy(from.Memory!, from.Bits, to.Memory!, to.Bits, bytes);
    }
}
