using System.Collections.Concurrent;
using System.Reflection;

namespace Cotangent.Kernels.Ir;

/// <summary>Which C# method stands behind an <see cref="Opcode.Call"/>.</summary>
internal static class MathLibrary
{
    private static readonly ConcurrentDictionary<(MathFunction, ScalarType), MethodInfo> s_methods = new();
    private static readonly ConcurrentDictionary<(MathFunction, ScalarType), Delegate> s_delegates = new();

    /// <summary>The method of <see cref="XMath"/> for a function on Float32 or Float64.</summary>
    public static MethodInfo Method(MathFunction function, ScalarType type) =>
        s_methods.GetOrAdd((function, type), static key => Find(key.Item1, key.Item2));

    private static MethodInfo Find(MathFunction function, ScalarType type)
    {
        Type element = type switch
        {
            ScalarType.Float32 => typeof(float),
            ScalarType.Float64 => typeof(double),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type,
                "The mathematical functions take Float32 and Float64."),
        };
        Type[] signature = IsBinary(function) ? [element, element] : [element];
        return typeof(XMath).GetMethod(function.ToString(), BindingFlags.Public | BindingFlags.Static, signature)
            ?? throw new MissingMethodException(nameof(XMath), $"{function}({element.Name})");
    }

    /// <summary>The function's value on raw bits.</summary>
    public static ulong Evaluate(MathFunction function, ScalarType type, ulong x, ulong y)
    {
        Delegate method = s_delegates.GetOrAdd((function, type), static key => Bind(key.Item1, key.Item2));
        return method switch
        {
            Func<float, float> f => Conversions.ToBits(f(Conversions.FromBits<float>(x))),
            Func<float, float, float> f =>
                Conversions.ToBits(f(Conversions.FromBits<float>(x), Conversions.FromBits<float>(y))),
            Func<double, double> f => Conversions.ToBits(f(Conversions.FromBits<double>(x))),
            Func<double, double, double> f =>
                Conversions.ToBits(f(Conversions.FromBits<double>(x), Conversions.FromBits<double>(y))),
            _ => throw new NotSupportedException($"{function} has an unknown signature."),
        };
    }

    private static bool IsBinary(MathFunction function) => function is MathFunction.Pow or MathFunction.Atan2;

    private static Delegate Bind(MathFunction function, ScalarType type)
    {
        MethodInfo method = Method(function, type);
        return (type, IsBinary(function)) switch
        {
            (ScalarType.Float32, false) => method.CreateDelegate<Func<float, float>>(),
            (ScalarType.Float32, true) => method.CreateDelegate<Func<float, float, float>>(),
            (_, false) => method.CreateDelegate<Func<double, double>>(),
            (_, true) => method.CreateDelegate<Func<double, double, double>>(),
        };
    }
}
