using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Control;

/// <summary>A function with a loop or choice in it, and the same as ordinary C#.</summary>
internal sealed record ControlCase(string Name, Func<Tensor[], Tensor[]> Function, Func<Tensor[], Tensor[]> InCSharp, params Shape[] Shapes)
{
    /// <summary>True if reverse mode is offered.</summary>
    public bool Reversible { get; init; } = true;

    public double Low { get; init; } = -1;

    public double High { get; init; } = 1;

    public Tensor[] Draw(DType type, Device? device = null, int seed = 5)
    {
        Random random = new(seed);
        return [.. Shapes.Select(s => Tensor.From<double>(Values(random, s), s, device ?? Device.Cpu).Cast(type))];
    }

    /// <summary>Float32 on a device.</summary>
    public void CheckValues(Device device)
    {
        Tensor[] x = Draw(DType.Float32, device);
        Close(InCSharp(x), Function(x), 1e-5);
    }

    /// <summary>Float64, by the reference op by op.</summary>
    public void CheckReference()
    {
        Tensor[] x = Draw(DType.Float64);
        Node[] inputs = [.. x.Select(t => Make.Input(t.Shape, t.DType, Device.Cpu, "x"))];
        Dictionary<Node, double[]> values = inputs.Zip(x).ToDictionary(p => p.First, p => p.Second.ToArray<double>());
        double[][] results = Reference.Evaluate([.. Function([.. inputs.Select(n => new Tensor(n))]).Select(t => t.Node)],
            n => values.TryGetValue(n, out double[]? known) ? known : HostData.ToDoubles(n));
        Tensor[] expected = InCSharp(x);
        for (int i = 0; i < expected.Length; i++) Close(expected[i].ToArray<double>(), results[i], 1e-12);
    }

    public static void Close(Tensor[] expected, Tensor[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i].Shape, actual[i].Shape);
            Assert.Equal(expected[i].DType, actual[i].DType);
            Close(expected[i].Cast(DType.Float64).ToArray<double>(), actual[i].Cast(DType.Float64).ToArray<double>(), tolerance);
        }
    }

    public static void Close(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double scale = 1 + expected.Select(Math.Abs).DefaultIfEmpty().Max();
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * scale, $"[{i}] is {actual[i]:R}, expected {expected[i]:R}");
    }

    private double[] Values(Random random, Shape shape)
    {
        double[] values = new double[shape.Size];
        for (int i = 0; i < values.Length; i++) values[i] = Low + (High - Low) * random.NextDouble();
        return values;
    }
}

