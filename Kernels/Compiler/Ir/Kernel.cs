using System.Collections.Immutable;

namespace Cotangent.Kernels.Ir;

/// <summary>How a kernel is launched.</summary>
internal enum LaunchKind : byte
{
    /// <summary>Over an implicit range of 1 to 3 dimensions: the device chooses the groups; items outside the range do
    /// not run. No shared memory, no barrier, no group operation. X varies fastest and is the axis that becomes SIMD
    /// lanes.</summary>
    Range1D, Range2D, Range3D,

    /// <summary>Over explicit groups of a size given at launch.</summary>
    Grouped,
}

/// <summary>A kernel in IR. Immutable by convention once built: passes make new kernels.</summary>
internal sealed class Kernel(string name, LaunchKind kind, ImmutableArray<Parameter> parameters)
{
    /// <summary>An identifier: letters, digits, underscore.</summary>
    public string Name { get; } = name;

    public LaunchKind Kind { get; } = kind;

    public ImmutableArray<Parameter> Parameters { get; } = parameters;

    public Region Body { get; } = new();

    /// <summary>Where a checked kernel's bounds checks stand. Empty if the kernel does not check.</summary>
    public ImmutableArray<CheckSite> Sites { get; init; } = [];

    /// <summary>What the kernel may print.</summary>
    public ImmutableArray<PrintSite> Prints { get; init; } = [];

    /// <summary>For grouped kernels: the group of every launch; null if launches choose it.</summary>
    public Index3D? Group { get; init; }

    /// <summary>With <see cref="Group"/>: how many groups a processor is to hold at once, so that an item may have so many registers and no
    /// more; 0: as its registers come. Changes no result.</summary>
    public int GroupsAtOnce { get; init; }

    /// <summary>True if no element that a work item stores is loaded after that, by itself or by another: what loads then may be done before
    /// what stores. (An element may be loaded, then overwritten.) False if that is not known.</summary>
    public bool StoresAreFinal { get; init; }

    /// <summary>The bytes of the largest tensor that a launch reads or writes, where the builder knows; else 0. Changes no result: what does
    /// not fit the caches is fetched ahead and stored past them.</summary>
    public long LargestOperand { get; init; }

    /// <summary>True if the kernel has a last parameter more than its method: a pointer to a
    /// <see cref="KernelReport"/>.</summary>
    public bool Reports => !Sites.IsEmpty || !Prints.IsEmpty;
}

/// <summary>Facts about launch kinds.</summary>
internal static class LaunchKinds
{
    /// <summary>The dimensions of a range; 0 for grouped kernels.</summary>
    public static int Rank(this LaunchKind kind) => kind switch
    {
        LaunchKind.Range1D => 1,
        LaunchKind.Range2D => 2,
        LaunchKind.Range3D => 3,
        _ => 0,
    };
}
