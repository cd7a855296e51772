namespace Cotangent.Kernels.Il;

/// <summary>Methods of Math on doubles and integers that .NET leaves to the processor.</summary>
internal static class PortableMath
{
    public static double Round(double value, MidpointRounding mode) => mode switch
    {
        MidpointRounding.ToEven => Math.Round(value),
        MidpointRounding.ToZero => Math.Truncate(value),
        MidpointRounding.ToNegativeInfinity => Math.Floor(value),
        MidpointRounding.ToPositiveInfinity => Math.Ceiling(value),
        _ => AwayFromZero(value),
    };

    public static (double Sin, double Cos) SinCos(double x) => (Math.Sin(x), Math.Cos(x));

    // x + 0.5 may round up to the next integer: the fraction is exact.
    private static double AwayFromZero(double value)
    {
        double whole = Math.Truncate(value);
        return Math.Abs(value - whole) >= 0.5 ? whole + Math.CopySign(1, value) : whole;
    }
}

/// <summary>Methods of MathF that .NET leaves to the processor.</summary>
internal static class PortableMathF
{
    public static float Round(float x, MidpointRounding mode) => mode switch
    {
        MidpointRounding.ToEven => MathF.Round(x),
        MidpointRounding.ToZero => MathF.Truncate(x),
        MidpointRounding.ToNegativeInfinity => MathF.Floor(x),
        MidpointRounding.ToPositiveInfinity => MathF.Ceiling(x),
        _ => AwayFromZero(x),
    };

    public static (float Sin, float Cos) SinCos(float x) => (MathF.Sin(x), MathF.Cos(x));

    private static float AwayFromZero(float value)
    {
        float whole = MathF.Truncate(value);
        return MathF.Abs(value - whole) >= 0.5f ? whole + MathF.CopySign(1, value) : whole;
    }
}

/// <summary>Methods of BitOperations that .NET leaves to the processor or to a table.</summary>
internal static class PortableBitOperations
{
    // The polynomial of CRC-32C (Castagnoli), its bits reversed.
    private const uint Polynomial = 0x82F63B78;

    public static uint Crc32C(uint crc, byte data) => Divide(crc ^ data, 8);

    public static uint Crc32C(uint crc, ushort data) => Divide(crc ^ data, 16);

    public static uint Crc32C(uint crc, uint data) => Divide(crc ^ data, 32);

    public static uint Crc32C(uint crc, ulong data) => Divide(Divide(crc ^ (uint)data, 32) ^ (uint)(data >> 32), 32);

    private static uint Divide(uint crc, int bits)
    {
        for (int i = 0; i < bits; i++)
            crc = (crc >> 1) ^ ((crc & 1) * Polynomial);
        return crc;
    }
}
