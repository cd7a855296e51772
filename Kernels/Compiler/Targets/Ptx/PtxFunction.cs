using System.Collections.Immutable;
using System.Text;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

/// <summary>A kernel as a PTX entry. Its name ends in a hash of its text: the same text is the same entry.</summary>
/// <remarks>
/// Parameters, in order: 8 bytes a pointer (its address, offset included), a scalar in its own size, then 4 bytes an axis of a range
/// for its extent. The groups of a range are counted along X alone, since the other axes of a grid end at 65535: a launch has
/// ∏ ⌈extent / group⌉ groups, X fastest. Dynamic shared memory is <see cref="ScratchBytes"/> bytes an item, rounded up to 16, and
/// behind them what the launch asked for. Where <see cref="IsAligned"/> says no, another translation of the kernel is to be launched:
/// a wide access at an address that is not its multiple ends the whole context.
/// </remarks>
internal sealed class PtxFunction
{
    /// <summary>The module's name for shared memory of the launch's size.</summary>
    public const string DynamicShared = "ct_dynamic_shared";

    private PtxFunction(Kernel kernel, PtxTraits traits)
    {
        (string text, PtxPrinter facts) = PtxPrinter.Print(kernel, UniqueName.Placeholder, traits);
        (Name, Text) = UniqueName.Give(kernel, text);
        (ScratchBytes, UsesDynamicShared, Alignments) = (facts.ScratchBytes, facts.UsesDynamicShared, facts.Alignments);
        Files = facts.Lines.Files;
    }

    /// <summary>The entry's name, unique to its text.</summary>
    public string Name { get; }

    public string Text { get; }

    /// <summary>Bytes an item of dynamic shared memory for group operations; 0 if there are none.</summary>
    public int ScratchBytes { get; }

    /// <summary>True if the kernel uses dynamic shared memory, for group operations or by itself.</summary>
    public bool UsesDynamicShared { get; }

    /// <summary>For each argument the bytes that its address must be a multiple of, since accesses of more than one element count on it;
    /// 0 if that does not matter. All 0 without <see cref="PtxTraits.AlignedArguments"/>.</summary>
    public ImmutableArray<int> Alignments { get; }

    /// <summary>True if the function may run with these arguments (a pointer's is its address, offset included). If not, run the one
    /// that is translated without <see cref="PtxTraits.AlignedArguments"/>.</summary>
    public bool IsAligned(ReadOnlySpan<ulong> arguments)
    {
        for (int i = 0; i < Alignments.Length; i++)
        {
            if (Alignments[i] > 1 && arguments[i] % (ulong)Alignments[i] != 0)
                return false;
        }

        return true;
    }

    /// <summary>Runs the passes that the text needs, after which only what PTX has is left.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="lower">The passes; null for <see cref="Pipeline"/>.</param>
    /// <param name="traits">What it will be translated for; null for the default.</param>
    public static Kernel Lower(Kernel kernel, Func<Kernel, Kernel>? lower = null, PtxTraits? traits = null)
    {
        // Before the other passes, which make its code smaller, and after, for what they may have brought in.
        Kernel expanded = ExpandRemainders.Expand(
            TargetTraits.Resolve(kernel, serialGroups: false, (traits ?? new PtxTraits()).MatrixUnits));
        return ExpandRemainders.Expand(lower is null ? LoadUnrolling.Unroll(Pipeline.Run(expanded)) : lower(expanded));
    }

    /// <summary>Translates a kernel made by <see cref="Lower"/>.</summary>
    public static PtxFunction Translate(Kernel kernel, PtxTraits traits) => new(kernel, traits);

    /// <summary>The source files that the text names, by number.</summary>
    public ImmutableArray<string> Files { get; }

    /// <summary>The text of a module with these functions.</summary>
    public static string Module(IReadOnlyList<PtxFunction> functions, PtxTraits traits)
    {
        StringBuilder text = new($".version {traits.Version}\n.target {traits.Target}\n.address_size 64\n\n");
        if (functions.Any(f => f.UsesDynamicShared))
            text.Append($".extern .shared .align 16 .b8 {DynamicShared}[];\n\n");
        List<string> files = [];
        foreach (PtxFunction function in functions.DistinctBy(f => f.Name))
            text.Append(PtxLines.Number(function, files)).Append('\n');
        for (int i = 0; i < files.Count; i++)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $".file {i + 1} \"{files[i]}\"\n");
        return text.ToString();
    }
}
