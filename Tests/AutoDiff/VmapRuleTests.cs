using Cotangent.AutoDiff;
using Cotangent.AutoDiff.Batching;
using Cotangent.Graph;
using Cotangent.Tests.Engine;

namespace Cotangent.Tests.AutoDiff;

/// <summary>The batching rules, each and in random graphs, against the function of each example.</summary>
public class VmapRuleTests
{
    public static TheoryData<string> OpNames => RuleTests.OpNames();

    public static TheoryData<string> Rows => OpCases.Names;

    public static TheoryData<int> GradientRows => [.. Enumerable.Range(0, GradientCases.All.Count)];

    [Theory, MemberData(nameof(OpNames))]
    public void Op_HasABatchingRule(string field)
    {
        Op op = (Op)typeof(Ops).GetField(field)!.GetValue(null)!;
        Assert.True(BatchRuleTable.Find(op) is not null, $"{field} has no entry in the batching tables: give it a rule, or one that refuses.");
    }

    [Fact]
    public void Op_IsBatchedByARow()
    {
        IEnumerable<Op> batched = OpCases.All.SelectMany(row => Walk.Topological(Traced(row).Node)).Where(n => n.IsTraced).Select(n => n.Op).Concat(GradientCases.All.Select(c => c.Op)).Append(Ops.StopGradient);
        IEnumerable<Op> all = typeof(Ops).GetFields().Where(f => f.FieldType == typeof(Op)).Select(f => (Op)f.GetValue(null)!);
        Assert.Empty(all.Where(op => op.Kind != OpKind.Leaf).Except(batched));
    }

    [Theory, MemberData(nameof(Rows))]
    public void ConformanceRow_OfABatch_IsThatOfItsSlices(string name)
    {
        OpCase row = OpCases.Get(name);
        VmapCheck.Slices(row.Apply, [.. row.Args.Select(a => (a.Shape, a.DType))],
            (argument, example) => row.Args[argument].Draw(new Random(31 * argument + example)), name.Length);
    }

    [Theory, MemberData(nameof(GradientRows))]
    public void GradientRow_OfABatch_IsThatOfItsSlices(int index)
    {
        GradientCase row = GradientCases.All[index];
        VmapCheck.Slices(x => new Tensor(row.Function([.. x.Select(t => t.Node)])),
            [.. row.Shapes.Select(s => (s, DType.Float64))],
            (argument, example) => GraphFunction.Random(new Random(31 * argument + example), [row.Shapes[argument]], row.Low, row.High)[0],
            index);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomGraphs_OfABatch_AreThoseOfItsSlices(int block) => ForSeeds(block, seed =>
    {
        GraphFunction f = RandomGraph.Of(seed, 8);
        VmapCheck.Slices(x => new Tensor(f.Function([.. x.Select(t => t.Node)])), [.. f.Shapes.Select(s => (s, DType.Float64))],
            (argument, example) => GraphFunction.Random(new Random(31 * argument + example), [f.Shapes[argument]])[0], seed);
    });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void RandomGraphs_DerivativesOfTheBatch_AreThoseOfItsSlices(int block) => ForSeeds(block, seed =>
    {
        GraphFunction f = RandomGraph.Of(seed, 8);
        GraphFunction gradient = f.Gradient([0.9, 0.2]);
        VmapCheck.Slices(x => new Tensor(gradient.Function([.. x.Select(t => t.Node)])), [.. f.Shapes.Select(s => (s, DType.Float64))],
            (argument, example) => GraphFunction.Random(new Random(31 * argument + example), [f.Shapes[argument]])[0], seed);
    });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void RandomGraphs_DerivativesOfVmap_AgreeWithDifferences(int block) => ForSeeds(block, seed =>
    {
        GraphFunction f = RandomGraph.Of(seed, 6);
        Node Batch(Node[] x) => Diff.Vmap((Tensor[] p) => new Tensor(f.Function([.. p.Select(t => t.Node)])))(
            [.. x.Select(n => new Tensor(n))]).Node;
        Shape[] shapes = [.. f.Shapes.Select(s => Shape.From(s.Prepend(2)))];
        Check.Derivatives(new GraphFunction(Batch, shapes, GraphFunction.Random(new Random(seed), shapes)), seed);
    });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void RandomGraphs_JvpOfVmap_IsVmapOfJvp(int block) => ForSeeds(block, seed =>
    {
        GraphFunction f = RandomGraph.Of(seed, 8);
        Shape[] shapes = [.. f.Shapes.Select(s => Shape.From(s.Prepend(2)))];
        Node[] x = [.. shapes.Select(s => GraphFunction.Input(s, "x"))], dx = [.. shapes.Select(s => GraphFunction.Input(s, "dx"))];
        Tensor[] at = [.. x.Select(n => new Tensor(n))], along = [.. dx.Select(n => new Tensor(n))];
        Tensor F(Tensor[] p) => new(f.Function([.. p.Select(t => t.Node)]));
        Tensor outer = Diff.Jvp(Diff.Vmap((Tensor[] p) => F(p)), at, along).Tangent;
        Tensor inner = Diff.Vmap((Tensor[] p, Tensor[] d) => Diff.Jvp((Tensor[] q) => F(q), p, d).Tangent)(at, along);
        Random random = new(seed);
        Dictionary<Node, double[]> leaves = x.Concat(dx).ToDictionary(n => n, n => GraphFunction.Random(random, [n.Shape])[0]);
        double[][] values = GraphFunction.Evaluate([outer.Node, inner.Node], leaves);
        Assert.Equal(values[0].Length, values[1].Length);
        for (int i = 0; i < values[0].Length; i++) Assert.Equal(values[0][i], values[1][i], 1e-12 * (1 + Math.Abs(values[0][i])));
    });

    [Fact]
    public void GatherAndScatter_WithIndicesOutside_StayInTheirExample()
    {
        (Shape, DType)[] arguments = [([4, 2], DType.Float64), ([3], DType.Int32)];
        double[] Draw(int argument, int example) => argument == 0
            ? [.. Enumerable.Range(0, 8).Select(i => 10.0 * example + i)]
            : [example - 1, 4, 3];
        VmapCheck.Slices(x => x[0].Gather(x[1]), arguments, Draw, 0);
        VmapCheck.Slices(x => x[0].ScatterAdd(x[1], Tensor.Ones([3, 2], DType.Float64)), arguments, Draw, 1);
    }

    private static Tensor Traced(OpCase row) =>
        row.Apply([.. row.Args.Select((a, i) => new Tensor(GraphFunction.Input(a.Shape, $"x{i}", a.DType)))]);

    private static void ForSeeds(int block, Action<int> check)
    {
        for (int seed = 15 * block; seed < 15 * (block + 1); seed++)
        {
            try
            {
                check(seed);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
            }
        }
    }
}
