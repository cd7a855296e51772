using System.Collections.Immutable;
using Cotangent.Kernels;

namespace Cotangent.Graph;

/// <summary>One output of a call of a user's kernel. Outputs of one call are nodes with the same inputs whose attributes
/// differ in <see cref="CallAttributes.Output"/> alone; they are computed by one launch.</summary>
internal sealed record KernelAttributes(UserKernel Kernel, LaunchShape Launch, ImmutableArray<Shape> Outputs) : CallAttributes
{
    /// <inheritdoc/>
    public override int OutputCount => Outputs.Length;

    /// <summary>True if the outputs' memory is zeroed before the launch.</summary>
    public bool ZeroOutputs { get; init; }

    /// <summary>Where the kernel runs if no input carries data.</summary>
    public Device? Device { get; init; }

    /// <summary>What AutoDiff may ask for. No part of what the call computes: not compared, not kept by
    /// programs.</summary>
    public KernelDerivative? Derivative { get; init; }

    /// <summary>The attributes as a program keeps them: without what a derivative's closure may hold.</summary>
    public KernelAttributes ForProgram() => Derivative is null ? this : this with { Derivative = null };

    public bool Equals(KernelAttributes? other) => other is not null && Output == other.Output
        && Kernel == other.Kernel && Launch == other.Launch && ZeroOutputs == other.ZeroOutputs
        && Outputs.AsSpan().SequenceEqual(other.Outputs.AsSpan()) && Device == other.Device;

    public override int GetHashCode() => HashCode.Combine(Kernel, Launch, Outputs[Output], Output, ZeroOutputs);

    public override string ToString() =>
        Outputs.Length == 1 ? $"kernel {Kernel.Name}" : $"kernel {Kernel.Name}.{Kernel.Outputs[Output].Name}";
}

/// <summary>How a user's kernel differentiates; Engine only carries it.</summary>
internal sealed record KernelDerivative(KernelJvp? Jvp, KernelTranspose? Transpose, ImmutableArray<int>? LinearInputs);
