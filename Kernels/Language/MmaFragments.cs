namespace Cotangent.Kernels;

// Each lane of a warp holds a part of a matrix in registers; which part is the layout of PTX's mma.sync (PTX ISA, "Matrix Fragments for
// mma.m16n8k8" and "for mma.m16n8k16"). With lane = 4·g + t, g in 0 … 7 and t in 0 … 3:

/// <summary>A lane's part of a 16 × 8 matrix C or of the sums: <see cref="X"/> is row g, column 2t, <see cref="Y"/> the next column,
/// <see cref="Z"/> and <see cref="W"/> the same of row g + 8, in lane 4·g + t.</summary>
public struct MmaSums
{
    /// <summary>Row g, column 2t.</summary>
    public float X;

    /// <summary>Row g, column 2t + 1.</summary>
    public float Y;

    /// <summary>Row g + 8, column 2t.</summary>
    public float Z;

    /// <summary>Row g + 8, column 2t + 1.</summary>
    public float W;
}

/// <summary>A lane's part of a 16 × 8 matrix A of tf32 numbers, in lane 4·g + t.</summary>
public struct MmaTf32A
{
    /// <summary>Row g, column t.</summary>
    public float X;

    /// <summary>Row g + 8, column t.</summary>
    public float Y;

    /// <summary>Row g, column t + 4.</summary>
    public float Z;

    /// <summary>Row g + 8, column t + 4.</summary>
    public float W;
}

/// <summary>A lane's part of an 8 × 8 matrix B of tf32 numbers, in lane 4·g + t.</summary>
public struct MmaTf32B
{
    /// <summary>Row t, column g.</summary>
    public float X;

    /// <summary>Row t + 4, column g.</summary>
    public float Y;
}

/// <summary>A lane's part of a 16 × 16 matrix A of 16-bit numbers, in lane 4·g + t: pairs of neighbouring columns, the first in the low
/// half (<see cref="Mma.Pack(Half, Half)"/>).</summary>
public struct MmaPairsA
{
    /// <summary>Row g, columns 2t and 2t + 1.</summary>
    public uint X;

    /// <summary>Row g + 8, columns 2t and 2t + 1.</summary>
    public uint Y;

    /// <summary>Row g, columns 2t + 8 and 2t + 9.</summary>
    public uint Z;

    /// <summary>Row g + 8, columns 2t + 8 and 2t + 9.</summary>
    public uint W;
}

/// <summary>A lane's part of a 16 × 8 matrix B of 16-bit numbers, in lane 4·g + t: pairs of neighbouring rows, the first in the low
/// half.</summary>
public struct MmaPairsB
{
    /// <summary>Rows 2t and 2t + 1, column g.</summary>
    public uint X;

    /// <summary>Rows 2t + 8 and 2t + 9, column g.</summary>
    public uint Y;
}
