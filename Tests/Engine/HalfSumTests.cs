using Cotangent.Kernels;

namespace Cotangent.Tests.Engine;

/// <summary>Sums and products of 16-bit floats are made in float32 and rounded once, when they are stored, whatever their length. Terms are whole
/// numbers, so that float32 sums are exact in any order.</summary>
public class HalfSumTests
{
    private static readonly Device[] s_devices = [new CpuDevice(2, quick: true), new CpuDevice(2, quick: false)];

    public static TheoryData<DType, int> Cases
    {
        get
        {
            TheoryData<DType, int> cases = [];
            foreach (DType type in new[] { DType.Float16, DType.BFloat16 })
            {
                foreach (int n in new[] { 1, 2, 37, 1000, 9001 }) cases.Add(type, n);
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Sum_OfWholeNumbers_IsTheExactSumRoundedOnce(DType type, int n)
    {
        foreach (Device device in s_devices)
        {
            (Tensor x, double[] rows, double[] columns) = Numbers(type, n, device);
            Same(type, rows, x.Sum(1));
            Same(type, columns, x.Sum(0));
            Same(type, rows, x.MatMul(Tensor.Ones([n], type, device)));
            Same(type, rows, x.CumSum(1)[.., ^1]);
            Same(type, rows, x.Sum(1).Realize() * 1);
            Same(type, rows, Tensor.Zeros([1, 3], type, device).ScatterAdd(Tensor.Zeros([n], DType.Int32, device), x.T.Reshape(n, 3))[0]);
        }
    }

    /// <summary>The tensor [3, n] and its sums along both axes.</summary>
    private static (Tensor X, double[] Rows, double[] Columns) Numbers(DType type, int n, Device device)
    {
        Random random = new(n);
        float[] x = [.. Enumerable.Range(0, 3 * n).Select(_ => (float)random.Next(-40, 90))];
        double[] rows = new double[3], columns = new double[n];
        for (int i = 0; i < x.Length; i++)
        {
            rows[i / n] += x[i];
            columns[i % n] += x[i];
        }

        return (Tensor.From(x, [3, n], device).Cast(type).Realize(), rows, columns);
    }

    private static void Same(DType type, double[] exact, Tensor x)
    {
        Assert.Equal(type, x.DType);
        Assert.Equal(exact.Select(e => type == DType.Float16 ? (float)(Half)(float)e : (float)(BFloat16)(float)e), x.Realize().Cast(DType.Float32).ToArray<float>());
    }
}
