using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Cotangent.AutoDiff;

namespace Cotangent.Tests.Docs;

/// <summary>docs/autodiff.md: each line of C# in its table is compiled and run here, and no other stands there.</summary>
public partial class AutoDiffPageTests
{
    private readonly List<string> _run = [];

    private sealed record Net(Tensor Weight, Tensor Offset);

    [Fact]
    public void Table_EveryLineOfCSharp_Runs()
    {
        Tensor x = Tensor.From([0.5f, -1f, 2f]), y = x + 1, dx = x * 0 + 1, batch = Tensor.Stack(0, x, y), matrix = Tensor.Eye(3) * 2;
        Net net = new(x, y);
        Tensor f(Tensor v) => v.Square().Sum();
        Tensor g(Tensor v, Tensor w) => (v * w).Sum();
        Tensor h(Tensor v) => v.Tanh();
        Tensor loss(Net n) => (n.Weight * n.Offset).Sum();

        Row(Diff.Grad(f)(x), 2 * x);
        Row(Diff.Grad(g)(x, y), (y, x));
        Row(Diff.ValueAndGrad(f)(x), (f(x), 2 * x));
        Row(Diff.ValueAndGrad((Tensor v) => (f(v), v.Exp()))(x), ((f(x), x.Exp()), 2 * x));
        Row(Diff.Grad<Net>(loss)(net), new Net(y, x));
        Row(Diff.Jvp(f, x, dx), (f(x), 2 * x.Sum()));
        Row(Diff.Vjp(f, x), (f(x), null!), like: r => (r.Value, (Func<Tensor, Tensor>)null!));
        Row(Diff.Linearize(f, x), (f(x), null!), like: r => (r.Value, (Func<Tensor, Tensor>)null!));
        Row(Diff.LinearTranspose(v => v.MatMul(matrix), x), null!, like: _ => null!);
        Row(Diff.JacFwd(h)(x), Tensor.Eye(3) * (1 - x.Tanh().Square()));
        Row(Diff.JacRev(h)(x), Tensor.Eye(3) * (1 - x.Tanh().Square()));
        Row(Diff.Hessian(f)(x), Tensor.Eye(3) * 2);
        Row(Diff.Hvp(f, x, dx), 2 * dx);
        Row(Diff.Gnvp(h, f, x, dx), 2 * dx * (1 - x.Tanh().Square()).Square());
        Row(Diff.TaylorCoefficients(f, x, dx, 4), [f(x), 2 * x.Sum(), Tensor.Scalar(3f), Tensor.Scalar(0f), Tensor.Scalar(0f)]);
        Row(Diff.Checkpoint(h, CheckpointPolicy.Dots)(x), x.Tanh());
        Row(Jit.Compile(Diff.Grad(f)).Memory(x), null!, like: _ => null!);
        Row(Diff.Vmap(h)(batch), batch.Tanh());
        Row(Diff.Vmap(g, inAxes: [0, null])(batch, x), (batch * x).Sum(1));
        Row(Diff.Vmap(Diff.Grad(f))(batch), 2 * batch);
        Row(x.StopGradient(), x);
        Row(Diff.CustomJvp(v => (1 + v.Exp()).Log(), (v, dv, y) => dv * v.Sigmoid())(x), (1 + x.Exp()).Log());
        Row(Diff.CustomVjp(v => v, (v, y, ct) => Tensor.Minimum(ct, 1))(x), x);
        Row(Diff.Checkpoint(h)(x), x.Tanh());
        Row(Jit.Compile(f), null!, like: _ => null!);
        Row(Flow.Scan((Tensor c, Tensor v) => (c * v, c.Sum()), x, batch), (x * x * y, Tensor.Stack(0, x.Sum(), (x * x).Sum())));
        Row(Flow.While((Tensor v) => v.Sum() < 100, v => v * 2, x), x * 128);
        Row(Flow.Cond(x.Sum() > 0, (Tensor v) => v.Exp(), v => v, x), x.Exp());
        Row(Tensor.Where(x > 0, x, 0), x.Relu());
        Row(Numerical.Grad(f)(x), 2 * x, tolerance: 1e-2);

        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "autodiff.md"));
        string[] shown = [.. LastColumn().Matches(page).Select(m => m.Groups[1].Value).Where(c => !c.StartsWith("Diff.Grad<Net>(loss)(net)`, ", StringComparison.Ordinal))];
        Assert.Equal(_run.Order(StringComparer.Ordinal), shown.Select(s => s.Trim('`')).Where(s => s != "Cotangent").Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>The rule that the page shows is the rule.</summary>
    [Fact]
    public void Rule_OfTheWorkedExample_IsTheOneInTheSource()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "autodiff.md"));
        string source = File.ReadAllText(Path.Combine(Repository.Root, "AutoDiff", "Rules", "Indexing.cs"));
        string shown = page.Split("```csharp\n")[1].Split("```")[0];
        Assert.Contains(string.Concat(shown.Split('\n').Where(l => l.Length > 0).Select(l => $"        {l}\n")), source, StringComparison.Ordinal);
    }

    /// <summary>The files that the page names exist.</summary>
    [Fact]
    public void Files_OfTheWorkedExample_Exist()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "autodiff.md"));
        string[] files = [.. FilePath().Matches(page).Select(m => m.Groups[1].Value)];
        Assert.NotEmpty(files);
        Assert.All(files, f => Assert.True(File.Exists(Path.Combine(Repository.Root, f)), f));
    }

    private void Row<T>(T result, T expected, Func<T, T>? like = null, double tolerance = 1e-5,
        [CallerArgumentExpression(nameof(result))] string code = "")
    {
        _run.Add(code);
        if (like is not null) result = like(result);
        if (expected is null) return;
        Tensor[] actual = Leaves(result), wanted = Leaves(expected);
        Assert.Equal(wanted.Length, actual.Length);
        for (int i = 0; i < wanted.Length; i++)
        {
            Assert.Equal(wanted[i].Shape, actual[i].Shape);
            Assert.True((wanted[i] - actual[i]).Abs().Max().Item<float>() <= tolerance, $"{code}: {actual[i]}, not {wanted[i]}");
        }
    }

    private static Tensor[] Leaves<T>(T tree) => tree switch
    {
        ValueTuple<Tensor, Func<Tensor, Tensor>> pair => [pair.Item1],
        _ => Trees.Flatten(tree),
    };

    [GeneratedRegex(@"^\|[^|]*\|[^|]*\| (`.*`|Cotangent)(?:, then .*)? \|$", RegexOptions.Multiline)]
    private static partial Regex LastColumn();

    [GeneratedRegex(@"`((?:Engine|AutoDiff|Tests)/[A-Za-z./]+\.cs)`")]
    private static partial Regex FilePath();
}
