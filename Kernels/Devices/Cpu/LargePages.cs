using System.Runtime.InteropServices;

namespace Cotangent.Kernels;

/// <summary>Asks Linux for large pages behind large blocks: what goes through gigabytes, or across the rows of a matrix, would otherwise wait for
/// addresses to be translated. Advice only: elsewhere, and where it is refused, nothing happens.</summary>
internal static unsafe class LargePages
{
    /// <summary>The size of a large page.</summary>
    public const nuint Size = 1 << 21;

    private const int AdviseHugePage = 14;

    private static readonly delegate* unmanaged<nint, nuint, int, int> s_advise = Find();

    /// <summary>Advises for the whole large pages of a block.</summary>
    public static void Advise(nint block, nuint bytes)
    {
        nuint first = ((nuint)block + Size - 1) & ~(Size - 1), end = ((nuint)block + bytes) & ~(Size - 1);
        if (s_advise != null && end > first)
            _ = s_advise((nint)first, end - first, AdviseHugePage);
    }

    private static delegate* unmanaged<nint, nuint, int, int> Find() =>
        OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out nint library) && NativeLibrary.TryGetExport(library, "madvise", out nint advise)
            ? (delegate* unmanaged<nint, nuint, int, int>)advise
            : null;
}
