using System.Globalization;
using System.Text;

namespace Cotangent;

/// <summary>A tensor of a program, and who made it.</summary>
/// <param name="What">Its operation, or the name that <see cref="Tensor.Named"/> gave it.</param>
/// <param name="Shape">Its shape, as it is stored.</param>
/// <param name="DType">Its dtype.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Place">The file and line that made it; of a derivative, that made what it is the derivative of. Empty if unknown.</param>
public sealed record ReportedTensor(string What, Shape Shape, DType DType, long Bytes, string Place)
{
    /// <inheritdoc/>
    public override string ToString() => $"{MemoryReport.Size(Bytes),10}  {What} {DType}{Shape}{(Place.Length > 0 ? $"  {Place}" : "")}";
}

/// <summary>What a compiled function will hold in memory, found without running or building it: see
/// <see cref="CompiledFunction{T, TResult}.Memory"/>.</summary>
public sealed class MemoryReport
{
    /// <summary>Arguments, cells and captured tensors.</summary>
    public long InputBytes { get; internal init; }

    /// <summary>Results and new values of cells.</summary>
    public long OutputBytes { get; internal init; }

    /// <summary>The block that intermediate values share, as it is planned.</summary>
    public long ScratchBytes { get; internal init; }

    /// <summary>All of it: inputs, outputs and scratch.</summary>
    public long PeakBytes => InputBytes + OutputBytes + ScratchBytes;

    /// <summary>Values of the function that its derivative reads: each is alive from its place in the forward pass to the last reader in
    /// the backward pass. Inputs, which are there anyway, are not counted.</summary>
    public required IReadOnlyList<ReportedTensor> Saved { get; init; }

    /// <summary>The bytes of <see cref="Saved"/>.</summary>
    public long SavedBytes => Saved.Sum(t => t.Bytes);

    /// <summary>Values that the derivative computes again, by <c>Diff.Checkpoint</c>. They need memory only where they are also stored.</summary>
    public required IReadOnlyList<ReportedTensor> Recomputed { get; init; }

    /// <summary>The intermediate values that are alive at the step where most bytes are, the largest first.</summary>
    public required IReadOnlyList<ReportedTensor> AtPeak { get; init; }

    /// <summary>Arithmetic of one run: an addition counts 1, a division 4, a transcendental function 16 or 40, a product of M×K and K×N
    /// 2·M·N·K, a loop its rounds (<c>While</c> one), a choice its larger branch, a factorisation its leading terms; C# kernels nothing.</summary>
    public double Flops { get; internal init; }

    /// <inheritdoc/>
    public override string ToString()
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"peak {Size(PeakBytes)}: inputs {Size(InputBytes)}, outputs {Size(OutputBytes)}, scratch {Size(ScratchBytes)}; {Flops:G4} flops");
        Append(text, $"saved for backward: {Saved.Count} tensors, {Size(SavedBytes)}", Saved);
        Append(text, $"computed again: {Recomputed.Count} tensors", Recomputed);
        Append(text, "alive at the peak", AtPeak);
        return text.ToString();
    }

    internal static string Size(long bytes) => bytes switch
    {
        < 10_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 10_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:F1} kB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F1} MB"),
    };

    private static void Append(StringBuilder text, string title, IReadOnlyList<ReportedTensor> tensors)
    {
        text.AppendLine(title);
        foreach (ReportedTensor t in tensors) text.Append("  ").Append(t).AppendLine();
    }
}
