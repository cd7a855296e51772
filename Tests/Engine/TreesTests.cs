using Cotangent.Graph;

namespace Cotangent.Tests.Engine;

public class TreesTests
{
    private sealed record Block(Tensor Wq, Tensor Wk, int Heads);

    private sealed record Model(Tensor Embed, Block[] Blocks, string Name, Tensor? Bias = null);

    private readonly record struct Pair(Tensor First, Tensor Second);

    private sealed record Optional(Tensor First)
    {
        public Tensor? Second { get; init; }

        public Tensor Sum => First + First;
    }

    private sealed class Stacked(Tensor all) : ITensorTree<Stacked>
    {
        public Tensor All { get; } = all;

        public IReadOnlyList<(string Name, Tensor Value)> Flatten() => [("all", All)];

        public Stacked Rebuild(IReadOnlyList<Tensor> leaves) => new(leaves[0]);
    }

    private static Tensor Leaf(int i) => Tensor.From([i]);

    private static int[] Values(IEnumerable<Tensor> leaves) => [.. leaves.Select(l => l.Item<int>())];

    [Fact]
    public void Record_OfRecords_HasPathsAndKeepsConstants()
    {
        Model model = new(Leaf(0), [new(Leaf(1), Leaf(2), 4), new(Leaf(3), Leaf(4), 8)], "small");

        Assert.Equal(["embed", "blocks.0.wq", "blocks.0.wk", "blocks.1.wq", "blocks.1.wk"], Trees.Names(model));
        Assert.Equal([0, 1, 2, 3, 4], Values(Trees.Flatten(model)));
        Model doubled = Trees.Map(model, x => x * 2);
        Assert.Equal([0, 2, 4, 6, 8], Values(Trees.Flatten(doubled)));
        Assert.Equal((8, "small", null), (doubled.Blocks[1].Heads, doubled.Name, doubled.Bias));
        Assert.NotSame(model.Blocks, doubled.Blocks);
    }

    [Fact]
    public void Dictionary_OfAnyOrder_IsWalkedInOrdinalOrder()
    {
        Dictionary<string, Dictionary<string, Tensor>> tree = new()
        {
            ["b"] = new() { ["w"] = Leaf(3), ["B"] = Leaf(2) },
            ["a"] = new() { ["x"] = Leaf(1) },
        };

        Assert.Equal(["a.x", "b.B", "b.w"], Trees.Names(tree));
        Assert.Equal([1, 2, 3], Values(Trees.Flatten(tree)));
        Assert.Equal(30, Trees.Map(tree, x => x * 10)["b"]["w"].Item<int>());
    }

    [Fact]
    public void Tuple_OfNineWithLists_RoundTrips()
    {
        var tree = (Leaf(0), new List<Tensor> { Leaf(1), Leaf(2) }, Leaf(3), Leaf(4), Leaf(5), Leaf(6), Leaf(7), Leaf(8), new Pair(Leaf(9), Leaf(10)));

        Assert.Equal(Enumerable.Range(0, 11), Values(Trees.Flatten(tree)));
        Assert.Equal(Enumerable.Range(1, 11), Values(Trees.Flatten(Trees.Map(tree, x => x + 1))));
        Assert.Equal("8.second", Trees.Names(tree)[^1]);
    }

    [Fact]
    public void Record_WithInitProperties_KeepsThem()
    {
        Optional tree = new(Leaf(1)) { Second = Leaf(2) };

        Assert.Equal(["first", "second"], Trees.Names(tree));
        Assert.Equal([10, 20], Values(Trees.Flatten(Trees.Map(tree, x => x * 10))));
        Assert.Null(Trees.Map(new Optional(Leaf(1)), x => x).Second);
    }

    [Fact]
    public void OwnTree_UsesItsTwoMethods() => Assert.Equal(6, Trees.Map(new[] { new Stacked(Leaf(3)) }, x => x * 2)[0].All.Item<int>());

    [Fact]
    public void Tensor_IsItsOwnTree()
    {
        Assert.Equal([""], Trees.Names(Leaf(1)));
        Assert.Equal(5, Trees.Rebuild(Leaf(1), [Leaf(5)]).Item<int>());
    }

    [Fact]
    public void Map_OfTwoTrees_PairsTheirTensors() =>
        Assert.Equal([11, 22], Values(Trees.Map(new[] { Leaf(1), Leaf(2) }, [Leaf(10), Leaf(20)], (x, y) => x + y)));

    [Fact]
    public void Rebuild_WrongNumber_Throws()
    {
        TreeException e = Assert.Throws<TreeException>(() => Trees.Rebuild(new[] { Leaf(1), Leaf(2) }, [Leaf(1)]));

        Assert.Equal("CTG2006: The tree has 2 tensors, but 1 were given.", e.Message);
        Assert.Throws<TreeException>(() => Trees.Rebuild(new[] { Leaf(1) }, [Leaf(1), Leaf(2)]));
    }

    [Fact]
    public void Flatten_NoTree_ThrowsWithThePath()
    {
        TreeException e = Assert.Throws<TreeException>(() => Trees.Flatten(new Dictionary<string, object> { ["x"] = new object() }));

        Assert.StartsWith("CTG2006: x is a System.Object, which is no tree of tensors.", e.Message, StringComparison.Ordinal);
    }
}
