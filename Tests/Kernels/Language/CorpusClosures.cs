using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Local functions and lambdas as kernels, captured and specialised values, default interface methods, recursion, finally.</summary>
public static class CorpusClosures
{
    private const int N = 37;

    public interface IShape
    {
        float Side { get; }

        float Area() => Side * Side;

        float Twice() => 2 * Area();

        float Grow(float by);
    }

    public struct Square(float side) : IShape
    {
        private float _side = side;

        public readonly float Side => _side;

        public float Grow(float by) => _side += by;
    }

    public struct Circle(float radius) : IShape
    {
        public readonly float Side => radius;

        public readonly float Area() => 3 * radius * radius;

        public readonly float Grow(float by) => radius + by;
    }

    public struct Settings
    {
        public float Scale;
        public int Steps;
        public bool Negate;
    }

    public readonly struct Counter(ArrayView<float> view, int index) : IDisposable
    {
        public void Dispose() => view[index] += 100;
    }

    private static float[] Floats(int n, float start = 0) => [.. Enumerable.Range(0, n).Select(i => start + i * 0.5f)];

    private static void Check(Device d, Action<Index1D, ArrayView<float>, ArrayView<float>> kernel, Func<float, int, float> expected)
    {
        DeviceBuffer<float> x = d.Allocate<float>(Floats(N, -4));
        DeviceBuffer<float> y = d.Allocate<float>(new float[N]);
        d.Load(kernel)(N, x, y);
        Assert.Equal(Floats(N, -4).Select(expected), y.ToArray());
    }

    [Feature]
    public static void StaticLocalFunctionKernel(Device d)
    {
        static void Kernel(Index1D i, ArrayView<float> x, ArrayView<float> y)
        {
            static float Cube(float v) => v * v * v;
            y[i] = Cube(x[i]);
        }

        Check(d, Kernel, (x, _) => x * x * x);
    }

    [Feature]
    public static void CapturedScalars(Device d)
    {
        float scale = 2.5f;
        int count = 3;
        Settings settings = new() { Scale = 0.5f, Steps = 4, Negate = true };
        Check(d, (i, x, y) =>
        {
            float sum = 0;
            Span<float> parts = stackalloc float[count];
            for (int k = 0; k < count; k++)
                parts[k] = x[i] * scale + settings.Steps;
            for (int k = 0; k < count; k++)
                sum += parts[k];
            y[i] = settings.Negate ? -sum * settings.Scale : sum;
        }, (x, _) => -(x * 2.5f + 4) * 3 * 0.5f);
    }

    [Feature]
    public static void CapturedValuesAreThoseAtLoad(Device d)
    {
        float scale = 2;
        DeviceBuffer<float> y = d.Allocate<float>(1);
        Action<Index1D, ArrayView<float>> Load() => d.Load<Index1D, ArrayView<float>>((i, v) => v[i] = scale);
        Action<Index1D, ArrayView<float>> first = Load();
        scale = 3;
        Action<Index1D, ArrayView<float>> second = Load();
        first(1, y);
        Assert.Equal([2], y.ToArray());
        second(1, y);
        Assert.Equal([3], y.ToArray());
        first(1, y);
        Assert.Equal([2], y.ToArray());
    }

    [Feature]
    public static void CapturedFromOuterScopes(Device d)
    {
        int outer = 5;
        for (int round = 0; round < 2; round++)
        {
            int inner = round + 1;
            void Kernel(Index1D i, ArrayView<float> x, ArrayView<float> y) => y[i] = x[i] * inner + outer;
            Check(d, Kernel, (x, _) => x * inner + 5);
        }
    }

    private static void Specialised(Index1D i, ArrayView<float> y, SpecializedValue<int> length, float add, SpecializedValue<float> scale)
    {
        Span<float> a = stackalloc float[length];
        for (int k = 0; k < length.Value; k++)
            a[k] = k + add;
        float sum = 0;
        foreach (float v in a)
            sum += v;
        y[i] = sum * scale;
    }

