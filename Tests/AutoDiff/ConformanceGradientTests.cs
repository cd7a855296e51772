using Cotangent.Graph;
using Cotangent.Tests.Engine;

namespace Cotangent.Tests.AutoDiff;

/// <summary>First and second derivatives of every differentiable row of the conformance table, in float64 on the reference.</summary>
public class ConformanceGradientTests
{
    public static TheoryData<string> Rows => OpCases.DifferentiableNames;

    [Theory]
    [MemberData(nameof(Rows))]
    public void Row_FirstAndSecondDerivatives_AgreeWithDifferences(string name)
    {
        OpCase row = OpCases.Get(name);
        double[][] elements = row.Draw();
        Node?[] captured = [.. row.Args.Select((a, i) => a.DType.IsFloat() ? null : GraphFunction.Input(a.Shape, $"x{i}", a.DType))];
        int[] floating = [.. Enumerable.Range(0, captured.Length).Where(i => captured[i] is null)];
        Dictionary<Node, double[]> constants = Enumerable.Range(0, captured.Length).Except(floating)
            .ToDictionary(i => captured[i]!, i => elements[i]);
        GraphFunction f = new(
            x => row.Apply([.. captured.Select((c, i) => new Tensor(c ?? x[Array.IndexOf(floating, i)]))]).Node,
            [.. floating.Select(i => row.Args[i].Shape)],
            [.. floating.Select(i => elements[i])],
            constants);
        Check.Derivatives(f, name.Length);
    }
}
