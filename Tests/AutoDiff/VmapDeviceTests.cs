using Cotangent.AutoDiff;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Tests.Engine;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Batched rows of the conformance table as a device computes them: fused otherwise than the rows of one example.</summary>
public class VmapDeviceTests
{
    private const int Size = 3;

    public static TheoryData<string> Rows => OpCases.Names;

    [Theory, MemberData(nameof(Rows))]
    public void ConformanceRow_OfABatch_IsThatOfItsSlices(string name)
    {
        OpCase row = OpCases.Get(name);
        Tensor[][] examples = [.. Enumerable.Range(0, Size).Select(b => row.Inputs(
            [.. row.Args.Select((a, i) => a.Draw(new Random(31 * i + b)))], Device.Cpu))];
        Tensor[] expected = [.. examples.Select(row.Apply)];
        if (row.Args.Length == 0) return;

        Tensor[] batch = [.. row.Args.Select((_, i) => Tensor.Stack(0, [.. examples.Select(x => x[i])]))];
        Tensor actual = Diff.Vmap((Tensor[] x) => row.Apply(x))(batch);
        Assert.Equal(Device.Cpu, actual.Device);
        for (int b = 0; b < Size; b++) Near(Elements(expected[b]), Elements(actual[b]), expected[b].DType);
    }

    private static double[] Elements(Tensor x) => HostData.ToDoubles(x.Realize().Node);

    private static void Near(double[] expected, double[] actual, DType type)
    {
        double scale = expected.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max();
        double noise = type switch
        {
            DType.Float64 => 1e-13,
            DType.Float32 => 2e-6,
            DType.Float16 => 2e-3,
            DType.BFloat16 => 2e-2,
            _ => 0,
        };
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(expected[i].Equals(actual[i]) || Math.Abs(expected[i] - actual[i]) <= noise * scale,
                $"element {i} is {actual[i]}, expected {expected[i]}");
        }
    }
}
