using Cotangent.Kernels;
using Xunit.Abstractions;

namespace Cotangent.Tests.Kernels.Transcendentals;

/// <summary>Single-precision functions of one argument on every float there is: within 2 ulp, subnormals, infinities, NaN and the sign of zero
/// included. The functions run as kernels on the processor's vectors, where the double-precision function beside them tells the truth to
/// 2^−28 of a float's ulp; that one is compared with .NET's own on a part of the floats, and with numbers of 60 digits in
/// <see cref="XMathDoubleTests"/>. That each device has these functions' bits is tested elsewhere.</summary>
/// <remarks>About a quarter of a minute a function on two cores. Functions that are not listed are the double-precision function, rounded:
/// the second test is theirs.</remarks>
[Trait("Category", "Slow")]
public class XMathExhaustiveTests(ITestOutputHelper output)
{
    private const int Items = 1 << 14;
    private const int Rounds = 1 << 10;

    // Every so many floats of a function whose reference is .NET's, which takes one at a time. Odd: all exponents and low bits occur.
    private const uint Stride = 61;

    // What the reference may be off, in ulps of a float.
    private const double Slack = 1e-6;

    private interface IFunction
    {
        static abstract float Single(float x);

        static abstract double Exact(double x);
    }

    private static readonly Dictionary<string, Func<Device, (float Error, float At)>> s_single = new()
    {
        ["Exp"] = Worst<Exp>,
        ["Exp2"] = Worst<Exp2>,
        ["Expm1"] = Worst<Expm1>,
        ["Log"] = Worst<Log>,
        ["Log1p"] = Worst<Log1p>,
        ["Sin"] = Worst<Sin>,
        ["Cos"] = Worst<Cos>,
        ["Tanh"] = Worst<Tanh>,
        ["Erf"] = Worst<Erf>,
    };

    private static readonly Dictionary<string, (Func<double, double> Ours, Func<double, double> Reference)> s_double = new()
    {
        ["Exp"] = (XMath.Exp, Math.Exp),
        ["Exp2"] = (XMath.Exp2, x => Math.Pow(2, x)),
        ["Log"] = (XMath.Log, Math.Log),
        ["Log2"] = (XMath.Log2, Math.Log2),
        ["Log10"] = (XMath.Log10, Math.Log10),
        ["Sin"] = (XMath.Sin, Math.Sin),
        ["Cos"] = (XMath.Cos, Math.Cos),
        ["Tan"] = (XMath.Tan, Math.Tan),
        ["Asin"] = (XMath.Asin, Math.Asin),
        ["Acos"] = (XMath.Acos, Math.Acos),
        ["Atan"] = (XMath.Atan, Math.Atan),
        ["Sinh"] = (XMath.Sinh, Math.Sinh),
        ["Cosh"] = (XMath.Cosh, Math.Cosh),
        ["Tanh"] = (XMath.Tanh, Math.Tanh),
        ["Asinh"] = (XMath.Asinh, Math.Asinh),
        ["Acosh"] = (XMath.Acosh, Math.Acosh),
        ["Atanh"] = (XMath.Atanh, Math.Atanh),
        ["Cbrt"] = (XMath.Cbrt, Math.Cbrt),
    };

    public static TheoryData<string> SingleFunctions => [.. s_single.Keys];

    public static TheoryData<string> DoubleFunctions => [.. s_double.Keys];

    [SlowTheory, MemberData(nameof(SingleFunctions))]
    public void Function_OfEveryFloat_IsWithin2Ulp(string name)
    {
        (float error, float at) = s_single[name](Device.Cpu);
        output.WriteLine($"{name}: at most {error:F4} ulp, at {at:R}");
        Assert.True(error <= 2, $"{name} is off by {error:F3} ulp at {at:R}");
    }

    /// <summary>In ulps of a float, so far as those of a double go: what the rounding to float adds is half an ulp.</summary>
    [SlowTheory, MemberData(nameof(DoubleFunctions))]
    public void DoubleFunction_OfFloats_IsDotNets(string name)
    {
        (Func<double, double> ours, Func<double, double> reference) = s_double[name];
        const int chunks = 1 << 10;
        (double Error, float At)[] worst = new (double, float)[chunks];
        Parallel.For(0, chunks, chunk =>
        {
            const ulong length = (1ul << 32) / chunks;
            for (ulong bits = (ulong)chunk * length; bits < ((ulong)chunk + 1) * length; bits += Stride)
            {
                float x = BitConverter.UInt32BitsToSingle((uint)bits);
                double error = Off(reference(x), ours(x));
                if (error > worst[chunk].Error) worst[chunk] = (error, x);
            }
        });
        (double most, float at) = worst.MaxBy(w => w.Error);
        output.WriteLine($"{name} in double: at most {most:E2} ulp of a float off .NET's, at {at:R}");
        Assert.True(most <= Slack, $"{name} is off by {most:E2} ulp of a float at {at:R}: {ours(at):R}, not {reference(at):R}");
    }

