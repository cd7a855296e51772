using System.Globalization;
using Cotangent.Kernels;
using Cotangent.Kernels.Targets;

namespace Cotangent.Perf.Ptx;

/// <summary>What ptxas makes of the library's and of fused kernels: a table of registers, memory, spills and instructions a kernel. No GPU
/// is needed.</summary>
internal static class PtxSuite
{
    private static readonly int[] s_capabilities = [80, 90];
    private static readonly PtxTraits s_traits = new() { AlignedArguments = true };

    /// <summary>Prints the table; with COTANGENT_DEBUG=3 or more the text of the modules and their machine code, too.</summary>
    public static void Run(Bench bench)
    {
        if (Ptxas.Path is null)
        {
            Console.WriteLine("ptx: there is no ptxas. Set COTANGENT_PTXAS to its path or put it on PATH; .ci/get-ptxas DIR fetches it.");
            return;
        }

        List<(string Topic, PtxFunction Function)> functions = Record(bench.Options.Only);
        string module = PtxFunction.Module([.. functions.Select(f => f.Function)], s_traits);
        Console.WriteLine($"{"PTX, by ptxas",-24} {"kernel",-44} {"sm",3} {"regs",5} {"shared",7} {"local",6} {"spills",7} {"SASS",6}");
        List<string> codes = [];
        foreach (int capability in s_capabilities)
        {
            (IReadOnlyList<Row> rows, string? code) = Measure(functions, module, capability);
            foreach (Row row in rows)
                Print(bench, row);
            if (code is not null)
                codes.Add(code);
        }

        if (EngineEnvironment.Debug >= 3)
            Console.WriteLine(string.Join("\n", [module, .. codes]));
    }

    private static List<(string Topic, PtxFunction Function)> Record(string? only)
    {
        PtxRecorder recorder = new(s_traits);
        string[] wanted = only?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
        foreach ((string topic, Action<Device> run) in PtxCatalogue.Topics)
        {
            if (wanted.Length > 0 && !wanted.Any(w => topic.Contains(w, StringComparison.OrdinalIgnoreCase)))
                continue;
            recorder.Topic = topic;
            run(recorder);
        }

        return recorder.Functions;
    }

    private static (IReadOnlyList<Row> Rows, string? Code) Measure(
        List<(string Topic, PtxFunction Function)> functions, string module, int capability)
    {
        string cubin = Path.GetTempFileName();
        try
        {
            Dictionary<string, PtxResources> resources = PtxResources.Parse(Ptxas.Assemble(module, capability, cubin, ["-v"]));
            string? code = Ptxas.Disassemble(cubin);
            Dictionary<string, int> instructions = code is null ? [] : CountInstructions(code);
            return ([.. functions.Select(f => new Row(f.Topic, f.Function.Name[..f.Function.Name.LastIndexOf('_')], capability,
                resources[f.Function.Name], instructions.TryGetValue(f.Function.Name, out int n) ? n : null))], code);
        }
        finally
        {
            File.Delete(cubin);
        }
    }

    // Sections ".text.NAME:", in them lines with an offset in a comment; what pads the end are branches to themselves and NOPs.
    private static Dictionary<string, int> CountInstructions(string code)
    {
        const string Section = ".text.";
        Dictionary<string, int> counts = [];
        string name = "";
        foreach (string line in code.Split('\n'))
        {
            string text = line.Trim();
            if (text.StartsWith(Section, StringComparison.Ordinal) && text.EndsWith(':'))
                name = text[Section.Length..^1];
            else if (text.StartsWith("/*", StringComparison.Ordinal) && !text.Contains("NOP", StringComparison.Ordinal))
                counts[name] = counts.GetValueOrDefault(name) + 1;
        }

        return counts;
    }

    private static void Print(Bench bench, Row row)
    {
        PtxResources r = row.Resources;
        int spills = r.SpillStores + r.SpillLoads;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Topic,-24} {row.Kernel[..Math.Min(44, row.Kernel.Length)],-44} " +
            $"{row.Capability,3} {r.Registers,5} {r.SharedBytes,7} {r.LocalBytes,6} {spills,7} {row.Instructions,6}"));
        string name = $"{row.Topic}: {row.Kernel} sm_{row.Capability}";
        Keep(r.Registers, "registers");
        Keep(r.SharedBytes, "bytes of shared memory");
        Keep(r.LocalBytes, "bytes of local memory");
        Keep(spills, "bytes spilled");
        if (row.Instructions is { } count)
            Keep(count, "instructions");

        void Keep(double achieved, string unit) => bench.Record(bench.NewResult(name) with { Achieved = achieved, Unit = unit });
    }

    private sealed record Row(string Topic, string Kernel, int Capability, PtxResources Resources, int? Instructions);
}
