using Cotangent.Kernels;

namespace Cotangent;

/// <summary>Operands whose shapes do not fit an operation (CTG2001). The message has the shapes and the
/// remedy.</summary>
public sealed class ShapeMismatchException(string message) : CotangentException("CTG2001", message)
{
    /// <summary>Axes are counted from the end where the ranks differ, since that is how they are aligned.</summary>
    internal static ShapeMismatchException Broadcast(string op, Shape left, Shape right, int axisFromEnd)
    {
        int axis = left.Rank == right.Rank ? left.Rank - axisFromEnd : -axisFromEnd;
        return new($"{op}: shapes {left} and {right} do not broadcast: axis {axis} is {left[^axisFromEnd]} on the " +
            "left and " +
            $"{right[^axisFromEnd]} on the right. Make them equal, make one of them 1, or reshape first.");
    }
}

/// <summary>Operands whose dtypes do not fit an operation (CTG2002).</summary>
public sealed class DTypeMismatchException(string message) : CotangentException("CTG2002", message);

/// <summary>Operands on different devices (CTG2003).</summary>
public sealed class DeviceMismatchException(string op, Device left, Device right) : CotangentException("CTG2003",
    left.Id == right.Id
        ? $"{op}: the operands are on two different '{left.Id}' devices. Move one with .To(device) first."
        : $"{op}: one operand is on {left.Id} and another on {right.Id}. Move one with .To(device) first.");

/// <summary>The value of a tensor was read while a transform or Compile was tracing (CTG2004).</summary>
public sealed class TracedValueException(string message) : CotangentException("CTG2004", message);

/// <summary>An axis or index outside a tensor's rank or extent (CTG2005).</summary>
public sealed class AxisOutOfRangeException(string message) : CotangentException("CTG2005", message);

/// <summary>A value that is no tree of tensors, or tensors that do not fit a tree (CTG2006).</summary>
public sealed class TreeException(string message) : CotangentException("CTG2006", message);

/// <summary>A file of tensors that cannot be read (CTG2007). The message has the file and the reason.</summary>
public sealed class TensorFileException(string file, string reason, Exception? inner = null)
    : CotangentException("CTG2007", $"{file}: {reason}", inner);

/// <summary>A tensor of more elements than a kernel can index (CTG2008).</summary>
public sealed class TensorTooLargeException(string message) : CotangentException("CTG2008", message);

/// <summary>A target that is no class (CTG2060). The message has its row and its value.</summary>
public sealed class TargetOutOfRangeException : CotangentException
{
    internal TargetOutOfRangeException(int row, int target, int classes)
        : base("CTG2060", $"cross_entropy: the target of row {row} is {target}; targets must be in 0 … {classes - 1}, or IgnoreIndex for rows " +
            "that do not count.")
    {
        Row = row;
        Target = target;
    }

    /// <summary>The row among all rows of the embeddings, leading axes flattened.</summary>
    public int Row { get; }

    /// <summary>The target.</summary>
    public int Target { get; }
}

/// <summary>A window that cannot slide over its tensor: strides, dilations, paddings, groups or sizes of a convolution or pooling
/// (CTG2011). The message names the argument, the axis and the shapes.</summary>
public sealed class WindowException(string message) : CotangentException("CTG2011", message);

/// <summary>A specification of <see cref="Tensor.Einsum"/> that cannot be read or does not fit its operands (CTG2012). The message has
/// the specification, and the letter and the extents where they matter.</summary>
public sealed class EinsumException(string message) : CotangentException("CTG2012", message);

/// <summary>The arguments of <see cref="Tensor.Kernel(Delegate, KernelLaunch, ReadOnlySpan{Tensor}, Shape,
/// ReadOnlySpan{Tensor}, KernelJvp, KernelOptions)"/> do not fit the kernel (CTG2010). The message names the kernel and the
/// parameter.</summary>
public sealed class KernelCallException(string message) : CotangentException("CTG2010", message);

/// <summary>The parts of a <see cref="Flow"/> scan, loop or choice do not fit together (CTG2050): a carry changes its shape, a branch
/// returns something else than the other, a length is missing. The message names the tensor.</summary>
public sealed class ControlFlowException(string message) : CotangentException("CTG2050", message);
