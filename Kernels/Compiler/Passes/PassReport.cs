using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>What COTANGENT_DEBUG=5 prints of passes: the kernel after each that changed it, and how often rules of the algebra
/// matched.</summary>
internal static class PassReport
{
    [ThreadStatic]
    private static string? t_last;

    [ThreadStatic]
    private static Dictionary<string, int>? t_hits;

    /// <summary>True if rules are to be counted.</summary>
    public static bool CountsRules { get; } = EngineEnvironment.Debug >= 5;

    /// <summary>Prints a stage to the error stream.</summary>
    public static void Print(string stage, Kernel kernel)
    {
        string text = Printer.Print(kernel);
        Console.Error.WriteLine(Describe(stage, kernel.Name, text, t_last, TakeHits()));
        t_last = text;
    }

    /// <summary>Counts a rule that matched, on this thread.</summary>
    public static void Count(string rule)
    {
        t_hits ??= [];
        t_hits[rule] = t_hits.GetValueOrDefault(rule) + 1;
    }

    /// <summary>The rules counted on this thread since they were last taken, most frequent first.</summary>
    public static ImmutableArray<(string Rule, int Hits)> TakeHits()
    {
        ImmutableArray<(string, int)> hits = [.. (t_hits ?? []).OrderByDescending(h => h.Value).Select(h => (h.Key, h.Value))];
        t_hits?.Clear();
        return hits;
    }

    /// <summary>One stage as text.</summary>
    /// <param name="stage">The name of the pass.</param>
    /// <param name="kernel">The kernel's name.</param>
    /// <param name="text">The kernel after the pass.</param>
    /// <param name="previous">The kernel before it, if it was printed.</param>
    /// <param name="hits">Rules that matched in the pass.</param>
    public static string Describe(
        string stage, string kernel, string text, string? previous, ImmutableArray<(string Rule, int Hits)> hits)
    {
        string title = $"-- {kernel} after '{stage}'";
        string rules = string.Concat(hits.Select(h => $"\n   {h.Hits,5} × {h.Rule}"));
        return text == previous ? $"{title}: unchanged{rules}" : $"{title}{rules}\n{text}";
    }
}
