using System.Reflection;
using Xunit;

namespace Cotangent.Tests.Architecture;

/// <summary>Kernels ← Engine ← AutoDiff ← Optimizers: no assembly refers to one above it, or to anything but the BCL.</summary>
public class LayerTests
{
    private static readonly string[] s_layers = ["Cotangent.Kernels", "Cotangent", "Cotangent.AutoDiff", "Cotangent.Optimizers"];

    [Theory]
    [InlineData("Cotangent.Kernels")]
    [InlineData("Cotangent")]
    [InlineData("Cotangent.AutoDiff")]
    [InlineData("Cotangent.Optimizers")]
    public void Layer_References_OnlyLayersBelowAndTheBcl(string layer)
    {
        string[] below = s_layers[..Array.IndexOf(s_layers, layer)];
        IEnumerable<string?> references = Assembly.Load(layer).GetReferencedAssemblies().Select(a => a.Name);
        Assert.DoesNotContain(references, r => !below.Contains(r) && !(r!.StartsWith("System.") || r is "System" or "netstandard"));
    }

    [Fact]
    public void Files_OfShippedLayers_StayUnder600Lines()
    {
        string root = Repository.Root;
        string[] folders = ["Kernels", "Engine", "AutoDiff", "Optimizers", "Samples", "Perf"];
        IEnumerable<string> files = folders.SelectMany(f => Directory.EnumerateFiles(Path.Combine(root, f), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}"));
        Assert.Empty(files.Where(f => File.ReadLines(f).Count() > 600).Select(f => Path.GetRelativePath(root, f)));
    }
}
