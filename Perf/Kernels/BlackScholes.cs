using System.Runtime.Intrinsics;
using Cotangent.Kernels;

namespace Cotangent.Perf.Kernels;

/// <summary>Prices of European options, the normal distribution by Abramowitz and Stegun's polynomial. By hand with
/// Vector512.Exp and Log.</summary>
internal static unsafe class BlackScholes
{
    private const int Count = 1 << 16;
    private const int Lanes = 16;
    private const float Rate = 0.02f;
    private const float Volatility = 0.3f;

    private static void Price(Index1D i, ArrayView<float> spot, ArrayView<float> strike, ArrayView<float> years, ArrayView<float> call,
        ArrayView<float> put)
    {
        float root = MathF.Sqrt(years[i]);
        float d1 = (MathF.Log(spot[i] / strike[i]) + (Rate + 0.5f * Volatility * Volatility) * years[i]) / (Volatility * root);
        float d2 = d1 - Volatility * root;
        float n1 = Normal(d1), n2 = Normal(d2);
        float discounted = strike[i] * MathF.Exp(-Rate * years[i]);
        call[i] = spot[i] * n1 - discounted * n2;
        put[i] = discounted * (1 - n2) - spot[i] * (1 - n1);
    }

    private static float Normal(float d)
    {
        float k = 1 / (1 + 0.2316419f * MathF.Abs(d));
        float tail = 0.39894228f * MathF.Exp(-0.5f * d * d)
            * (k * (0.31938153f + k * (-0.356563782f + k * (1.781477937f + k * (-1.821255978f + k * 1.330274429f)))));
        return d > 0 ? 1 - tail : tail;
    }

    public static Contest[] Cases(Lab lab)
    {
        DeviceBuffer<float> spot = lab.Floats(Count, 5, 30), strike = lab.Floats(Count, 1, 100), years = lab.Floats(Count, 0.25f, 10);
        DeviceBuffer<float> call = lab.Empty<float>(Count), put = lab.Empty<float>(Count);
        Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>> kernel = lab.Device
            .Load<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>>(Price);
        float* s = Lab.Pointer(spot), x = Lab.Pointer(strike), t = Lab.Pointer(years), c = Lab.Pointer(call), p = Lab.Pointer(put);
        return
        [
            new Contest($"black-scholes {Count >> 10} K")
            {
                Ours = () => kernel(Count, spot, strike, years, call, put),
                Hand = (from, to) =>
                {
                    for (int i = from * Lanes; i < to * Lanes; i += Lanes)
                        ByHand(s + i, x + i, t + i, c + i, p + i);
                },
                Plain = (from, to) =>
                {
                    for (int i = from * Lanes; i < to * Lanes; i++)
                        Plain(s[i], x[i], t[i], c + i, p + i);
                },
                Units = Count / Lanes,
                Reset = Lab.Clear(call),
                Result = () => [.. Lab.Numbers(call), .. Lab.Numbers(put)],
                Work = Count,
                Unit = "Goption/s",
            },
        ];
    }

    private static void ByHand(float* spot, float* strike, float* years, float* call, float* put)
    {
        Vector512<float> s = Vector512.Load(spot), x = Vector512.Load(strike), t = Vector512.Load(years), one = Vector512<float>.One;
        Vector512<float> spread = Volatility * Vector512.Sqrt(t);
        Vector512<float> d1 = (Vector512.Log(s / x) + (Rate + 0.5f * Volatility * Volatility) * t) / spread;
        Vector512<float> n1 = Normal(d1), n2 = Normal(d1 - spread);
        Vector512<float> discounted = x * Vector512.Exp(-Rate * t);
        (s * n1 - discounted * n2).Store(call);
        (discounted * (one - n2) - s * (one - n1)).Store(put);
    }

    private static Vector512<float> Normal(Vector512<float> d)
    {
        Vector512<float> one = Vector512<float>.One;
        Vector512<float> k = one / Vector512.FusedMultiplyAdd(Vector512.Create(0.2316419f), Vector512.Abs(d), one);
        Vector512<float> p = Vector512.FusedMultiplyAdd(k, Vector512.Create(1.330274429f), Vector512.Create(-1.821255978f));
        p = Vector512.FusedMultiplyAdd(k, p, Vector512.Create(1.781477937f));
        p = Vector512.FusedMultiplyAdd(k, p, Vector512.Create(-0.356563782f));
        p = Vector512.FusedMultiplyAdd(k, p, Vector512.Create(0.31938153f));
        Vector512<float> tail = 0.39894228f * Vector512.Exp(-0.5f * d * d) * (k * p);
        return Vector512.ConditionalSelect(Vector512.GreaterThan(d, Vector512<float>.Zero), one - tail, tail);
    }

    private static void Plain(float s, float x, float t, float* call, float* put)
    {
        float root = MathF.Sqrt(t);
        float d1 = (MathF.Log(s / x) + (Rate + 0.5f * Volatility * Volatility) * t) / (Volatility * root);
        float n1 = Normal(d1), n2 = Normal(d1 - Volatility * root);
        float discounted = x * MathF.Exp(-Rate * t);
        *call = s * n1 - discounted * n2;
        *put = discounted * (1 - n2) - s * (1 - n1);
    }
}
