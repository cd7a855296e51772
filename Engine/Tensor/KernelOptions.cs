using Cotangent.Kernels;

namespace Cotangent;

/// <summary>The derivative of a kernel's outputs along tangents of its inputs, in ordinary tensor operations (or other
/// kernels): see <see cref="Tensor.Kernel(Delegate, KernelLaunch, ReadOnlySpan{Tensor}, Shape, ReadOnlySpan{Tensor}, KernelJvp,
/// KernelOptions)"/>.</summary>
/// <param name="x">The inputs, then the numbers as tensors of shape [].</param>
/// <param name="dx">Their tangents, of the same shapes and dtypes; null is zero. At least one is not null.</param>
/// <param name="y">The outputs.</param>
/// <returns>The tangents of the outputs, linear in <paramref name="dx"/>, of the outputs' shapes and dtypes; null is
/// zero.</returns>
public delegate Tensor?[] KernelJvp(Tensor[] x, Tensor?[] dx, Tensor[] y);

/// <summary>The transpose of a kernel that is linear in some inputs: y = A·x gives ct ↦ Aᵀ·ct.</summary>
/// <param name="x">The inputs, then the numbers; null where the kernel is linear.</param>
/// <param name="ct">Cotangents of the outputs; null is zero. At least one is not null.</param>
/// <returns>Cotangents of the inputs, then of the numbers, of their shapes and dtypes; null is zero, and what stands where
/// the kernel is not linear is not looked at.</returns>
public delegate Tensor?[] KernelTranspose(Tensor?[] x, Tensor?[] ct);

/// <summary>What a call of a kernel may say besides its arguments.</summary>
public sealed record KernelOptions
{
    /// <summary>Zeroes the outputs before the launch. Without it their contents are undefined where the kernel does not
    /// write; a kernel that adds atomically to an output needs it.</summary>
    public bool ZeroOutputs { get; init; }

    /// <summary>Where a kernel runs whose inputs carry no data (numbers, counts); by default
    /// <see cref="Device.Default"/>. Otherwise it runs where its inputs are.</summary>
    public Device? Device { get; init; }

    /// <summary>Says that the kernel is linear, and gives its transpose: both modes of differentiation then work without a
    /// JVP, the tangents going through the kernel itself.</summary>
    public KernelTranspose? Transpose { get; init; }

    /// <summary>With <see cref="Transpose"/>: the inputs, by position, in which the kernel is jointly linear; null for all
    /// floating inputs. The others are constants.</summary>
    public IReadOnlyList<int>? LinearInputs { get; init; }
}
