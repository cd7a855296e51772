using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine;

/// <summary>Einsum against loops over all letters.</summary>
public class EinsumTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 80)];

    [Theory, MemberData(nameof(Seeds))]
    public void Einsum_OfRandomSpecifications_IsTheSumOverAllLetters(int seed)
    {
        Random random = new(seed);
        int[] extents = [.. Enumerable.Range(0, 5).Select(_ => random.Next(1, 4))];
        string[] inputs = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Letters(random, random.Next(0, 4)))];
        string output = string.Concat(string.Concat(inputs).Distinct().Where(_ => random.Next(2) == 0).OrderBy(_ => random.Next()));
        Shape[] shapes = [.. inputs.Select(i => Shape.From(i.Select(c => extents[c - 'a'])))];
        double[][] x = [.. shapes.Select(s => NDIndex.Fill(s, _ => random.Next(-3, 4)))];

        Tensor y = Tensor.Einsum($"{string.Join(", ", inputs)} -> {output}", [.. x.Select((v, i) => Tensor.From<double>(v, shapes[i], Device.Cpu))]);

        Shape result = Shape.From(output.Select(c => extents[c - 'a']));
        double[] expected = new double[result.Size];
        string all = string.Concat(string.Concat(inputs).Distinct());
        NDIndex.ForEach(Shape.From(all.Select(c => extents[c - 'a'])), (_, at) =>
        {
            int[] At(string letters) => [.. letters.Select(c => at[all.IndexOf(c)])];
            double product = 1;
            for (int i = 0; i < x.Length; i++) product *= x[i][NDIndex.Flatten(shapes[i], At(inputs[i]))];
            expected[NDIndex.Flatten(result, At(output))] += product;
        });
        Assert.Equal(result, y.Shape);
        Assert.Equal(expected, Reference.Evaluate([y.Node], HostData.ToDoubles)[0]);
    }

    [Fact]
    public void Einsum_OfAChain_ContractsTheSmallEndFirst()
    {
        Tensor y = Tensor.Einsum("ij,jk,k->i", Tensor.Zeros([50, 60]), Tensor.Zeros([60, 70]), Tensor.Zeros([70]));
        Assert.DoesNotContain(Walk.Topological(y.Node), n => n.Shape.Size == 50 * 70);
    }

    private static string Letters(Random random, int count) => string.Concat(Enumerable.Range(0, count).Select(_ => (char)('a' + random.Next(5))));
}
