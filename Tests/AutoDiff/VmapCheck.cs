using Cotangent.AutoDiff;
using Cotangent.Graph;

namespace Cotangent.Tests.AutoDiff;

/// <summary>The law of Vmap, on the reference: what it gives for a batch is what the function gives for each example, number for
/// number, wherever the batch axes are.</summary>
internal static class VmapCheck
{
    private const int Size = 3;

    /// <summary>Every choice of batched and shared arguments, at random batch axes.</summary>
    /// <param name="f">A function of one example.</param>
    /// <param name="arguments">The shapes and dtypes of an example's arguments.</param>
    /// <param name="draw">The elements of an argument of an example.</param>
    /// <param name="seed">Decides the axes.</param>
    public static void Slices(
        Func<Tensor[], Tensor> f, (Shape Shape, DType DType)[] arguments, Func<int, int, double[]> draw, int seed)
    {
        double[][][] examples = [.. arguments.Select((_, i) => Enumerable.Range(0, Size).Select(b => draw(i, b)).ToArray())];
        Random random = new(seed);
        for (int mask = 1; mask < 1 << arguments.Length; mask++)
        {
            int?[] axes = [.. arguments.Select((a, i) => (mask >> i & 1) == 1 ? random.Next(a.Shape.Rank + 1) : (int?)null)];
            Compare(f, arguments, examples, axes, random);
        }
    }

    private static void Compare(
        Func<Tensor[], Tensor> f, (Shape Shape, DType DType)[] arguments, double[][][] examples, int?[] axes, Random random)
    {
        Node[] slices = [.. arguments.Select((a, i) => GraphFunction.Input(a.Shape, $"x{i}", a.DType))];
        Node example = f([.. slices.Select(n => new Tensor(n))]).Node;
        int to = random.Next(-example.Shape.Rank - 1, example.Shape.Rank + 1);

        Node[] batches = [.. arguments.Select((a, i) => GraphFunction.Input(Joined(a.Shape, axes[i]), $"x{i}", a.DType))];
        Tensor batched = Diff.Vmap((Tensor[] x) => f(x), BatchAxes.Create(axes), to)([.. batches.Select(n => new Tensor(n))]);
        int axis = to < 0 ? to + example.Shape.Rank + 1 : to;
        Assert.Equal(Joined(example.Shape, axis), batched.Shape);
        Assert.Equal(example.DType, batched.DType);

        double[] actual = GraphFunction.Evaluate([batched.Node],
            batches.Select((n, i) => (n, Join(arguments[i].Shape, axes[i], examples[i]))).ToDictionary(p => p.n, p => p.Item2))[0];
        double[][] expected = [.. Enumerable.Range(0, Size).Select(b => GraphFunction.Evaluate([example],
            slices.Select((n, i) => (n, examples[i][axes[i] is null ? 0 : b])).ToDictionary(p => p.n, p => p.Item2))[0])];
        Assert.Equal(Join(example.Shape, axis, expected), actual);
    }

    /// <summary>The shape of a batch.</summary>
    private static Shape Joined(Shape example, int? axis) =>
        axis is { } at ? [.. example.Take(at), Size, .. example.Skip(at)] : example;

    /// <summary>Examples stacked along an axis; the first alone for a shared argument.</summary>
    private static double[] Join(Shape shape, int? axis, double[][] examples) => axis is not { } to ? examples[0]
        : NDIndex.Fill(Joined(shape, to), at => examples[at[to]][NDIndex.Flatten(shape, [.. at[..to], .. at[(to + 1)..]])]);
}
