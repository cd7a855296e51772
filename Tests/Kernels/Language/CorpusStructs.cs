using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Structs, references, views, constants.</summary>
public static class CorpusStructs
{
    private const int N = 37;
    private const float Half = 0.5f;
    private static readonly float s_scale = 3f;
    private static readonly Vector s_unit = new(1, 2, 3);

    public struct Vector(float x, float y, float z)
    {
        public float X = x;
        public float Y = y;
        public float Z = z;

        public readonly float Dot(Vector other) => X * other.X + Y * other.Y + Z * other.Z;

        public void Scale(float s)
        {
            X *= s;
            Y *= s;
            Z *= s;
        }

        public static Vector operator +(Vector a, Vector b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z);
    }

    public readonly record struct Pair(int Count, double Weight);

    public struct Mixed
    {
        public byte Tag;
        public double Value;
        public short Small;
        public bool Flag;
        public Vector Inner;
    }

    public enum Mode : byte
    {
        Plus,
        Minus = 5,
    }

    public struct Step
    {
        public float Rate;
        public ArrayView<float> Weights;
        public Mode Mode;
        public bool Negate;
    }

    private static float[] Floats(int n, float start = 0) => [.. Enumerable.Range(0, n).Select(i => start + i * 0.5f)];

    private static float[] Map(Device d, Action<Index1D, ArrayView<float>, ArrayView<float>> kernel)
    {
        DeviceBuffer<float> x = d.Allocate<float>(Floats(N, -4));
        DeviceBuffer<float> y = d.Allocate<float>(new float[N]);
        d.Load(kernel)(N, x, y);
        return y.ToArray();
    }

    private static void Check(Device d, Action<Index1D, ArrayView<float>, ArrayView<float>> kernel, Func<float, int, float> expected) =>
        Assert.Equal(Floats(N, -4).Select(expected), Map(d, kernel));

    private static void Registers(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        Vector v = new(x[i], 1, 2);
        Vector w = v;
        w.Scale(2);
        v.Y = w.X;
        Vector sum = v + w;
        y[i] = sum.Dot(new Vector(1, 10, 100));
    }

    [Feature]
    public static void StructsInRegisters(Device d) => Check(d, Registers, (x, _) =>
        (x + 2 * x) + 10 * (2 * x + 2) + 100 * (2 + 4));

    private static void Particles(Index1D i, ArrayView<Vector> p, ArrayView<float> y)
    {
        p[i].X += 1;
        p[i].Scale(2);
        Vector v = p[i];
        p[i] = v + new Vector(0, 0, i);
        ref Vector r = ref p[i];
        r.Y = r.Z;
        y[i] = p[i].Dot(v);
    }

    [Feature]
    public static void StructElements(Device d)
    {
        Vector[] input = [.. Enumerable.Range(0, N).Select(i => new Vector(i, 2 * i, 1))];
        DeviceBuffer<Vector> p = d.Allocate<Vector>(input);
        DeviceBuffer<float> y = d.Allocate<float>(N);
        d.Load<Index1D, ArrayView<Vector>, ArrayView<float>>(Particles)(N, p, y);
        Vector[] points = p.ToArray();
        float[] dots = y.ToArray();
        for (int i = 0; i < N; i++)
        {
            Vector v = new(2 * (i + 1), 4 * i, 2);
            Vector expected = new(v.X, 2 + i, 2 + i);
            Assert.Equal(expected, points[i]);
            Assert.Equal(expected.Dot(v), dots[i]);
        }
    }

    private static void MixedFields(Index1D i, ArrayView<Mixed> m)
    {
        m[i].Tag++;
        m[i].Value *= 2;
        m[i].Small = (short)-m[i].Small;
        m[i].Flag = !m[i].Flag;
        m[i].Inner.Z = m[i].Inner.X + m[i].Inner.Y;
    }

