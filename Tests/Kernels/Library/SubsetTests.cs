using System.Text.RegularExpressions;
using Xunit;

namespace Cotangent.Tests.Kernels.Library;

/// <summary>The library's kernels use nothing that ILGPU's front end refuses (measured: throw, stackalloc, Unsafe.Add, inline arrays,
/// bool parameters of kernels).</summary>
public sealed partial class SubsetTests
{
    private static readonly string[] s_hostOnly = ["Lengths.cs", "ViewLengthException.cs", "KernelLanguage.cs", "RowList.cs"];

    [Fact]
    public void KernelFiles_Text_StaysWithinIlgpusSubset()
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "Kernels", "Library"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !s_hostOnly.Contains(Path.GetFileName(f)) && !File.ReadAllText(f).Contains("Device device"))];
        Assert.InRange(files.Length, 20, 200);
        Assert.Empty(files.Where(f => Refused().IsMatch(File.ReadAllText(f))).Select(Path.GetFileName));
    }

    [GeneratedRegex(@"\bthrow\b|\bstackalloc\b|\bUnsafe\.|\bInlineArray\b|static void \w+(<[^>]*>)?\([^)]*\bbool ")]
    private static partial Regex Refused();
}
