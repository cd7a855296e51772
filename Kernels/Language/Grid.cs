namespace Cotangent.Kernels;

// The compiler replaces IdxX … DimZ and GlobalX … GlobalZ by IR positions and inlines the rest. The bodies run on Device.Debug.

/// <summary>The groups of a launch, seen from a work item (ILGPU's <c>Grid</c>). Only in kernels loaded with LoadGrouped.</summary>
public static class Grid
{
    /// <summary>The group's index along X.</summary>
    public static int IdxX => KernelContext.Current.GridIndex.X;

    /// <summary>The group's index along Y.</summary>
    public static int IdxY => KernelContext.Current.GridIndex.Y;

    /// <summary>The group's index along Z.</summary>
    public static int IdxZ => KernelContext.Current.GridIndex.Z;

    /// <summary>Groups along X.</summary>
    public static int DimX => KernelContext.Current.GridDimension.X;

    /// <summary>Groups along Y.</summary>
    public static int DimY => KernelContext.Current.GridDimension.Y;

    /// <summary>Groups along Z.</summary>
    public static int DimZ => KernelContext.Current.GridDimension.Z;

    /// <summary>The group's index.</summary>
    public static Index3D Index => new(IdxX, IdxY, IdxZ);

    /// <summary>The number of groups along each axis.</summary>
    public static Index3D Dimension => new(DimX, DimY, DimZ);

    /// <summary>The group's number, X fastest.</summary>
    public static int LinearIndex => (IdxZ * DimY + IdxY) * DimX + IdxX;

    /// <summary>The work item's index over all groups.</summary>
    public static Index3D GlobalIndex => new(GlobalX, GlobalY, GlobalZ);

    /// <summary>The work item's index over all groups, in 64 bits.</summary>
    public static LongIndex3D LongGlobalIndex => ComputeLongGlobalIndex(Index, Group.Index);

    /// <summary>The work item's number over all groups: group by group, X fastest within each.</summary>
    public static int GlobalLinearIndex => LinearIndex * Group.Dimension.Size + Group.LinearIndex;

    /// <summary>The index over all groups of an item of a group.</summary>
    public static Index1D ComputeGlobalIndex(Index1D gridIdx, Index1D groupIdx) => gridIdx.X * Group.DimX + groupIdx.X;

    /// <summary>The index over all groups of an item of a group.</summary>
    public static Index2D ComputeGlobalIndex(Index2D gridIdx, Index2D groupIdx) =>
        new(gridIdx.X * Group.DimX + groupIdx.X, gridIdx.Y * Group.DimY + groupIdx.Y);

    /// <summary>The index over all groups of an item of a group.</summary>
    public static Index3D ComputeGlobalIndex(Index3D gridIdx, Index3D groupIdx) => new(
        gridIdx.X * Group.DimX + groupIdx.X, gridIdx.Y * Group.DimY + groupIdx.Y, gridIdx.Z * Group.DimZ + groupIdx.Z);

    /// <summary>The index over all groups of an item of a group, in 64 bits.</summary>
    public static LongIndex1D ComputeLongGlobalIndex(Index1D gridIdx, Index1D groupIdx) => (long)gridIdx.X * Group.DimX + groupIdx.X;

    /// <summary>The index over all groups of an item of a group, in 64 bits.</summary>
    public static LongIndex2D ComputeLongGlobalIndex(Index2D gridIdx, Index2D groupIdx) =>
        new((long)gridIdx.X * Group.DimX + groupIdx.X, (long)gridIdx.Y * Group.DimY + groupIdx.Y);

    /// <summary>The index over all groups of an item of a group, in 64 bits.</summary>
    public static LongIndex3D ComputeLongGlobalIndex(Index3D gridIdx, Index3D groupIdx) => new(
        (long)gridIdx.X * Group.DimX + groupIdx.X, (long)gridIdx.Y * Group.DimY + groupIdx.Y, (long)gridIdx.Z * Group.DimZ + groupIdx.Z);

    internal static int GlobalX => IdxX * Group.DimX + Group.IdxX;

    internal static int GlobalY => IdxY * Group.DimY + Group.IdxY;

    internal static int GlobalZ => IdxZ * Group.DimZ + Group.IdxZ;
}