    [Feature]
    public static void StructsOfMixedSizes(Device d)
    {
        Mixed[] input = [.. Enumerable.Range(0, N).Select(i => new Mixed
        {
            Tag = (byte)i, Value = i * 0.25, Small = (short)i, Flag = i % 3 == 0, Inner = new Vector(i, 2, 0),
        })];
        DeviceBuffer<Mixed> m = d.Allocate<Mixed>(input);
        d.Load<Index1D, ArrayView<Mixed>>(MixedFields)(N, m);
        Mixed[] result = m.ToArray();
        for (int i = 0; i < N; i++)
        {
            Mixed expected = input[i];
            expected.Tag++;
            expected.Value *= 2;
            expected.Small = (short)-i;
            expected.Flag = !expected.Flag;
            expected.Inner.Z = i + 2;
            Assert.Equal(expected, result[i]);
        }
    }

    private static void Parameters(Index1D i, Step s, Pair p, ArrayView<float> y, bool add, byte small, uint big)
    {
        float w = s.Weights[i] * s.Rate + (float)p.Weight * p.Count;
        if (s.Mode == Mode.Minus)
            w -= 1000;
        if (s.Negate)
            w = -w;
        y[i] = add ? w + small + big / 4u : w;
    }

    [Feature]
    public static void StructParameters(Device d)
    {
        DeviceBuffer<float> x = d.Allocate<float>(Floats(N));
        DeviceBuffer<float> y = d.Allocate<float>(N);
        Action<Index1D, Step, Pair, ArrayView<float>, bool, byte, uint> kernel =
            d.Load<Index1D, Step, Pair, ArrayView<float>, bool, byte, uint>(Parameters);
        kernel(N, new Step { Rate = 2, Weights = x, Mode = Mode.Minus, Negate = true }, new Pair(3, 0.5), y, true, 200, 4000000000);
        Assert.Equal(Floats(N).Select(v => -(v * 2 + 1.5f - 1000) + 200 + 1000000000u), y.ToArray());
        kernel(N, new Step { Rate = 1, Weights = x, Mode = Mode.Plus }, new Pair(1, 0.25), y, false, 0, 0);
        Assert.Equal(Floats(N).Select(v => v + 0.25f), y.ToArray());
    }

    private static void SinCosLike(float v, out float s, out float c, ref int calls, in float bias)
    {
        s = v + bias;
        c = v - bias;
        calls++;
    }

    private static void References(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        int calls = 0;
        float bias = 0.25f;
        SinCosLike(x[i], out float s, out float c, ref calls, in bias);
        SinCosLike(s, out s, out float c2, ref calls, in bias);
        SinCosLike(c, out y[i], out c, ref calls, 1f);
        ref float slot = ref y[i];
        slot += s + c2 + calls;
        ref float which = ref s;
        which = 7;
        slot *= s;
    }

    [Feature]
    public static void RefInOut(Device d) => Check(d, References, (x, _) => ((x - 0.25f + 1) + (x + 0.25f + 0.25f) + (x + 0.25f - 0.25f) + 3) * 7);

    private static (float Low, float High) Order(float a, float b) => a < b ? (a, b) : (b, a);

    private static void Tuples(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        (float low, float high) = Order(x[i], 2f);
        (int A, (float B, float C) Inner) nested = (i, (low, high));
        nested.Inner.B += 1;
        y[i] = nested.A + nested.Inner.B * 10 + nested.Inner.C * 100;
    }

    [Feature]
    public static void ValueTuples(Device d) => Check(d, Tuples, (x, i) => i + (MathF.Min(x, 2) + 1) * 10 + MathF.Max(x, 2) * 100);

    private static void Records(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        Pair a = new(i, x[i]);
        Pair b = a with { Count = 3 };
        (int count, double weight) = b;
        y[i] = (a == b ? 100 : 0) + count + (float)weight;
    }

    [Feature]
    public static void RecordStructs(Device d) => Check(d, Records, (x, i) => (i == 3 ? 100 : 0) + 3 + x);

    private static void Statics(Index1D i, ArrayView<float> x, ArrayView<float> y) =>
        y[i] = x[i] * s_scale + Half + s_unit.Y + Int32Constants.Limit;

    private static class Int32Constants
    {
        public static readonly int Limit = int.Parse("42");
    }

    [Feature]
    public static void ConstantsAndReadonlyStatics(Device d) => Check(d, Statics, (x, _) => x * 3 + 0.5f + 2 + 42);

