namespace Cotangent.Kernels.Library;

/// <summary>The functions that a softmax needs of its element type.</summary>
internal interface IRealFunctions<T>
    where T : unmanaged
{
    static abstract T Exp(T x);

    static abstract T Expm1(T x);

    static abstract T Log(T x);

    static abstract T Tanh(T x);
}

/// <summary>Single precision.</summary>
internal readonly struct SingleFunctions : IRealFunctions<float>
{
    public static float Exp(float x) => XMath.Exp(x);

    public static float Expm1(float x) => XMath.Expm1(x);

    public static float Log(float x) => XMath.Log(x);

    public static float Tanh(float x) => XMath.Tanh(x);
}

/// <summary>Double precision.</summary>
internal readonly struct DoubleFunctions : IRealFunctions<double>
{
    public static double Exp(double x) => XMath.Exp(x);

    public static double Expm1(double x) => XMath.Expm1(x);

    public static double Log(double x) => XMath.Log(x);

    public static double Tanh(double x) => XMath.Tanh(x);
}