    /// <summary>The difference in ulps of the float that the reference rounds to; infinite where one is special and the other is not that.</summary>
    private static double Off(double exact, double actual)
    {
        if (exact.Equals(actual) || (float.IsInfinity((float)exact) && (float)exact == (float)actual))
            return 0;
        float magnitude = float.Abs((float)exact);
        return double.IsFinite(exact) && double.IsFinite(actual)
            ? double.Abs(actual - exact) / (float.BitIncrement(magnitude) - (double)magnitude)
            : double.PositiveInfinity;
    }

    /// <summary>The largest error over all floats, and where.</summary>
    private static (float Error, float At) Worst<TFunction>(Device device)
        where TFunction : struct, IFunction
    {
        using DeviceBuffer<float> errors = device.Allocate<float>(Items);
        using DeviceBuffer<uint> places = device.Allocate<uint>(Items);
        Action<Index1D, ArrayView<float>, ArrayView<uint>, uint> measure =
            device.Load<Index1D, ArrayView<float>, ArrayView<uint>, uint>(Measure<TFunction>);
        (float Error, float At) worst = default;
        for (ulong block = 0; block < 1ul << 32; block += Items * Rounds)
        {
            measure(Items, errors, places, (uint)block);
            float[] found = errors.ToArray();
            int i = Array.IndexOf(found, found.Max());
            if (found[i] > worst.Error)
                worst = (found[i], BitConverter.UInt32BitsToSingle(places.ToArray()[i]));
        }

        return worst;
    }

    /// <summary>An item's largest error over the floats first + i, first + i + Items, ….</summary>
    private static void Measure<TFunction>(Index1D i, ArrayView<float> errors, ArrayView<uint> places, uint first)
        where TFunction : struct, IFunction
    {
        float most = 0;
        uint at = 0;
        for (int round = 0; round < Rounds; round++)
        {
            uint bits = first + (uint)(round * Items + i.X);
            float x = BitConverter.UInt32BitsToSingle(bits);
            float error = Error(TFunction.Exact(x), TFunction.Single(x));
            at = error > most ? bits : at;
            most = error > most ? error : most;
        }

        errors[i] = most;
        places[i] = at;
    }

    /// <summary>As <see cref="XMathSingleTests.Error"/>, in the kernel language: 10^9 for a wrong zero, infinity or NaN.</summary>
    private static float Error(double exact, float actual)
    {
        float expected = (float)exact;
        bool same = BitConverter.SingleToUInt32Bits(expected) == BitConverter.SingleToUInt32Bits(actual)
            || (float.IsNaN(expected) && float.IsNaN(actual));
        float magnitude = MathF.Abs(expected);
        bool finite = magnitude <= float.MaxValue && MathF.Abs(actual) <= float.MaxValue && (exact != 0 || actual != 0);
        double ulp = (double)BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(magnitude) + 1) - magnitude;
        return same ? 0.5f : finite ? (float)(Math.Abs(actual - exact) / ulp) : 1e9f;
    }

    private readonly struct Exp : IFunction
    {
        public static float Single(float x) => XMath.Exp(x);

        public static double Exact(double x) => XMath.Exp(x);
    }

    private readonly struct Exp2 : IFunction
    {
        public static float Single(float x) => XMath.Exp2(x);

        public static double Exact(double x) => XMath.Exp2(x);
    }

    private readonly struct Expm1 : IFunction
    {
        public static float Single(float x) => XMath.Expm1(x);

        public static double Exact(double x) => XMath.Expm1(x);
    }

    private readonly struct Log : IFunction
    {
        public static float Single(float x) => XMath.Log(x);

        public static double Exact(double x) => XMath.Log(x);
    }

    private readonly struct Log1p : IFunction
    {
        public static float Single(float x) => XMath.Log1p(x);

        public static double Exact(double x) => XMath.Log1p(x);
    }

    private readonly struct Sin : IFunction
    {
        public static float Single(float x) => XMath.Sin(x);

        public static double Exact(double x) => XMath.Sin(x);
    }

    private readonly struct Cos : IFunction
    {
        public static float Single(float x) => XMath.Cos(x);

        public static double Exact(double x) => XMath.Cos(x);
    }

    private readonly struct Tanh : IFunction
    {
        public static float Single(float x) => XMath.Tanh(x);

        public static double Exact(double x) => XMath.Tanh(x);
    }

    private readonly struct Erf : IFunction
    {
        public static float Single(float x) => XMath.Erf(x);

        public static double Exact(double x) => XMath.Erf(x);
    }
}