    private static void SubViews(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        ArrayView<float> part = x.SubView(4, 8);
        ArrayView<float> rest = x.SubView(i);
        ArrayView<float> chosen = i % 2 == 0 ? part : x;
        y[i] = part[i % 8] + rest[0] * part.IntLength + rest.Length + chosen[1];
    }

    [Feature]
    public static void SubViewsOfViews(Device d) => Check(d, SubViews, (x, i) =>
        Floats(N, -4)[4 + i % 8] + x * 8 + (N - i) + Floats(N, -4)[i % 2 == 0 ? 5 : 1]);

    private static void Indices(Index2D i, ArrayView<int> y, Index2D size)
    {
        Index2D next = i + new Index2D(1, 2);
        Index1D linear = i.Y * size.X + i.X;
        y[linear] = next.X * 1000 + next.Y * 10 + (i.InBounds(new Index2D(2, 2)) ? 1 : 0) + (i == Index2D.Zero ? 5 : 0);
    }

    [Feature]
    public static void TwoDimensionalRange(Device d)
    {
        DeviceBuffer<int> y = d.Allocate<int>(7 * 5);
        d.Load<Index2D, ArrayView<int>, Index2D>(Indices)(new(7, 5), y, new(7, 5));
        Assert.Equal(from r in Enumerable.Range(0, 5) from c in Enumerable.Range(0, 7)
                     select (c + 1) * 1000 + (r + 2) * 10 + (c < 2 && r < 2 ? 1 : 0) + (c == 0 && r == 0 ? 5 : 0), y.ToArray());
    }

    private static void Cube(Index3D i, ArrayView<int> y) => y[(i.Z * 3 + i.Y) * 4 + i.X] = i.X + 10 * i.Y + 100 * i.Z;

    [Feature]
    public static void ThreeDimensionalRange(Device d)
    {
        DeviceBuffer<int> y = d.Allocate<int>(4 * 3 * 2);
        d.Load<Index3D, ArrayView<int>>(Cube)(new(4, 3, 2), y);
        Assert.Equal(from z in Enumerable.Range(0, 2) from r in Enumerable.Range(0, 3) from c in Enumerable.Range(0, 4)
                     select c + 10 * r + 100 * z, y.ToArray());
    }

    private static void LocalArray(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        ArrayView<float> a = LocalMemory.Allocate<float>(4);
        for (int k = 0; k < 4; k++)
            a[k] = x[(i + k) % x.IntLength];
        float sum = 0;
        for (int k = 0; k < 4; k++)
            sum += a[(k + i) & 3] * (k + 1);
        y[i] = sum;
    }

    [Feature]
    public static void LocalArrays(Device d) => Check(d, LocalArray, (_, i) =>
    {
        float[] x = Floats(N, -4);
        float sum = 0;
        for (int k = 0; k < 4; k++)
            sum += x[(i + ((k + i) & 3)) % N] * (k + 1);
        return sum;
    });

    private static void Lambda(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        static float Square(float v) => v * v;
        float bias = x[i];
        float Add(float v) => v + bias;
        y[i] = Add(Square(3));
    }

    [Feature]
    public static void LocalFunctions(Device d) => Check(d, Lambda, (x, _) => 9 + x);

    [Feature]
    public static void LambdaKernel(Device d) => Check(d, (i, x, y) => y[i] = x[i] + 1, (x, _) => x + 1);

    private static void Copies(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        Vector v = default;
        for (int k = 0; k < 3; k++)
        {
            Vector old = v;
            v.X = old.Y + 1;
            v.Y = old.Z + x[i];
            v.Z = old.X;
            if (k == i % 3)
                v = new Vector(k, k, k);
        }

        y[i] = v.X + v.Y * 10 + v.Z * 100;
    }

    [Feature]
    public static void StructsCarriedByLoops(Device d) => Check(d, Copies, (x, i) =>
    {
        Vector v = default;
        for (int k = 0; k < 3; k++)
            v = k == i % 3 ? new Vector(k, k, k) : new Vector(v.Y + 1, v.Z + x, v.X);
        return v.X + v.Y * 10 + v.Z * 100;
    });
}
