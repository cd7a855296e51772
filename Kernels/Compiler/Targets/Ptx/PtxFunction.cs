using System.Text;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

/// <summary>A kernel as a PTX entry. Its name ends in a hash of its text: the same text is the same entry.</summary>
/// <remarks>
/// Parameters, in order: 8 bytes a pointer (its address, offset included), a scalar in its own size, then 4 bytes an axis of a range
/// for its extent. The groups of a range are counted along X alone, since the other axes of a grid end at 65535: a launch has
/// ∏ ⌈extent / group⌉ groups, X fastest. Dynamic shared memory is <see cref="ScratchBytes"/> bytes an item, rounded up to 16, and
/// behind them what the launch asked for.
/// </remarks>
internal sealed class PtxFunction
{
    /// <summary>The module's name for shared memory of the launch's size.</summary>
    public const string DynamicShared = "ct_dynamic_shared";

    private PtxFunction(Kernel kernel, PtxTraits traits)
    {
        (string text, ScratchBytes, UsesDynamicShared) = PtxPrinter.Print(kernel, UniqueName.Placeholder, traits);
        (Name, Text) = UniqueName.Give(kernel, text);
    }

    /// <summary>The entry's name, unique to its text.</summary>
    public string Name { get; }

    public string Text { get; }

    /// <summary>Bytes an item of dynamic shared memory for group operations; 0 if there are none.</summary>
    public int ScratchBytes { get; }

    /// <summary>True if the kernel uses dynamic shared memory, for group operations or by itself.</summary>
    public bool UsesDynamicShared { get; }

    /// <summary>Runs the passes that the text needs, after which only what PTX has is left.</summary>
    public static Kernel Lower(Kernel kernel, Func<Kernel, Kernel>? lower = null)
    {
        // Before the other passes, which make its code smaller, and after, for what they may have brought in.
        Kernel expanded = ExpandRemainders.Expand(TargetTraits.Resolve(kernel, serialGroups: false));
        return ExpandRemainders.Expand(lower is null ? Pipeline.Run(expanded) : lower(expanded));
    }

    /// <summary>Translates a kernel made by <see cref="Lower"/>.</summary>
    public static PtxFunction Translate(Kernel kernel, PtxTraits traits) => new(kernel, traits);

    /// <summary>The text of a module with these functions.</summary>
    public static string Module(IReadOnlyList<PtxFunction> functions, PtxTraits traits)
    {
        StringBuilder text = new($".version {traits.Version}\n.target {traits.Target}\n.address_size 64\n\n");
        if (functions.Any(f => f.UsesDynamicShared))
            text.Append($".extern .shared .align 16 .b8 {DynamicShared}[];\n\n");
        foreach (PtxFunction function in functions.DistinctBy(f => f.Name))
            text.Append(function.Text).Append('\n');
        return text.ToString();
    }
}
