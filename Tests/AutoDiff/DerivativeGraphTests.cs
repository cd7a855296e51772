using Cotangent.AutoDiff;
using Cotangent.Graph;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Derivative graphs hold no work that changes nothing.</summary>
public class DerivativeGraphTests
{
    [Fact]
    public void Sum_Gradient_IsANumberRepeated()
    {
        Node x = GraphFunction.Input([3, 4], "x");
        Node g = Gradient(p => Sum(p[0]), x)[0];
        Assert.Equal(1, Algebra.Fill(g));
    }

    [Fact]
    public void Bias_Gradient_IsOneSum()
    {
        Node x = GraphFunction.Input([5, 3, 4], "x"), b = GraphFunction.Input([4], "b");
        Node g = Gradient(p => Sum(Make.Unary(Ops.Tanh, Make.Add(x, Make.Expand(Make.Reshape(p[0], [1, 1, 4]), x.Shape)))), b)[0];
        Assert.Equal(Ops.Sum, g.Op);
        Assert.Equal([0, 1], g.Get<AxesAttributes>().Axes);
        Assert.Single(Nodes(g), n => n.Op == Ops.Sum);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Matmul_Gradients_AreOneDotEach(bool rightTransposed)
    {
        Node x = GraphFunction.Input([3, 4], "x"), w = GraphFunction.Input(rightTransposed ? [5, 4] : [4, 5], "w");
        DotAttributes axes = new([], [], [1], [rightTransposed ? 1 : 0]);
        Node[] g = Gradient(p => Sum(Make.Unary(Ops.Exp, Make.Dot(p[0], p[1], axes))), x, w);
        Assert.All(g, n => Assert.Equal(Ops.Dot, n.Op));
        Assert.DoesNotContain(Nodes(g), n => n.Op == Ops.Permute);
        Assert.Equal(3, Nodes(g).Count(n => n.Op == Ops.Dot));
    }

    [Fact]
    public void Attention_Gradients_PermuteNoProduct()
    {
        Node[] x = [.. Enumerable.Range(0, 3).Select(i => GraphFunction.Input([2, 4, 8], $"x{i}"))];
        Node[] g = Gradient(p => Nn.Attention(new Tensor(p[0]), new Tensor(p[1]), new Tensor(p[2]), causal: true).Square().Sum().Node, x);
        Assert.DoesNotContain(Nodes(g), n => n.Op == Ops.Permute && n.Inputs[0].Op == Ops.Dot);
        Assert.Equal(6, Nodes(g).Count(n => n.Op == Ops.Dot));
    }

    [Fact]
    public void CrossEntropy_Gradient_ReducesOnlyAsTheValueDoes()
    {
        Node logits = GraphFunction.Input([4, 7], "logits"), targets = GraphFunction.Input([4], "targets", DType.Int32);
        Node g = Gradient(p => Nn.CrossEntropy(new Tensor(p[0]), new Tensor(targets)).Node, logits)[0];
        Assert.Equal([Ops.ReduceMax, Ops.Sum], Nodes(g).Where(n => n.Op.Kind == OpKind.Reduce).Select(n => n.Op));
        Assert.DoesNotContain(Nodes(g), n => n.Op == Ops.Gather || n.Op == Ops.ScatterAdd);
    }

    [Fact]
    public void Gradient_NeverMultipliesByOne()
    {
        Node x = GraphFunction.Input([3], "x");
        Node g = Gradient(p => Sum(Make.Unary(Ops.Exp, Make.Neg(Make.Sub(p[0], Make.Mul(p[0], p[0]))))), x)[0];
        Assert.DoesNotContain(Nodes(g), n => n.Op == Ops.Mul && n.Inputs.Any(i => Algebra.Fill(i) is 1 or 0));
    }

    [Fact]
    public void StoppedBranch_LeavesNoNodes()
    {
        Node x = GraphFunction.Input([3], "x");
        Node g = Gradient(p => Sum(Make.Mul(p[0], Make.Unary(Ops.StopGradient, Make.Unary(Ops.Tanh, p[0])))), x)[0];
        Assert.Equal(Ops.StopGradient, g.Op);
    }

    [Fact]
    public void DeepGraph_DoesNotOverflowTheStack()
    {
        Node x = GraphFunction.Input([1], "x");
        Node g = Gradient(
            p =>
            {
                Node y = p[0];
                for (int i = 0; i < 20_000; i++) y = Make.Unary(Ops.Sin, y);
                return Sum(y);
            },
            x)[0];
        Assert.True(double.IsFinite(GraphFunction.Evaluate([g], new Dictionary<Node, double[]> { [x] = [0.5] })[0][0]));
    }

    [Fact]
    public void CapturedGraph_IsSharedNotRebuilt()
    {
        Node x = GraphFunction.Input([1], "x"), captured = Make.Unary(Ops.Exp, GraphFunction.Input([1], "c"));
        Node g = Gradient(p => Sum(Make.Mul(p[0], captured)), x)[0];
        Assert.Same(captured, g);
    }

    private static Node[] Gradient(Func<Node[], Node> f, params Node[] x) => Transforms.ValueAndGrad("Grad", p => [f(p)], x).Gradients;

    private static Node Sum(Node x) => Make.Sum(x, Shape.From(Enumerable.Range(0, x.Shape.Rank)));

    private static List<Node> Nodes(params Node[] outputs) => Walk.Topological(outputs);
}
