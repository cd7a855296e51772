using Cotangent.AutoDiff;

namespace Cotangent.Tests.Docs;

/// <summary>docs/implicit.md runs and prints what it says: the code below is the page's, line for line.</summary>
public class ImplicitPageTests
{
    [Fact]
    public void Snippets_Run_PrintWhatThePageShows()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "implicit.md"));
        List<string> missing = [];
        foreach ((string name, Action<StringWriter> run) in new (string, Action<StringWriter>)[]
        {
            ("Root", Root), ("FixedPoint", FixedPoint), ("Minimum", Minimum), ("Solve", Solve),
        })
        {
            using StringWriter console = new() { NewLine = "\n" };
            run(console);
            string expected = $"```csharp\n{Snippet.Of<ImplicitPageTests>(name)}```\n\n```text\n{console}```";
            if (!page.Contains(expected, StringComparison.Ordinal)) missing.Add(expected);
        }

        Assert.True(missing.Count == 0, $"docs/implicit.md does not have:\n{string.Join("\n\n", missing)}");
    }

    private static void Root(StringWriter Console)
    {
        // begin Root
        // The solver is ordinary C#: it reads values and stops when it is satisfied.
        static Tensor Newton(Tensor x, Tensor a)
        {
            while ((x * x - a).Abs().Item<double>() > 1e-14) x = 0.5 * (x + a / x);
            return x;
        }

        Func<Tensor, Tensor, Tensor> root = Implicit.Root((x, a) => x * x - a, Newton);
        Func<Tensor, Tensor> sqrt = a => root(Tensor.Scalar(1, DType.Float64), a);
        Tensor two = Tensor.Scalar(2, DType.Float64);
        Console.WriteLine($"{sqrt(two)} {Diff.Grad(sqrt)(two)} {Diff.Grad(Diff.Grad(sqrt))(two)}");
        // end
    }

    private static void FixedPoint(StringWriter Console)
    {
        // begin FixedPoint
        // A deep-equilibrium layer, z = tanh(W·z + u): gradients by W and u through the equilibrium.
        static Tensor Layer(Tensor z, (Tensor W, Tensor U) p) => (p.W.MatMul(z) + p.U).Tanh();

        static Tensor Iterate(Tensor z, (Tensor W, Tensor U) p)
        {
            for (int i = 0; i < 100; i++) z = Layer(z, p).Realize();
            return z;
        }

        var equilibrium = Implicit.FixedPoint<Tensor, (Tensor W, Tensor U)>(Layer, Iterate);
        Tensor w = Tensor.From(new[,] { { 0.3, -0.2 }, { 0.1, 0.4 } }), u = Tensor.From([0.5, -0.6]), v = Tensor.From([1.0, 2.0]);
        (Tensor byW, Tensor byU) = Diff.Grad(((Tensor W, Tensor U) p) => (v * equilibrium(Tensor.ZerosLike(u), p)).Sum())((w, u));
        Console.WriteLine(byU);
        Console.WriteLine(byW);
        // end
    }

    private static void Minimum(StringWriter Console)
    {
        // begin Minimum
        // Ridge regression: how the weights move with the strength of the regulariser.
        Tensor x = Tensor.From(new double[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } }), y = Tensor.From([1.0, 2.0, 2.0]);
        Tensor Loss(Tensor w, Tensor strength) => 0.5 * (x.MatMul(w) - y).Square().Sum() + 0.5 * strength * w.Square().Sum();
        Tensor Fit(Tensor w, Tensor strength) => Implicit.Solve(d => x.T.MatMul(x.MatMul(d)) + strength * d, x.T.MatMul(y), LinearSolver.Cg());

        var weights = Implicit.Minimum(Loss, Fit, new() { ResidualTolerance = 1e-8 });
        Func<Tensor, Tensor> path = strength => weights(Tensor.From([0.0, 0.0]), strength);
        Tensor half = Tensor.Scalar(0.5, DType.Float64);
        Console.WriteLine($"{path(half)} {Diff.JacFwd(path)(half)}");
        // end
    }

    private static void Solve(StringWriter Console)
    {
        // begin Solve
        // A tridiagonal system of 1,000 unknowns that is never a matrix, and the derivative of its solution.
        Tensor b = Tensor.Ones([1000], DType.Float64);
        Tensor Apply(Tensor v, Tensor shift) => (2 + shift) * v - v.Pad((1, 0))[..1000] - v.Pad((0, 1))[1..];
        Func<Tensor, Tensor> mean = shift => Implicit.Solve(v => Apply(v, shift), b, LinearSolver.Cg()).Mean();
        Tensor one = Tensor.Scalar(1, DType.Float64);
        Console.WriteLine($"{mean(one).Item<double>():F6} {Diff.Grad(mean)(one).Item<double>():F6}");
        // end
    }
}
