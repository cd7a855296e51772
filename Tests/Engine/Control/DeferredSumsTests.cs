using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Control;

/// <summary>Scans that add products of small whole numbers: any order of the additions gives the same bits.</summary>
public class DeferredSumsTests
{
    private const int Batch = 3, Left = 5, Right = 4;

    private static readonly int[] s_lengths = [1, 2, 7, 170, 171, 341, 397];

    public static TheoryData<string> Everywhere => Devices.AllWithDebug;

    public static TheoryData<int, bool> Lengths
    {
        get
        {
            TheoryData<int, bool> data = [];
            foreach (int length in s_lengths)
            {
                data.Add(length, false);
                data.Add(length, true);
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Lengths))]
    public void Scan_OfProductsOfSlices_IsTheSumOfAll(int length, bool reverse)
    {
        (Tensor xs, Tensor ys) = (Draw([length, Batch, Left], 1), Draw([length, Batch, Right], 2));
        Tensor sum = Flow.Scan((Tensor s, (Tensor X, Tensor Y) v) => (s + v.X.Transpose().MatMul(v.Y), v.X.Sum()),
            Draw([Left, Right], 3), (xs, ys), reverse: reverse).Carry;

        double[,] expected = Numbers2(Draw([Left, Right], 3));
        AddProducts(expected, Numbers3(xs), Numbers3(ys), _ => 0);
        Assert.Equal(expected.Cast<double>(), sum.Cast(DType.Float64).ToArray<double>());
    }

    [Theory, MemberData(nameof(Lengths))]
    public void Scan_OfProductsOfWhatItComputes_IsTheSumOfAll(int length, bool reverse)
    {
        // The factor is computed in the round from another carry, stacked too, and permuted in one of two products.
        (Tensor xs, Tensor ys) = (Draw([length, Batch, Left], 1), Draw([length, Batch, Right], 2));
        ((Tensor count, Tensor sum, Tensor other), Tensor stack) = Flow.Scan(
            ((Tensor Count, Tensor Sum, Tensor Other) c, (Tensor X, Tensor Y) v) =>
            {
                Tensor x = v.X + c.Count;
                return ((c.Count + 1, c.Sum + x.Transpose().MatMul(v.Y), c.Other + v.Y.Transpose().MatMul(x)), x);
            },
            (Tensor.Scalar(0), Tensor.Zeros([Left, Right]), Tensor.Zeros([Right, Left])), (xs, ys), reverse: reverse);

        double[,] expected = new double[Left, Right];
        double Round(int t) => reverse ? length - 1 - t : t;
        AddProducts(expected, Numbers3(xs), Numbers3(ys), Round);
        double[] transposed = [.. Enumerable.Range(0, Right).SelectMany(j => Enumerable.Range(0, Left).Select(i => expected[i, j]))];
        Assert.Equal(expected.Cast<double>(), sum.Cast(DType.Float64).ToArray<double>());
        Assert.Equal(transposed, other.Cast(DType.Float64).ToArray<double>());
        Assert.Equal(length, count.Item<float>());
        double[] stacked = [.. Numbers3(xs).Cast<double>().Select((v, i) => v + Round(i / (Batch * Left)))];
        Assert.Equal(stacked, stack.Cast(DType.Float64).ToArray<double>());
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Scan_OfProducts_IsTheSumOnEveryDevice(string device)
    {
        const int length = 171;
        (Tensor xs, Tensor ys) = (Draw([length, Batch, Left], 1), Draw([length, Batch, Right], 2));
        (Tensor sum, _) = Flow.Scan((Tensor s, (Tensor X, Tensor Y) v) => (s + (v.X * 2).Transpose().MatMul(v.Y) + v.X.Transpose().MatMul(v.Y), v.X.Sum()),
            Tensor.Zeros([Left, Right], device: Devices.Get(device)), (xs.To(Devices.Get(device)), ys.To(Devices.Get(device))));

        double[,] expected = new double[Left, Right];
        for (int i = 0; i < 3; i++) AddProducts(expected, Numbers3(xs), Numbers3(ys), _ => 0);
        Assert.Equal(expected.Cast<double>(), sum.Cast(DType.Float64).ToArray<double>());
    }

    [Fact]
    public void Plan_OfProductsThatNothingReads_AddsThemByBlocks()
    {
        Tensor xs = Draw([397, Batch, Left], 1), ys = Draw([397, Batch, Right], 2);
        Routine scan = RoutineOf(Flow.Scan((Tensor s, (Tensor X, Tensor Y) v) =>
            (s + v.X.Transpose().MatMul(v.Y), v.X.Sum()), Tensor.Zeros([Left, Right]), (xs, ys)).Carry);

        Assert.Equal(["body, 397 rounds", "sums of 170 rounds", "sums of the other 57 rounds"], scan.Nested.Select(n => n.Name));
        Assert.DoesNotContain(scan.Nested.First().Plan.Steps, s => s is ProductStep or FusedProductStep or MappedProductStep);
    }

    [Fact]
    public void Plan_OfSumsThatTheBodyReads_AddsThemAtOnce()
    {
        Tensor xs = Draw([40, Batch, Left], 1), ys = Draw([40, Batch, Right], 2);
        Routine scan = RoutineOf(Flow.Scan((Tensor s, (Tensor X, Tensor Y) v) =>
            (s + v.X.Transpose().MatMul(v.Y), s.Sum()), Tensor.Zeros([Left, Right]), (xs, ys)).Carry);

        Assert.Single(scan.Nested);
    }

    [Fact]
    public void Plan_OfLongProducts_AddsThemAtOnce()
    {
        Tensor xs = Draw([4, 300, Left], 1), ys = Draw([4, 300, Right], 2);
        Routine scan = RoutineOf(Flow.Scan((Tensor s, (Tensor X, Tensor Y) v) =>
            (s + v.X.Transpose().MatMul(v.Y), v.X.Sum()), Tensor.Zeros([Left, Right]), (xs, ys)).Carry);

        Assert.Single(scan.Nested);
    }

    private static Routine RoutineOf(Tensor t) => Lowering.Plan(Capture.Of([t.Node]).Key.ToPlanGraph()).Steps.OfType<RoutineStep>().Single().Routine;

    private static Tensor Draw(Shape shape, int seed)
    {
        Random random = new(seed);
        return Tensor.From([.. Enumerable.Range(0, (int)shape.Size).Select(_ => (float)random.Next(-3, 4))], shape, Device.Cpu);
    }

    private static double[,,] Numbers3(Tensor x)
    {
        double[,,] result = new double[x.Shape[0], x.Shape[1], x.Shape[2]];
        Buffer.BlockCopy(x.Cast(DType.Float64).ToArray<double>(), 0, result, 0, sizeof(double) * result.Length);
        return result;
    }

    private static double[,] Numbers2(Tensor x)
    {
        double[,] result = new double[x.Shape[0], x.Shape[1]];
        Buffer.BlockCopy(x.Cast(DType.Float64).ToArray<double>(), 0, result, 0, sizeof(double) * result.Length);
        return result;
    }

    /// <summary>Adds Σₜ (xₜ + offset(t))ᵀ·yₜ.</summary>
    private static void AddProducts(double[,] sum, double[,,] x, double[,,] y, Func<int, double> offset)
    {
        for (int t = 0; t < x.GetLength(0); t++)
        {
            for (int b = 0; b < Batch; b++)
            {
                for (int i = 0; i < Left; i++)
                {
                    for (int j = 0; j < Right; j++) sum[i, j] += (x[t, b, i] + offset(t)) * y[t, b, j];
                }
            }
        }
    }
}
