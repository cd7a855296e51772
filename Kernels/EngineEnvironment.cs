using System.Globalization;

namespace Cotangent.Kernels;

/// <summary>The environment variables of the engine, read here and nowhere else. They override for debugging; programs
/// configure through options.</summary>
internal static class EngineEnvironment
{
    public const string DeviceVariable = "COTANGENT_DEVICE";
    public const string DebugVariable = "COTANGENT_DEBUG";
    public const string ThreadsVariable = "COTANGENT_THREADS";
    public const string VerifyVariable = "COTANGENT_VERIFY";
    public const string CheckedVariable = "COTANGENT_CHECKED";
    public const string CacheVariable = "COTANGENT_CACHE";
    public const string LinesVariable = "COTANGENT_LINES";

    /// <summary>COTANGENT_DEVICE: the id of the default device, or null.</summary>
    public static string? Device { get; } = Text(DeviceVariable);

    /// <summary>COTANGENT_DEBUG: how much to print, 0 (nothing) to 7.</summary>
    public static int Debug { get; } = Number(DebugVariable, Text(DebugVariable), 0) ?? 0;

    /// <summary>COTANGENT_THREADS: worker threads of the CPU device, or null to use every core.</summary>
    public static int? Threads { get; } = Number(ThreadsVariable, Text(ThreadsVariable), 1);

    /// <summary>COTANGENT_VERIFY: check plans and fused groups while running (any value but 0).</summary>
    public static bool Verify { get; } = Text(VerifyVariable) is { } text && text != "0";

    /// <summary>COTANGENT_CHECKED: whether kernels check indices, 0 or 1; null: as the program was built.</summary>
    public static bool? Checked { get; } = Text(CheckedVariable) is { } value ? value != "0" : null;

    /// <summary>COTANGENT_LINES: C# kernels for CUDA carry the lines of their source, for profilers (any value but 0).</summary>
    public static bool Lines { get; } = Text(LinesVariable) is { } lines && lines != "0";

    /// <summary>COTANGENT_CACHE: the folder for compiled programs, or 0 for none. By default <c>cotangent</c> in the user's
    /// cache folder.</summary>
    public static string? CacheDirectory { get; } = Cache(Text(CacheVariable));

    /// <summary>A whole number from a variable's text.</summary>
    /// <exception cref="DeviceException">CTG3002: it is not a whole number of at least
    /// <paramref name="minimum"/>.</exception>
    internal static int? Number(string variable, string? text, int minimum)
    {
        if (text is null)
            return null;

        if (int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int value) && value >= minimum)
            return value;

        throw new DeviceException("CTG3002",
            $"The environment variable {variable} is '{text}'; it must be a whole number, {minimum} or more. " +
            "Correct or unset it. See docs/diagnostics.md#CTG3002");
    }

    private static string? Cache(string? text)
    {
        if (text is not null)
            return text == "0" ? null : text;
        string home = OperatingSystem.IsWindows()
            ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Text("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.IsPathRooted(home) ? Path.Combine(home, "cotangent") : null;
    }

    private static string? Text(string variable)
    {
        string? text = Environment.GetEnvironmentVariable(variable)?.Trim();
        return string.IsNullOrEmpty(text) ? null : text;
    }
}