/// <summary>The rows that serve values, devices, derivatives and batches.</summary>
internal static class ControlCases
{
    public static IReadOnlyList<ControlCase> All { get; } =
    [
        new("sums", x => Two(Flow.Scan((Tensor c, Tensor s) => (c + s, c + s), Zero(x[0]), x[0])),
            x => Two(Loop((c, s) => (c + s, c + s), Zero(x[0]), x[0])), [5]),
        new("products", x => Two(Flow.Scan((Tensor c, Tensor s) => (c * s, c * s), Zero(x[0]) + 1, x[0])),
            x => Two(Loop((c, s) => (c * s, c * s), Zero(x[0]) + 1, x[0])), [5, 2]),
        new("products reversed", x => Two(Flow.Scan((Tensor c, Tensor s) => (c * s.Cos(), c.Sin()), x[1], x[0], reverse: true)),
            x => Two(Loop((c, s) => (c * s.Cos(), c.Sin()), x[1], x[0], reverse: true)), [4, 3], [3]),
        new("rotation of carries",
            x => Carries(Flow.Fold((c, s) => (c.Item2, c.Item3 * s, c.Item1), (x[1], x[2], x[1] * 2), x[0])),
            x =>
            {
                (Tensor a, Tensor b, Tensor c) = (x[1], x[2], x[1] * 2);
                for (int i = 0; i < x[0].Shape[0]; i++) (a, b, c) = (b, c * x[0][i], a);
                return [a, b, c];
            }, [5, 2], [2], [2]),
        new("delay line", x => Delay(Flow.Scan(((Tensor, Tensor) c, Tensor s) => ((s, c.Item1), c.Item1 * c.Item2), (x[1], x[1] * 3), x[0])),
            x =>
            {
                (Tensor a, Tensor b) = (x[1], x[1] * 3);
                List<Tensor> ys = [];
                for (int i = 0; i < x[0].Shape[0]; i++)
                {
                    ys.Add(a * b);
                    (a, b) = (x[0][i], a);
                }

                return [a, b, Tensor.Stack(0, [.. ys])];
            }, [4, 2], [2]),
        new("constant captured", x => [Flow.Fold((c, s) => (x[1].MatMul(c) + s).Tanh() * 0.9, x[2], x[0])],
            x => [Loop((c, s) => ((x[1].MatMul(c) + s).Tanh() * 0.9, c), x[2], x[0]).Carry], [4, 3], [3, 3], [3]),
        new("same constant to scan and after", x => [Flow.ForLoop(3, (i, c) => c * x[0] + i.Cast(c.DType), x[0]) * x[0]],
            x =>
            {
                Tensor c = x[0];
                for (int i = 0; i < 3; i++) c = c * x[0] + i;
                return [c * x[0]];
            }, [3]),
        new("one round", x => Two(Flow.Scan((Tensor c, Tensor s) => (c * s, c + s), x[1], x[0])),
            x => Two(Loop((c, s) => (c * s, c + s), x[1], x[0])), [1, 2], [2]),
        new("slice handed on", x => Two(Flow.Scan((Tensor c, Tensor s) => (c * s, s), x[1], x[0])),
            x => Two(Loop((c, s) => (c * s, s), x[1], x[0])), [3, 2], [2]),
        new("two stacks of one value", x => Stacks(Flow.Scan((Tensor c, Tensor s) => (c.Sin() * s is var y ? y : y, (y, y, c)), x[1], x[0])),
            x =>
            {
                (Tensor c, Tensor y) = Loop((c, s) => (c.Sin() * s, c.Sin() * s), x[1], x[0]);
                Tensor before = Loop((c, s) => (c.Sin() * s, c), x[1], x[0]).Ys;
                return [c, y, y, before];
            }, [3, 2], [2]),
        new("scan in a scan", x => [Flow.Fold((c, s) => Flow.Fold((d, t) => (d * t).Sin() + s, c, x[0]), x[1], x[0])],
            x => [Loop((c, s) => (Loop((d, t) => ((d * t).Sin() + s, d), c, x[0]).Carry, c), x[1], x[0]).Carry], [3, 2], [2]),
        new("integers in the carry",
            x => [Flow.ForLoop(4, (i, c) => (c.Item1 * x[0][c.Item2], (c.Item2 + 2) % 3), (x[1], Tensor.Scalar(0, DType.Int32))).Item1],
            x => [x[1] * x[0][0] * x[0][2] * x[0][1] * x[0][0]], [3, 2], [2]),
        new("gru", x => Two(Flow.Scan((Tensor h, Tensor s) => Gru(h, s, x[1], x[2]) is var y ? (y, y) : default, x[3], x[0])),
            x => Two(Loop((h, s) => Gru(h, s, x[1], x[2]) is var y ? (y, y) : default, x[3], x[0])), [4, 2, 3], [3, 12], [4, 12], [2, 4]),
        new("newton",
            x => [Flow.While(y => ((y * y - x[0]).Abs() > 1e-6 * x[0]).Cast(DType.Int32).Max() > 0, y => (y + x[0] / y) / 2, x[0]) is var y
                ? (y + x[0] / y) / 2 : y],
            x => [x[0].Sqrt()], [3]) { Low = 0.5, High = 3, Reversible = false },
        new("while of a pair", x => [Flow.While(c => c.Item2 < 5, c => (c.Item1 * x[0] + x[1], c.Item2 + 1), (x[1], Tensor.Scalar(0, DType.Int32))).Item1],
            x =>
            {
                Tensor c = x[1];
                for (int i = 0; i < 5; i++) c = c * x[0] + x[1];
                return [c];
            }, [3], [3]) { Reversible = false },
        new("cond true", x => [Flow.Cond(x[0].Sum() > -100, y => y.Sin() * x[1], y => y * 2, x[0])], x => [x[0].Sin() * x[1]], [3], [3]),
        new("cond false", x => [Flow.Cond(x[0].Sum() > 100, y => y.Sin() * x[1], y => y * 2, x[0])], x => [x[0] * 2], [3], [3]),
        new("cond of operands unchanged",
            x => Pair(Flow.Cond(x[0].Sum() > 100, y => (y.Item1, y.Item1), y => (y.Item2, y.Item1), (x[0], x[1]))),
            x => [x[1], x[0]], [3], [3]),
        new("scan of branches",
            x => Two(Flow.Scan((Tensor c, Tensor s) => Flow.Cond(s.Sum() > 0, () => (c * s, c.Sin()), () => (c + s, x[1] * 2)), x[1], x[0])),
            x => Two(Loop((c, s) => Where(s.Sum() > 0, c * s, c + s, c.Sin(), x[1] * 2), x[1], x[0])), [5, 2], [2]),
        new("branch with a scan",
            x => [Flow.Cond(x[1].Sum() > -9, () => Flow.Fold((c, s) => c * s + x[1], x[1], x[0]), () => x[1])],
            x => [Loop((c, s) => (c * s + x[1], c), x[1], x[0]).Carry], [3, 2], [2]),
    ];

