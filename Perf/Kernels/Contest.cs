namespace Cotangent.Perf.Kernels;

/// <summary>Does the units from … to of a case by hand.</summary>
internal delegate void Part(int from, int to);

/// <summary>One case: a kernel written in the obvious way, the same by hand with Vector512, and the same as a scalar loop. All
/// three write the same output.</summary>
internal sealed record Contest(string Name)
{
    /// <summary>Launches the kernel.</summary>
    public required Action Ours { get; init; }

    public required Part Hand { get; init; }

    public required Part Plain { get; init; }

    /// <summary>Independent pieces of the hand-written versions: threads take runs of them.</summary>
    public required int Units { get; init; }

    /// <summary>Brings the output into its state before a run.</summary>
    public required Action Reset { get; init; }

    /// <summary>The output as numbers, to compare.</summary>
    public required Func<double[]> Result { get; init; }

    /// <summary>The largest difference, relative to the largest magnitude of the output, that rounding explains.</summary>
    public double Tolerance { get; init; } = 1e-6;

    /// <summary>The part of the elements that may differ by more: those at a boundary that rounding decides.</summary>
    public double MayDiffer { get; init; }

    /// <summary>Bytes read and written, or operations, in one run.</summary>
    public required double Work { get; init; }

    /// <summary>GB/s or GFLOP/s.</summary>
    public string Unit { get; init; } = "GB/s";
}
