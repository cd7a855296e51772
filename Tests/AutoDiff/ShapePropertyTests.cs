using Cotangent.Graph;
using FsCheck;
using FsCheck.Fluent;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Derivatives of the ops whose shapes have many cases, over generated shapes and attributes.</summary>
public class ShapePropertyTests
{
    private static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(60);

    [Fact]
    public void Dot_AnyPairingOfAxes_HasTransposes() => ForAllSeeds(random =>
    {
        // Labels with extents; each is batch, contracted, or free on one side, and each side holds its labels in any order.
        int[] use = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => random.Next(4))];
        int[] extent = [.. use.Select(_ => random.Next(1, 4))];
        int[] left = Shuffled(random, use, 3), right = Shuffled(random, use, 2);
        Shape Of(int kind, int[] side) =>
            Shape.From(Enumerable.Range(0, use.Length).Where(l => use[l] == kind).Select(l => Array.IndexOf(side, l)));
        DotAttributes axes = new(Of(0, left), Of(0, right), Of(1, left), Of(1, right));
        Shape[] shapes = [Shape.From(left.Select(l => extent[l])), Shape.From(right.Select(l => extent[l]))];
        return (x => Make.Dot(x[0], x[1], axes), shapes);
    });

    [Fact]
    public void SliceOfPadOfSlice_AnyExtents_HasTransposes() => ForAllSeeds(random =>
    {
        Shape shape = Shape.From(Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(0, 5)));
        (Shape low, Shape high, Shape interior) = (Each(random, shape, 3), Each(random, shape, 3), Each(random, shape, 3));
        int slices = random.Next();
        return (x => RandomSlice(slices, Make.Pad(RandomSlice(slices, x[0]), low, high, interior)), [shape]);
    });

    [Fact]
    public void Broadcast_AnyExtents_SumsBack() => ForAllSeeds(random =>
    {
        Shape to = Shape.From(Enumerable.Range(0, random.Next(0, 4)).Select(_ => random.Next(0, 4)));
        Shape from = Shape.From(to.Select(n => random.Next(2) == 0 ? 1 : n));
        return (x => Make.Unary(Ops.Sin, Make.Expand(x[0], to)), [from]);
    });

    private static void ForAllSeeds(Func<Random, (Func<Node[], Node>, Shape[])> make) => Prop.ForAll<int>(seed =>
    {
        Random random = new(seed);
        (Func<Node[], Node> f, Shape[] shapes) = make(random);
        AutoDiff.Check.Derivatives(new GraphFunction(f, shapes, GraphFunction.Random(random, shapes)), seed & 0xFFFF);
    }).Check(s_config);

    private static int[] Shuffled(Random random, int[] use, int absent)
    {
        int[] labels = [.. Enumerable.Range(0, use.Length).Where(l => use[l] != absent)];
        random.Shuffle(labels);
        return labels;
    }

    private static Node RandomSlice(int seed, Node x)
    {
        Random random = new(seed);
        int[] start = [.. x.Shape.Select(n => random.Next(n + 1))], step = [.. x.Shape.Select(_ => random.Next(1, 4))];
        int[] extent = [.. x.Shape.Select((n, i) => random.Next((n - start[i] + step[i] - 1) / step[i] + 1))];
        return Make.Slice(x, [.. start], [.. extent], [.. step]);
    }

    private static Shape Each(Random random, Shape shape, int below) => Shape.From(shape.Select(_ => random.Next(below)));
}
