namespace Cotangent.Kernels.Ir;

/// <summary>One bounds check of a kernel.</summary>
/// <param name="View">What is indexed, as in the source: <c>x</c>, <c>image.Pixels</c>, <c>shared memory</c>.</param>
/// <param name="Place">Method, file and line.</param>
internal sealed record CheckSite(string View, string Place);

/// <summary>What a checked kernel writes of its first failed check, as Int32s in global memory.</summary>
internal static class FaultRecord
{
    /// <summary>Failed checks, modulo 2³²; the item that finds 0 here writes the rest.</summary>
    public const int Count = 0;

    /// <summary>The check's number in <see cref="Kernel.Sites"/>.</summary>
    public const int Site = 1;

    /// <summary>The index: the low, then the high half.</summary>
    public const int Index = 2;

    /// <summary>The length: the low, then the high half.</summary>
    public const int Length = 4;

    /// <summary>Int32s of a record.</summary>
    public const int Size = 6;
}
