using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine;

/// <summary>Every row of the table on every device and in every floating dtype against its float64 value: no further
/// off than twice the error of rounding each operation, plus the row's units in the last place.</summary>
public class ConformanceTests
{
    /// <summary>Rows that OpenCL also runs in other dtypes than float32: there each program costs 100 ms to
    /// build.</summary>
    private static readonly string[] s_sample = ["add broadcast", "exp", "where", "permute", "sum long", "reduce_max", "softmax", "matmul", "gather", "concat", "conv 2d same", "max_pool", "cumsum", "recurrence", "sort"];

    public static TheoryData<string, DType, string> Rows
    {
        get
        {
            TheoryData<string, DType, string> rows = [];
            foreach (string device in Devices.Hardware.Where(Devices.Runs))
            {
                foreach (OpCase row in OpCases.All)
                {
                    rows.Add(device, DType.Float32, row.Name);
                    if (!row.Differentiable || (device != "cpu" && !s_sample.Contains(row.Name))) continue;
                    foreach (DType other in new[] { DType.Float64, DType.Float16, DType.BFloat16 }) rows.Add(device, other, row.Name);
                }
            }

            return rows;
        }
    }

    [Theory, MemberData(nameof(Rows))]
    public void Value_OfEveryRow_IsAsGoodAsPlainRounding(string device, DType floats, string name) =>
        Check(OpCases.Get(name), Devices.Get(device), floats);

    /// <summary>Launches of tests are so small that the CPU device runs its quick code; large ones run the full code.</summary>
    [Fact]
    public void Value_QuickAndFullCode_AreTheSameBits()
    {
        Device quick = new CpuDevice(2, quick: true), full = new CpuDevice(2, quick: false);
        foreach (OpCase row in OpCases.All)
        {
            double[][] elements = row.Draw(DType.Float32);
            Tensor[] values = [.. new[] { quick, full }.Select(d => row.Apply(row.Inputs(elements, d, DType.Float32)))];
            Assert.Equal(
                values[0].ToDoubles().Select(BitConverter.DoubleToInt64Bits),
                values[1].ToDoubles().Select(BitConverter.DoubleToInt64Bits));
        }
    }

    /// <summary>Compares a row on a device with its float64 value.</summary>
    internal static void Check(OpCase row, Device device, DType floats)
    {
        double[][] elements = row.Draw(floats);
        double[] truth = row.Truth(elements), plain = row.Plain(elements, floats);

        Tensor actual = row.Apply(row.Inputs(elements, device, floats));

        double[] values = actual.ToDoubles();
        Assert.Equal(truth.Length, values.Length);
        double scale = truth.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        double plainError = truth.Zip(plain, (t, p) => Math.Abs(t - p)).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        double tolerance = actual.DType.IsFloat() ? 2 * plainError + row.Ulps * scale * Epsilon(actual.DType) : 0;
        for (int i = 0; i < truth.Length; i++)
        {
            bool close = truth[i].Equals(values[i]) || Math.Abs(truth[i] - values[i]) <= tolerance;
            Assert.True(close, $"{row.Name}[{i}] is {values[i]:R}; it should be {truth[i]:R} ± {tolerance:R}");
        }
    }

    [Fact]
    public void Rows_Together_ReachEveryOp()
    {
        HashSet<Op> reached = [];
        foreach (OpCase row in OpCases.All)
        {
            Node output = row.Apply([.. row.Args.Select((a, i) => new Tensor(Make.Input(a.Shape, a.DType, Device.Cpu, $"x{i}")))]).Node;
            reached.UnionWith(Walk.Topological(output).Select(n => n.Op));
        }

        // Annotations compute nothing: the tests of custom derivatives and of checkpoints reach them. Fused attention has a table of its own,
        // AttentionCase, since its options are many.
        IEnumerable<Op> all = typeof(Ops).GetFields().Select(f => f.GetValue(null)).OfType<Op>().Where(o => o.Kind != OpKind.Annotation);
        Assert.Empty(all.Except(reached).Except([Ops.Data, Ops.HostCall, Ops.Refused, Ops.Attention, Ops.AttentionTangent, Ops.AttentionGrad]).Select(o => o.Name));
    }

    [Fact]
    public void Rows_HaveNamesOfTheirOwn() => Assert.Equal(OpCases.All.Count, OpCases.All.Select(c => c.Name).Distinct().Count());

    private static double Epsilon(DType type) => type switch
    {
        DType.Float16 => Math.ScaleB(1, -10),
        DType.BFloat16 => Math.ScaleB(1, -7),
        DType.Float32 => Math.ScaleB(1, -23),
        _ => Math.ScaleB(1, -52),
    };
}