    public static ControlCase Get(string name) => All.Single(c => c.Name == name);

    public static Tensor Gru(Tensor h, Tensor x, Tensor w, Tensor u)
    {
        int n = h.Shape[^1];
        Tensor a = x.MatMul(w), b = h.MatMul(u);
        Tensor z = (a[.., ..n] + b[.., ..n]).Sigmoid(), r = (a[.., n..(2 * n)] + b[.., n..(2 * n)]).Sigmoid();
        Tensor candidate = (a[.., (2 * n)..] + r * b[.., (2 * n)..(3 * n)]).Tanh();
        return (1 - z) * candidate + z * h;
    }

    private static Tensor Zero(Tensor x) => Tensor.Zeros(Shape.From(x.Shape.Skip(1)), x.DType);

    private static (Tensor Carry, Tensor Ys) Loop(Func<Tensor, Tensor, (Tensor, Tensor)> body, Tensor init, Tensor xs, bool reverse = false)
    {
        Tensor[] ys = new Tensor[xs.Shape[0]];
        for (int k = 0; k < ys.Length; k++)
        {
            int i = reverse ? ys.Length - 1 - k : k;
            (init, ys[i]) = body(init, xs[i]);
        }

        return (init, Tensor.Stack(0, ys));
    }

    private static (Tensor, Tensor) Where(Tensor test, Tensor a, Tensor b, Tensor c, Tensor d) => (Tensor.Where(test, a, b), Tensor.Where(test, c, d));

    private static Tensor[] Two((Tensor Carry, Tensor Ys) result) => [result.Carry, result.Ys];

    private static Tensor[] Pair((Tensor, Tensor) result) => [result.Item1, result.Item2];

    private static Tensor[] Carries((Tensor, Tensor, Tensor) c) => [c.Item1, c.Item2, c.Item3];

    private static Tensor[] Delay(((Tensor, Tensor) Carry, Tensor Ys) result) => [result.Carry.Item1, result.Carry.Item2, result.Ys];

    private static Tensor[] Stacks((Tensor Carry, (Tensor, Tensor, Tensor) Ys) result) => [result.Carry, result.Ys.Item1, result.Ys.Item2, result.Ys.Item3];
}
