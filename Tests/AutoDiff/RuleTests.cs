using System.Reflection;
using Cotangent.AutoDiff;
using Cotangent.AutoDiff.Rules;
using Cotangent.Graph;

namespace Cotangent.Tests.AutoDiff;

public class RuleTests
{
    public static TheoryData<int, string> Rows()
    {
        TheoryData<int, string> rows = [];
        for (int i = 0; i < GradientCases.All.Count; i++) rows.Add(i, GradientCases.All[i].Name);
        return rows;
    }

    public static TheoryData<string> OpNames() => [.. typeof(Ops).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(f => f.FieldType == typeof(Op)).Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Rule_AgainstDifferencesAndTranspose_Agrees(int index, string name)
    {
        GradientCase row = GradientCases.All[index];
        Assert.Equal(name, row.Name);
        double[][] at = GraphFunction.Random(new Random(index), row.Shapes, row.Low, row.High);
        Check.Derivatives(new GraphFunction(row.Function, row.Shapes, at), index);
    }

    [Theory]
    [MemberData(nameof(OpNames))]
    public void Op_HasARuleAndAGradientRow(string field)
    {
        Op op = (Op)typeof(Ops).GetField(field)!.GetValue(null)!;
        Rule? rule = RuleTable.Find(op);
        Assert.True(rule is not null, $"{field} has no entry in the rule tables: give it a rule or Rule.Zero.");
        Assert.True(!rule.IsDifferentiable || rule.IsForwardOnly || GradientCases.All.Any(c => c.Op == op), $"{field} has no row in GradientCases.");
    }

    [Fact]
    public void OpsInLinearPosition_HaveTransposes()
    {
        HashSet<Op> linear = [];
        foreach (GradientCase row in GradientCases.All)
        {
            Node[] inputs = [.. row.Shapes.Select((s, i) => GraphFunction.Input(s, $"x{i}"))];
            Trace trace = new("test", p => [row.Function(p)], inputs);
            LinearMap map = trace.Linearize(trace.Outputs);
            linear.UnionWith(Dependents.Linear(map.Outputs.OfType<Node>(), map.Inputs).Select(n => n.Op));
        }

        linear.Remove(Ops.Input);
        Assert.All(linear, op => Assert.True(RuleTable.Of(op) is { Transpose: not null } or { TransposeCall: not null } or { TransposeOnto: not null }, $"{op}"));
        Assert.Subset(linear, new HashSet<Op>
        {
            Ops.Add, Ops.Mul, Ops.Div, Ops.Where, Ops.Sum, Ops.Dot, Ops.Gather, Ops.ScatterAdd, Ops.Skew, Ops.TakeAlong, Ops.AddAlong,
            Ops.Concat, Ops.Pad, Ops.UserKernel, Ops.TriangularSolve, Ops.Solve, Ops.Scan, Ops.Cond,
        });
    }
}
