namespace Cotangent.Tests.Docs;

/// <summary>Code of a test that a page shows line for line.</summary>
internal static class Snippet
{
    /// <summary>The lines of a test class between "// begin name" and "// end", without their common indentation.</summary>
    public static string Of<TTest>(string name)
    {
        string[] lines = [.. File.ReadLines(Path.Combine(Repository.Root, "Tests", "Docs", $"{typeof(TTest).Name}.cs"))
            .SkipWhile(l => l.Trim() != $"// begin {name}").Skip(1).TakeWhile(l => l.Trim() != "// end")];
        int indent = lines.Where(l => l.Length > 0).Min(l => l.Length - l.TrimStart().Length);
        return string.Join('\n', lines.Select(l => l.Length > indent ? l[indent..] : l)) + "\n";
    }
}
