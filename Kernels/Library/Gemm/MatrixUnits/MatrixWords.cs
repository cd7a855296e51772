namespace Cotangent.Kernels.Library;

/// <summary>What a register of a matrix unit holds of an operand: one tf32 number, or two 16-bit ones.</summary>
internal interface IMatrixWord
{
    /// <summary>Consecutive terms of the sum in a word.</summary>
    static abstract int Terms { get; }

    /// <summary>A word of the rounded numbers; the second counts where there are two.</summary>
    static abstract uint Of(float first, float second);

    /// <summary>sums + A·B, 8 words deep.</summary>
    static abstract MmaSums MultiplyAdd(MmaPairsA a, MmaPairsB b, MmaSums sums);
}

/// <summary>Words of one tf32 number.</summary>
internal readonly struct Tf32Word : IMatrixWord
{
    public static int Terms => 1;

    public static uint Of(float first, float second) => Interop.FloatAsInt(Mma.RoundToTf32(first));

    public static MmaSums MultiplyAdd(MmaPairsA a, MmaPairsB b, MmaSums sums)
    {
        MmaTf32A left;
        left.X = Interop.IntAsFloat(a.X);
        left.Y = Interop.IntAsFloat(a.Y);
        left.Z = Interop.IntAsFloat(a.Z);
        left.W = Interop.IntAsFloat(a.W);
        MmaTf32B right;
        right.X = Interop.IntAsFloat(b.X);
        right.Y = Interop.IntAsFloat(b.Y);
        return Mma.MultiplyAdd(left, right, sums);
    }
}

/// <summary>Words of two bfloat16 numbers.</summary>
internal readonly struct BFloat16Word : IMatrixWord
{
    public static int Terms => 2;

    public static uint Of(float first, float second) => Mma.Pack((BFloat16)first, (BFloat16)second);

    public static MmaSums MultiplyAdd(MmaPairsA a, MmaPairsB b, MmaSums sums) => Mma.MultiplyAddBFloat16(a, b, sums);
}