    [Feature]
    public static void SpecializedValues(Device d)
    {
        DeviceBuffer<float> y = d.Allocate<float>(N);
        var kernel = d.Load<Index1D, ArrayView<float>, SpecializedValue<int>, float, SpecializedValue<float>>(Specialised);
        foreach (int length in new[] { 3, 5, 3 })
        {
            kernel(N, y, SpecializedValue.New(length), 0.5f, SpecializedValue.New(2f));
            Assert.All(y.ToArray(), v => Assert.Equal(2 * (length * (length - 1) / 2 + 0.5f * length), v));
        }
    }

    private static float Measure<T>(T shape, float by)
        where T : struct, IShape
    {
        float before = shape.Twice();
        shape.Grow(by);
        return before + shape.Side * 100 + shape.Area();
    }

    [Feature]
    public static void DefaultInterfaceMethods(Device d) => Check(d,
        (i, x, y) => y[i] = Measure(new Square(x[i]), 1) + Measure(new Circle(2), x[i]) * 1000,
        (x, _) => (2 * x * x + (x + 1) * 100 + (x + 1) * (x + 1)) + (24 + 200 + 12) * 1000f);

    private static int Factorial(int n) => n <= 1 ? 1 : n * Factorial(n - 1);

    private static bool IsEven(int n) => n == 0 || IsOdd(n - 1);

    private static bool IsOdd(int n) => n != 0 && IsEven(n - 1);

    private static float Tree(float v, int depth) => depth == 0 ? v : Tree(v + depth, depth - 1) - Tree(v, depth - 1);

    [Feature]
    public static void RecursionOfConstantDepth(Device d) => Check(d,
        (i, x, y) => y[i] = Factorial(6) * x[i] + (IsEven(20) ? 1 : 0) + Tree(x[i], 3), (x, _) => 720 * x + 1 + Tree(x, 3));

    private static float Guarded(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        float r = 0;
        for (int k = 0; k < 4; k++)
        {
            try
            {
                if (k == i % 4)
                    continue;
                if (k == 3 && x[i] > 0)
                    return r + 1000;
                r += k;
            }
            finally
            {
                r += 10;
                if (r > 35)
                    y[i] += 1;
            }
        }

        return r;
    }

    private static float GuardedPlain(float x, int i)
    {
        float r = 0, y = 0;
        for (int k = 0; k < 4; k++)
        {
            float result = k == 3 && x > 0 && k != i % 4 ? r + 1000 : float.NaN;
            if (k != i % 4 && float.IsNaN(result))
                r += k;
            r += 10;
            if (r > 35)
                y++;
            if (!float.IsNaN(result))
                return y + result;
        }

        return y + r;
    }

    [Feature]
    public static void FinallyBlocks(Device d) => Check(d, (i, x, y) =>
    {
        float r = Guarded(i, x, y);
        y[i] += r;
    }, GuardedPlain);

    [Feature]
    public static void UsingStructs(Device d) => Check(d, (i, x, y) =>
    {
        using (new Counter(y, i))
        {
            y[i] += x[i];
            if (i > 5)
                return;
        }

        using Counter again = new(y, i);
        y[i] *= 2;
    }, (x, i) => i > 5 ? x + 100 : (x + 100) * 2 + 100);

    private static void BoolParameters(Index1D i, ArrayView<bool> y, bool a, bool b) => y[i] = (i % 2 == 0 && a) ^ b;

    [Feature]
    public static void BoolKernelParameters(Device d)
    {
        DeviceBuffer<bool> y = d.Allocate<bool>(N);
        Action<Index1D, ArrayView<bool>, bool, bool> kernel = d.Load<Index1D, ArrayView<bool>, bool, bool>(BoolParameters);
        kernel(N, y, true, false);
        Assert.Equal(Enumerable.Range(0, N).Select(i => i % 2 == 0), y.ToArray());
        kernel(N, y, true, true);
        Assert.Equal(Enumerable.Range(0, N).Select(i => i % 2 != 0), y.ToArray());
    }

    private static float ByType<T>(T value)
        where T : struct => value is float f ? f * 2 : value is int n ? n + 0.5f : -1;

    [Feature]
    public static void BoxedTypeTests(Device d) => Check(d, (i, x, y) => y[i] = ByType(x[i]) + ByType(i.X) + ByType(2.0), (x, i) => 2 * x + i + 0.5f - 1);
}
