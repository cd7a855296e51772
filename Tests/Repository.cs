namespace Cotangent.Tests;

/// <summary>The repository's files, for tests of docs and layout.</summary>
internal static class Repository
{
    /// <summary>The folder of engine.sln, above the tests.</summary>
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "engine.sln"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("engine.sln is not above the tests.");
    }
}
