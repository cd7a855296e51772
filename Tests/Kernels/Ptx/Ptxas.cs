using System.Diagnostics;

namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>NVIDIA's assembler, from COTANGENT_PTXAS or PATH.</summary>
internal static class Ptxas
{
    /// <summary>Its path, or null.</summary>
    public static string? Path { get; } = Environment.GetEnvironmentVariable("COTANGENT_PTXAS") is { Length: > 0 } path
        ? path
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator)
            .Select(d => System.IO.Path.Combine(d, "ptxas")).FirstOrDefault(File.Exists);

    /// <summary>What it says about a module; empty if it takes it without a word.</summary>
    public static string Assemble(string module, int capability, params string[] options)
    {
        string source = System.IO.Path.GetTempFileName();
        try
        {
            File.WriteAllText(source, module);
            ProcessStartInfo start = new(Path ?? throw new FileNotFoundException(
                "ptxas is required but neither COTANGENT_PTXAS nor PATH has it; .ci/get-ptxas fetches it."))
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            };
            foreach (string argument in (string[])[$"-arch=sm_{capability}", .. options, source, "-o", "/dev/null"])
                start.ArgumentList.Add(argument);
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            string said = (errors + output.Result).Trim();
            return process.ExitCode == 0 ? said : $"exit {process.ExitCode}: {said}";
        }
        finally
        {
            File.Delete(source);
        }
    }
}

/// <summary>A test that needs ptxas, skipped where it is missing and COTANGENT_REQUIRE does not name it.</summary>
public sealed class FactWithPtxasAttribute : FactAttribute
{
    public FactWithPtxasAttribute()
    {
        if (Ptxas.Path is null && !Devices.Requires("ptxas"))
            Skip = "no ptxas";
    }
}
