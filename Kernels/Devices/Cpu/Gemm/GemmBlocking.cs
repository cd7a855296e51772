namespace Cotangent.Kernels.Cpu;

/// <summary>How a product is cut so that its pieces stay in cache. Values do not depend on it, only speed.</summary>
internal static class GemmBlocking
{
    /// <summary>Terms of the sum taken at a time: a panel of B of this depth (72 KiB at most) stays close while the rows of a block
    /// of A pass over it. Deeper means fewer passes over C.</summary>
    public const int Depth = 384;

    /// <summary>Columns of B packed at a time: bounds the packed B that all threads share, with <see cref="SlabBytes"/>.</summary>
    public const int Columns = 6144;

    /// <summary>Bytes of packed B, shared by all threads, in L3 (in L2 for products of moderate size).</summary>
    public const long SlabBytes = 8L << 20;

    /// <summary>Multiply-adds below which handing work to another thread costs more than it gains.</summary>
    public const long SerialWork = 1 << 18;

    /// <summary>Tiles across one operand up to which the other is read where it lies: packing it would cost more than it saves.</summary>
    public const int DirectTiles = 2;

    /// <summary>Rows of A packed at a time by one thread: with <see cref="Depth"/> 576 KiB, the larger part of L2. A multiple of the
    /// tiles' heights, 6 and 8.</summary>
    public static unsafe int Rows<T>()
        where T : unmanaged => 1536 / sizeof(T);

    public static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    public static int Ceiling(int value, int divisor) => (int)(((long)value + divisor - 1) / divisor);
}
