using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine;

public class ConformanceTests
{
    public static TheoryData<string, string> Rows
    {
        get
        {
            TheoryData<string, string> rows = [];
            foreach (string device in new[] { "cpu", "opencl" }.Where(Devices.Runs))
                foreach (OpCase row in OpCases.All) rows.Add(device, row.Name);
            return rows;
        }
    }

    [Theory, MemberData(nameof(Rows))]
    public void Value_OfEveryRow_IsTheReference(string device, string name)
    {
        OpCase row = OpCases.Get(name);
        double[][] elements = row.Draw();
        double[] truth = row.Truth(elements);

        Tensor actual = row.Apply(row.Inputs(elements, Device.Find(device)));

        double[] values = actual.ToDoubles();
        Assert.Equal(truth.Length, values.Length);
        double scale = truth.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        double tolerance = actual.DType == DType.Float32 ? row.Ulps * (MathF.BitIncrement((float)scale) - (float)scale) : 0;
        for (int i = 0; i < truth.Length; i++)
        {
            bool close = truth[i].Equals(values[i]) || Math.Abs(truth[i] - values[i]) <= tolerance;
            Assert.True(close, $"{name}[{i}] is {values[i]:R}; it should be {truth[i]:R} ± {tolerance:R}");
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

        IEnumerable<Op> all = typeof(Ops).GetFields().Select(f => f.GetValue(null)).OfType<Op>();
        Assert.Empty(all.Except(reached).Except([Ops.Data, Ops.Threefry0, Ops.Threefry1]).Select(o => o.Name));
    }

    [Fact]
    public void Rows_HaveNamesOfTheirOwn() => Assert.Equal(OpCases.All.Count, OpCases.All.Select(c => c.Name).Distinct().Count());
}
