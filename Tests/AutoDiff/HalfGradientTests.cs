using Cotangent.AutoDiff;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Tests.Engine;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Gradients of rows of the conformance table in half precision, by devices: no further from the float64 gradient than twice the
/// error of the same graph with every result rounded, plus units in the last place.</summary>
public class HalfGradientTests
{
    /// <summary>Rows that OpenCL runs too: there each program costs 100 ms to build.</summary>
    private static readonly string[] s_sample = ["mul", "softmax", "matmul", "gather", "conv 2d same", "cumsum", "sort"];

    public static TheoryData<string, DType, string> Rows
    {
        get
        {
            TheoryData<string, DType, string> rows = [];
            foreach (DType type in new[] { DType.Float16, DType.BFloat16 })
            {
                foreach (OpCase row in OpCases.All.Where(r => r.Differentiable && !IsFactorisation(r))) rows.Add("cpu", type, row.Name);
                if (!Devices.Runs("opencl")) continue;
                foreach (string name in s_sample) rows.Add("opencl", type, name);
            }

            return rows;
        }
    }

    [Theory, MemberData(nameof(Rows))]
    public void Gradient_InHalfPrecision_IsAsGoodAsPlainRounding(string device, DType type, string name)
    {
        OpCase row = OpCases.Get(name);
        double[][] elements = row.Draw(type);
        double[][] truth = Reference(row, elements, DType.Float64, (_, x) => x), plain = Reference(row, elements, type, (t, x) => Ops.Convert(t, x));
        Tensor[] inputs = row.Inputs(elements, Device.Find(device), type);
        int[] floating = Floating(row);
        Tensor[] actual = Diff.Grad((Tensor[] x) => Loss(row, inputs, floating, x))([.. floating.Select(i => inputs[i])]);

        for (int i = 0; i < actual.Length; i++)
        {
            Assert.Equal(type, actual[i].DType);
            double[] values = actual[i].ToDoubles();
            double scale = truth[i].Select(Math.Abs).DefaultIfEmpty().Max();
            double error = truth[i].Zip(plain[i], (t, p) => Math.Abs(t - p)).DefaultIfEmpty().Max();
            double tolerance = 2 * error + row.Ulps * scale * Math.ScaleB(1, type == DType.Float16 ? -10 : -7);
            for (int k = 0; k < values.Length; k++)
            {
                Assert.True(Math.Abs(truth[i][k] - values[k]) <= tolerance, $"argument {i}, {k}: {values[k]:R}; it should be {truth[i][k]:R} ± {tolerance:R}");
            }
        }
    }

    /// <summary>Factorisations compute in float32 and have accuracies of their own.</summary>
    private static bool IsFactorisation(OpCase row) => Walk.Topological(
        row.Apply([.. row.Args.Select((a, i) => new Tensor(GraphFunction.Input(a.Shape, $"x{i}", a.DType)))]).Node)
        .Any(n => Cotangent.AutoDiff.Rules.LinearAlgebra.Rules.ContainsKey(n.Op));

    private static double[][] Reference(OpCase row, double[][] elements, DType floats, Func<DType, double, double> round)
    {
        Node[] placeholders = [.. row.Args.Select((a, i) => GraphFunction.Input(a.Shape, $"x{i}", a.DType.IsFloat() ? floats : a.DType))];
        Tensor[] inputs = [.. placeholders.Select(n => new Tensor(n))];
        int[] floating = Floating(row);
        Node[] gradients = Transforms.ValueAndGrad("Grad", x => [Loss(row, inputs, floating, [.. x.Select(n => new Tensor(n))]).Node],
            [.. floating.Select(i => placeholders[i])]).Gradients;
        return RoundedReference.Evaluate(gradients, placeholders.Zip(elements).ToDictionary(p => p.First, p => p.Second), round);
    }

    private static int[] Floating(OpCase row) => [.. Enumerable.Range(0, row.Args.Length).Where(i => row.Args[i].DType.IsFloat())];

    /// <summary>Σ yᵢ·cos i, in the dtype of y.</summary>
    private static Tensor Loss(OpCase row, Tensor[] inputs, int[] floating, Tensor[] x)
    {
        Tensor y = row.Apply([.. inputs.Select((t, i) => Array.IndexOf(floating, i) is >= 0 and var at ? x[at] : t)]).Reshape(-1);
        return (y * Tensor.Iota(y.Shape, 0).Cast(y.DType).Cos()).Sum();
    }
}
