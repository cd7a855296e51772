using Cotangent.AutoDiff;
using Cotangent.Execution;
using Cotangent.Graph;

namespace Cotangent.Tests.Engine.Attention;

/// <summary>Attention within a layer reads and writes the rows of heads where the layer's products have them: the bits of calls whose operands lie
/// side by side, and no copies.</summary>
public class HeadLayoutTests
{
    /// <summary>Batch, time, heads, width; more than 16 heads in all.</summary>
    public static TheoryData<int, int, int, int, bool> Sizes => new()
    {
        { 4, 128, 4, 32, true }, { 2, 72, 8, 16, false }, { 3, 97, 6, 24, true }, { 16, 24, 1, 32, true }, { 17, 1, 2, 8, false }, { 4, 200, 4, 64, true },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Layer_OfOneProduct_HasTheBitsOfContiguousCalls(int batch, int time, int heads, int width, bool causal)
    {
        Layer layer = new(batch, time, heads, width, causal);
        (Tensor x, Tensor w, Tensor o, Tensor c) = layer.Operands();
        Tensor F(Tensor p) => layer.Joined(layer.Attend(layer.Apart(p.MatMul(w)))).MatMul(o);
        Tensor[] results = [F(x), Diff.Grad((Tensor p) => (F(p) * c).Sum())(x)];
        Assert.DoesNotContain(Steps(results), s => heads > 1 && time > 1 && (s.Contains("permute", StringComparison.Ordinal) || s.Contains("pad", StringComparison.Ordinal)));

        Tensor[] each = [.. layer.Apart(x.MatMul(w).Realize()).Select(t => t.Realize())];
        Tensor mixed = layer.Attend(each).Realize(), dMixed = layer.Swapped(c.MatMul(o.T).Realize()).Realize();
        Tensor[] gradients = [.. layer.Gradients(each, dMixed).Select(g => g.Realize())];
        Tensor stacked = Tensor.Concat(0, [.. gradients.Select(g => g.Reshape(1, batch, heads, time, width))]).Realize();
        Tensor whole = stacked.Permute(1, 3, 0, 2, 4).Reshape(batch, time, 3 * heads * width).Realize();
        Equal(layer.Joined(mixed).Realize().MatMul(o), results[0]);
        Equal(whole.MatMul(w.T), results[1]);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Layer_OfThreeProducts_HasTheBitsOfContiguousCalls(int batch, int time, int heads, int width, bool causal)
    {
        Layer layer = new(batch, time, heads, width, causal);
        (Tensor x, Tensor w, Tensor o, Tensor c) = layer.Operands();
        Tensor[] products = [.. Enumerable.Range(0, 3).Select(i => x.MatMul(w[.., (i * heads * width)..((i + 1) * heads * width)]).Realize())];
        Tensor F(Tensor[] p) => layer.Joined(layer.Attend([.. p.Select(layer.Swapped)])).MatMul(o);
        Tensor[] results = Diff.Grad((Tensor[] p) => (F(p) * c).Sum())(products);

        Tensor[] each = [.. products.Select(p => layer.Swapped(p).Realize())];
        Tensor dMixed = layer.Swapped(c.MatMul(o.T).Realize()).Realize();
        Tensor[] gradients = [.. layer.Gradients(each, dMixed).Select(g => layer.Joined(g.Realize()))];
        for (int i = 0; i < 3; i++) Equal(gradients[i], results[i]);
    }

    [Fact]
    public void MemoryReport_OfALayer_NamesTheLinesThatMadeWhatIsAlive()
    {
        Layer layer = new(4, 64, 4, 32, Causal: true);
        (Tensor x, Tensor w, Tensor o, Tensor c) = layer.Operands();
        Tensor F(Tensor p) => layer.Joined(layer.Attend(layer.Apart(p.MatMul(w)))).MatMul(o).Exp();
        MemoryReport report = Jit.Compile(Diff.Grad((Tensor p) => (F(p) * c).Sum())).Memory(x);

        // The file and line, or the method where the runtime knows no line of optimised code.
        Assert.Contains(report.AtPeak, t => t.What == "attention_grad");
        Assert.All(report.AtPeak, t => Assert.True(t.Place.Length > 0, report.ToString()));
    }

    [Fact]
    public void Output_ThatIsAResultItself_IsAlsoContiguous()
    {
        Layer layer = new(4, 40, 4, 16, Causal: true);
        (Tensor x, Tensor w, Tensor o, _) = layer.Operands();
        Tensor mixed = layer.Attend(layer.Apart(x.MatMul(w))), y = layer.Joined(mixed).MatMul(o);
        Tensor.Realize([mixed, y]);
        Equal(layer.Attend([.. layer.Apart(x.MatMul(w)).Select(t => t.Realize())]), mixed);
        Equal(layer.Joined(mixed).MatMul(o), y);
    }

    [Fact]
    public void Gradient_ThatIsUsedInOtherWaysToo_IsTheSame()
    {
        Layer layer = new(4, 40, 4, 16, Causal: true);
        (Tensor x, Tensor w, Tensor o, Tensor c) = layer.Operands();
        Tensor[] each = [.. layer.Apart(x.MatMul(w)).Select(t => t.Realize())];
        Tensor dMixed = layer.Swapped(c.MatMul(o.T)).Realize();
        Tensor[] expected = [.. layer.Gradients(each, dMixed).Select(g => g.Realize())], gradients = layer.Gradients(each, dMixed);
        Tensor[] results = [layer.Joined(gradients[0]), gradients[0] * 2, layer.Joined(gradients[2])];
        Tensor.Realize(results);
        Equal(layer.Joined(expected[0]), results[0]);
        Equal(expected[0] * 2, results[1]);
        Equal(layer.Joined(expected[2]), results[2]);
    }

    [Fact]
    public void Keys_OfAnotherLength_AreReadWhereTheyLie()
    {
        Layer queries = new(4, 33, 4, 16, Causal: false), keys = queries with { Time = 50 };
        (Tensor x, Tensor w, _, _) = queries.Operands();
        (Tensor other, _, _, _) = keys.Operands();
        Tensor[] q = queries.Apart(x.MatMul(w)), k = keys.Apart(other.MatMul(w));
        Tensor[] own = [q[0].Realize(), k[1].Realize(), k[2].Realize()];
        Tensor y = queries.Joined(queries.Attend([queries.Apart(x.MatMul(w))[0], keys.Apart(other.MatMul(w))[1], keys.Apart(other.MatMul(w))[2]]));
        Assert.Equal(3, Steps(y).Length);
        Equal(queries.Joined(queries.Attend(own)), y);
    }

    private static string[] Steps(params Tensor[] outputs) =>
        [.. Lowering.Plan(Capture.Of([.. outputs.Select(t => t.Node)]).Key.ToPlanGraph()).Steps.Select(s => s.Name)];

    private static void Equal(Tensor expected, Tensor actual) => Assert.Equal(expected.ToArray<float>(), actual.ToArray<float>());

    /// <summary>The sizes of an attention layer.</summary>
    private sealed record Layer(int Batch, int Time, int Heads, int Width, bool Causal)
    {
        public (Tensor X, Tensor W, Tensor O, Tensor C) Operands()
        {
            int d = Heads * Width;
            return (new RandomKey(Time).Normal([Batch, Time, d]).Realize(), new RandomKey(2).Normal([d, 3 * d]).Realize(),
                new RandomKey(3).Normal([d, d]).Realize(), new RandomKey(4).Normal([Batch, Time, d]).Realize());
        }

        /// <summary>q, k and v, [batch, heads, time, width], of a product of all three.</summary>
        public Tensor[] Apart(Tensor product)
        {
            Tensor all = product.Reshape(Batch, Time, 3, Heads, Width).Permute(2, 0, 3, 1, 4);
            return [all[0], all[1], all[2]];
        }

        public Tensor Swapped(Tensor x) => x.Reshape(Batch, Time, Heads, Width).Permute(0, 2, 1, 3);

        public Tensor Joined(Tensor x) => x.Permute(0, 2, 1, 3).Reshape(Batch, Time, Heads * Width);

        public Tensor Attend(Tensor[] x) => Nn.Attention(x[0], x[1], x[2], new AttentionOptions { Causal = Causal, Fused = true });

        public Tensor[] Gradients(Tensor[] x, Tensor dMixed) => Diff.Grad((Tensor[] p) => (Attend(p) * dMixed).Sum())(x);
    }
}
