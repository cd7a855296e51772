using Cotangent.Kernels;

namespace Cotangent;

/// <summary>Operands whose shapes do not fit an operation (CTG2001). The message has the shapes and the remedy.</summary>
public sealed class ShapeMismatchException(string message) : CotangentException("CTG2001", message)
{
    internal static ShapeMismatchException Broadcast(string op, Shape left, Shape right, int axis) => new(
        $"{op}: shapes {left} and {right} do not broadcast: axis {axis} is {left[axis]} on the left and {right[axis]} on the right. " +
        "Make them equal, make one of them 1, or reshape first.");
}

/// <summary>Operands whose dtypes do not fit an operation (CTG2002).</summary>
public sealed class DTypeMismatchException(string message) : CotangentException("CTG2002", message);

/// <summary>Operands on different devices (CTG2003).</summary>
public sealed class DeviceMismatchException(string op, Device left, Device right) : CotangentException("CTG2003",
    $"{op}: one operand is on {left.Id} and another on {right.Id}. Move one with .To(device) first.");

/// <summary>The value of a tensor was read while a transform or Compile was tracing (CTG2004).</summary>
public sealed class TracedValueException(string message) : CotangentException("CTG2004", message);

/// <summary>An axis or index outside a tensor's rank or extent (CTG2005).</summary>
public sealed class AxisOutOfRangeException(string message) : CotangentException("CTG2005", message);
