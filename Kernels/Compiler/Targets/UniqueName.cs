using System.Security.Cryptography;
using System.Text;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>Names for printed kernels. Equal texts have equal names, so that kernels of one program do not clash and compiled code is
/// found again by name.</summary>
internal static class UniqueName
{
    /// <summary>What stands for the name while the text is printed.</summary>
    public const string Placeholder = "$kernel";

    /// <summary>The kernel's own name with a hash of its text, and the text with that name.</summary>
    public static (string Name, string Text) Give(Kernel kernel, string text)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))[..10]);
        string name = $"{kernel.Name}_{hash}";
        return (name, text.Replace(Placeholder, name, StringComparison.Ordinal));
    }
}
