using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cotangent.Perf;

/// <summary>One measured case.</summary>
/// <param name="Suite">The suite's name.</param>
/// <param name="Case">The case's name in its table.</param>
/// <param name="Achieved">What was measured.</param>
/// <param name="Unit">Its unit; for the limit too.</param>
/// <param name="Limit">What it is compared with, measured in the same run; null if there is nothing.</param>
/// <param name="Ratio">Achieved over limit, or as the table says.</param>
/// <param name="LimitName">What the limit is.</param>
internal sealed record Result(
    string Suite, string Case, double Achieved, string Unit, double? Limit = null, double? Ratio = null, string? LimitName = null);

/// <summary>What a run has measured, for <c>--json</c>.</summary>
internal static class Results
{
    private static readonly List<Result> s_all = [];
    private static readonly JsonSerializerOptions s_options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Keeps a result.</summary>
    public static void Add(Result result) => s_all.Add(result);

    /// <summary>Writes all results and what they were measured on.</summary>
    public static void Write(string path, SuiteOptions options)
    {
        var document = new
        {
            Date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            Device = options.Device.ToString(),
            Threads = options.ThreadsOrAll,
            System = RuntimeInformation.OSDescription,
            Runtime = RuntimeInformation.FrameworkDescription,
            Results = s_all,
        };
        File.WriteAllText(path, JsonSerializer.Serialize(document, s_options));
    }
}
