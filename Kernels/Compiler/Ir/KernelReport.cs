using System.Collections.Immutable;

namespace Cotangent.Kernels.Ir;

/// <summary>One bounds check of a kernel.</summary>
/// <param name="View">What is indexed, as in the source: <c>x</c>, <c>image.Pixels</c>, <c>shared memory</c>.</param>
/// <param name="Place">Method, file and line.</param>
internal sealed record CheckSite(string View, string Place);

/// <summary>One Interop.Write of a kernel.</summary>
/// <param name="Format">A composite format, as for string.Format; plain text if there are no values.</param>
/// <param name="Types">The values' .NET types.</param>
internal sealed record PrintSite(string Format, ImmutableArray<Type> Types);

/// <summary>What a kernel tells the host besides its results, as Int32s in global memory: its first failed check, then what it
/// prints.</summary>
internal static class KernelReport
{
    /// <summary>Failed checks, modulo 2³²; the item that finds 0 here writes the rest.</summary>
    public const int Faults = 0;

    /// <summary>The check's number in <see cref="Kernel.Sites"/>.</summary>
    public const int Site = 1;

    /// <summary>The index: the low, then the high half.</summary>
    public const int Index = 2;

    /// <summary>The length: the low, then the high half.</summary>
    public const int Length = 4;

    /// <summary>Int32s that printing items have claimed, whether or not there was room.</summary>
    public const int Printed = 6;

    /// <summary>The first line: the print's number in <see cref="Kernel.Prints"/>, then its values, low halves first.</summary>
    public const int Lines = 7;

    /// <summary>Int32s for lines; what comes later is counted and lost.</summary>
    public const int LineCapacity = 1 << 16;

    /// <summary>Int32s that a kernel's report may take.</summary>
    public static int Size(Kernel kernel) => kernel.Prints.IsEmpty ? Lines : Lines + LineCapacity;

    /// <summary>Int32s that a value of a .NET type takes.</summary>
    public static int Words(ScalarType type) => type.Size() == 8 ? 2 : 1;
}
