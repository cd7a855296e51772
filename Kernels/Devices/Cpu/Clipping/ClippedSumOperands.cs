namespace Cotangent.Kernels.Cpu;

/// <summary>Where the operands of a clipped sum lie.</summary>
internal unsafe struct ClippedSumOperands
{
    /// <summary>a.</summary>
    public nint Left;

    /// <summary>g.</summary>
    public nint Right;

    /// <summary>A byte an example: 0 for those that do not count.</summary>
    public byte* Mask;

    /// <summary>C.</summary>
    public double* Limit;

    /// <summary>The working memory.</summary>
    public byte* Scratch;

    /// <summary>Receives the sum [left, right].</summary>
    public nint Sum;

    /// <summary>Receives the squared norms [examples].</summary>
    public double* Squares;
}
