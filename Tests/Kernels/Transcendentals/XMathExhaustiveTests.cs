using Cotangent.Kernels;

namespace Cotangent.Tests.Kernels.Transcendentals;

/// <summary>Single-precision functions of one argument on every float there is: within 2 ulp, subnormals, infinities and NaN included. That each
/// device has these functions' bits is tested elsewhere.</summary>
[Trait("Category", "Slow")]
public class XMathExhaustiveTests
{
    private const int Chunks = 1 << 12;

    private static readonly Dictionary<string, (Func<float, float> Single, Func<double, double> Exact)> s_functions = new()
    {
        ["Exp"] = (XMath.Exp, Math.Exp),
        ["Log"] = (XMath.Log, Math.Log),
        ["Tanh"] = (XMath.Tanh, Math.Tanh),
        ["Erf"] = (XMath.Erf, XMath.Erf),
        ["Sin"] = (XMath.Sin, Math.Sin),
        ["Cos"] = (XMath.Cos, Math.Cos),
    };

    public static TheoryData<string> Functions => [.. s_functions.Keys];

    [SlowTheory, MemberData(nameof(Functions))]
    public void Function_OfEveryFloat_IsWithin2Ulp(string name)
    {
        (Func<float, float> single, Func<double, double> exact) = s_functions[name];
        (double Error, float At)[] worst = new (double, float)[Chunks];
        Parallel.For(0, Chunks, chunk =>
        {
            const uint length = uint.MaxValue / Chunks + 1;
            for (uint i = 0; i < length; i++)
            {
                float x = BitConverter.UInt32BitsToSingle((uint)chunk * length + i);
                double error = XMathSingleTests.Error(exact(x), single(x));
                if (error > worst[chunk].Error) worst[chunk] = (error, x);
            }
        });
        (double most, float at) = worst.MaxBy(w => w.Error);
        Assert.True(most <= 2, $"{name} is off by {most:F3} ulp at {at:R}: {single(at):R}, not {exact(at):R}");
    }
}
