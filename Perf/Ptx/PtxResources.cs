using System.Globalization;
using System.Text.RegularExpressions;

namespace Cotangent.Perf.Ptx;

/// <summary>What one kernel takes, as ptxas says.</summary>
/// <param name="Registers">32-bit registers an item.</param>
/// <param name="SharedBytes">Static shared memory a group.</param>
/// <param name="LocalBytes">Local memory an item: arrays that are indexed at run time, and spills.</param>
/// <param name="SpillStores">Bytes of registers written to local memory.</param>
/// <param name="SpillLoads">Bytes read back.</param>
internal sealed partial record PtxResources(int Registers, int SharedBytes, int LocalBytes, int SpillStores, int SpillLoads)
{
    /// <summary>By kernel, from what <c>ptxas -v</c> prints.</summary>
    /// <exception cref="FormatException">It printed something else: an error or a warning.</exception>
    public static Dictionary<string, PtxResources> Parse(string said)
    {
        Dictionary<string, PtxResources> found = [];
        string name = "";
        (int local, int stores, int loads) = (0, 0, 0);
        foreach (string line in said.Split('\n'))
        {
            if (KernelPattern().Match(line) is { Success: true } kernel)
                name = kernel.Groups[1].Value;
            else if (FramePattern().Match(line) is { Success: true } frame)
                (local, stores, loads) = (Number(frame, 1), Number(frame, 2), Number(frame, 3));
            else if (UsedPattern().Match(line) is { Success: true } used)
                found[name] = new(Number(used, 1), used.Groups[2].Success ? Number(used, 2) : 0, local, stores, loads);
            else if (line.Length > 0 && !line.StartsWith("ptxas info", StringComparison.Ordinal))
                throw new FormatException($"ptxas: {line}");
        }

        return found;
    }

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"Compiling entry function '([^']+)'")]
    private static partial Regex KernelPattern();

    [GeneratedRegex(@"^ +(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")]
    private static partial Regex FramePattern();

    [GeneratedRegex(@"Used (\d+) registers(?:.*?(\d+) bytes smem)?")]
    private static partial Regex UsedPattern();
}
