using System.Diagnostics;

namespace Cotangent.Perf.Ptx;

/// <summary>NVIDIA's assembler, from COTANGENT_PTXAS or PATH, and what lies beside it.</summary>
internal static class Ptxas
{
    /// <summary>Its path, or null.</summary>
    public static string? Path { get; } = Environment.GetEnvironmentVariable("COTANGENT_PTXAS") is { Length: > 0 } path
        ? path
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator)
            .Select(d => System.IO.Path.Combine(d, "ptxas")).FirstOrDefault(File.Exists);

    /// <summary>What it says about a module; empty if it takes it without a word.</summary>
    public static string Assemble(string module, int capability, params string[] options) =>
        Assemble(module, capability, "/dev/null", options);

    /// <summary>Assembles into a file.</summary>
    public static string Assemble(string module, int capability, string output, string[] options)
    {
        string source = System.IO.Path.GetTempFileName();
        try
        {
            File.WriteAllText(source, module);
            string tool = Path ?? throw new FileNotFoundException(
                "ptxas is required but neither COTANGENT_PTXAS nor PATH has it; .ci/get-ptxas fetches it.");
            return Run(tool, [$"-arch=sm_{capability}", .. options, source, "-o", output]);
        }
        finally
        {
            File.Delete(source);
        }
    }

    /// <summary>The machine code of a module as text, by kernel; null where there is no nvdisasm.</summary>
    public static string? Disassemble(string cubin)
    {
        string tool = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path) ?? "", "nvdisasm");
        return File.Exists(tool) ? Run(tool, ["-c", cubin]) : null;
    }

    private static string Run(string tool, string[] arguments)
    {
        ProcessStartInfo start = new(tool) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        string said = (errors + output.Result).Trim();
        return process.ExitCode == 0 ? said : $"exit {process.ExitCode}: {said}";
    }
}
