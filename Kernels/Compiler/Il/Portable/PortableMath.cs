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

    private static float AwayFromZero(float value)
    {
        float whole = MathF.Truncate(value);
        return MathF.Abs(value - whole) >= 0.5f ? whole + MathF.CopySign(1, value) : whole;
    }
}

/// <summary>Methods of BitOperations that .NET leaves to the processor.</summary>
internal static class PortableBitOperations
{
}
