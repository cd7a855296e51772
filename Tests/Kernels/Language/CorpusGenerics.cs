using System.Numerics;
using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Generic kernels: static abstract members, generic math, functors.</summary>
public static class CorpusGenerics
{
    private const int N = 29;

    public interface IUnary<T>
    {
        static abstract T Invoke(T x);

        static virtual string Name => "unary";
    }

    public interface IScaled : IUnary<float>
    {
        static abstract float Scale { get; }

        static virtual float Twice(float x) => 2 * x;
    }

    public readonly struct Squared : IScaled
    {
        public static float Scale => 10;

        public static float Invoke(float x) => x * x;
    }

    public readonly struct Negated : IScaled
    {
        public static float Scale => 1;

        public static float Invoke(float x) => -x;

        public static float Twice(float x) => x + x + 1;
    }

    public interface ISize
    {
        static abstract int Size { get; }
    }

    public readonly struct Four : ISize
    {
        public static int Size => 4;
    }

    public interface IFunctor
    {
        float Apply(float x);
    }

    public struct AddCounter(float step) : IFunctor
    {
        private readonly float _step = step;
        private int _count;

        public float Apply(float x)
        {
            _count++;
            return x + _step * _count;
        }
    }

    /// <summary>A dual number: a value and its derivative.</summary>
    public readonly struct Dual<T>(T value, T tangent)
        where T : struct, IFloatingPointIeee754<T>
    {
        public T Value { get; } = value;

        public T Tangent { get; } = tangent;

        public static Dual<T> operator +(Dual<T> a, Dual<T> b) => new(a.Value + b.Value, a.Tangent + b.Tangent);

        public static Dual<T> operator *(Dual<T> a, Dual<T> b) => new(a.Value * b.Value, a.Value * b.Tangent + a.Tangent * b.Value);

        public static implicit operator Dual<T>(T value) => new(value, T.Zero);
    }

    private static float[] Inputs => [.. Enumerable.Range(0, N).Select(i => i * 0.5f - 3)];

    private static void Map(Device d, Action<Index1D, ArrayView<float>, ArrayView<float>> kernel, Func<float, float> expected)
    {
        DeviceBuffer<float> x = d.Allocate<float>(Inputs);
        DeviceBuffer<float> y = d.Allocate<float>(N);
        d.Load(kernel)(N, x, y);
        Assert.Equal(Inputs.Select(expected), y.ToArray());
    }

    private static void Unary<TOp>(Index1D i, ArrayView<float> x, ArrayView<float> y)
        where TOp : struct, IScaled => y[i] = TOp.Scale * TOp.Invoke(x[i]) + TOp.Twice(x[i]);

    [Feature]
    public static void StaticAbstractMembers(Device d)
    {
        Map(d, Unary<Squared>, x => 10 * (x * x) + 2 * x);
        Map(d, Unary<Negated>, x => -x + (x + x + 1));
    }

    private static void Sized<TSize>(Index1D i, ArrayView<float> x, ArrayView<float> y)
        where TSize : ISize
    {
        ArrayView<float> a = LocalMemory.Allocate<float>(TSize.Size * 2);
        for (int k = 0; k < TSize.Size * 2; k++)
            a[k] = x[i] + k;
        y[i] = a[TSize.Size] + a[2 * TSize.Size - 1];
    }

    [Feature]
    public static void SizesFromTypeParameters(Device d) => Map(d, Sized<Four>, x => x + 4 + (x + 7));

    private static void Functor<TFunctor>(Index1D i, ArrayView<float> x, ArrayView<float> y, TFunctor f)
        where TFunctor : struct, IFunctor => y[i] = f.Apply(f.Apply(x[i]));

    [Feature]
    public static void InstanceFunctor(Device d)
    {
        DeviceBuffer<float> x = d.Allocate<float>(Inputs);
        DeviceBuffer<float> y = d.Allocate<float>(N);
        d.Load<Index1D, ArrayView<float>, ArrayView<float>, AddCounter>(Functor)(N, x, y, new AddCounter(0.5f));
        Assert.Equal(Inputs.Select(v => v + 0.5f + 1f), y.ToArray());
    }

    private static T Polynomial<T>(T x)
        where T : struct, INumber<T>
    {
        T two = T.One + T.One;
        T sum = T.Zero;
        for (int k = 0; k < 3; k++)
            sum = sum * x + two;
        return x > T.Zero ? sum : T.Max(-sum, x) / two;
    }

    private static void Numbers<T>(Index1D i, ArrayView<T> x)
        where T : unmanaged, INumber<T> => x[i] = Polynomial(x[i]) % (T.One + T.One + T.One) + T.CreateTruncating(i.X);

    private static void CheckNumbers<T>(Device d)
        where T : unmanaged, INumber<T>
    {
        T[] input = [.. Enumerable.Range(0, N).Select(i => T.CreateTruncating(i * 7 % 23) - T.CreateTruncating(typeof(T) == typeof(uint) ? 0 : 9))];
        DeviceBuffer<T> x = d.Allocate<T>(input);
        d.Load<Index1D, ArrayView<T>>(Numbers)(N, x);
        Assert.Equal(input.Select((v, i) => Polynomial(v) % (T.One + T.One + T.One) + T.CreateTruncating(i)), x.ToArray());
    }

    [Feature]
    public static void GenericMath(Device d)
    {
        CheckNumbers<float>(d);
        CheckNumbers<double>(d);
        CheckNumbers<int>(d);
        CheckNumbers<uint>(d);
        CheckNumbers<long>(d);
    }

    private static void DualNumbers<T>(Index1D i, ArrayView<T> x, ArrayView<T> y)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Dual<T> v = new(x[i], T.One);
        Dual<T> p = T.One;
        for (int k = 0; k < 3; k++)
            p = p * v + v;
        y[i] = p.Tangent + T.Sqrt(T.Abs(p.Value));
    }

    [Feature]
    public static void DualNumbersInRegisters(Device d)
    {
        DeviceBuffer<double> x = d.Allocate<double>([.. Inputs.Select(v => (double)v)]);
        DeviceBuffer<double> y = d.Allocate<double>(N);
        d.Load<Index1D, ArrayView<double>, ArrayView<double>>(DualNumbers)(N, x, y);
        double[] expected = [.. Inputs.Select(f =>
        {
            double v = f;
            double p = 1, t = 0;
            for (int k = 0; k < 3; k++)
                (p, t) = (p * v + v, p + t * v + 1);
            return t + Math.Sqrt(Math.Abs(p));
        })];
        double[] actual = y.ToArray();
        for (int i = 0; i < N; i++)
            Assert.Equal(expected[i], actual[i], 1e-12);
    }

    private static void ByType<T>(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        if (typeof(T) == typeof(int))
            y[i] = 1;
        else if (typeof(T) == typeof(float))
            y[i] = x[i];
        else
            y[i] = -1;
    }

    [Feature]
    public static void TypeTests(Device d)
    {
        Map(d, ByType<int>, _ => 1);
        Map(d, ByType<float>, x => x);
        Map(d, ByType<double>, _ => -1);
    }
}
