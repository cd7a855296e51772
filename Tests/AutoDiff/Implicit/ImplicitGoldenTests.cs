using Cotangent.AutoDiff;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Implicit functions with known derivatives, in forward and reverse mode, by every linear solver that fits.</summary>
public class ImplicitGoldenTests
{
    private static readonly Tensor s_x = Values(new double[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } });
    private static readonly Tensor s_y = Values(1, 2, 2);

    public static TheoryData<string> Symmetric => ["Auto", "Lu", "Cg", "NormalCg", "Gmres"];

    public static TheoryData<string> General => ["Auto", "Lu", "NormalCg", "Gmres"];

    [Theory, MemberData(nameof(Symmetric))]
    public void Ridge_ByItsWeight_HasBothDerivatives(string solver)
    {
        foreach ((double at, double[] w, double[] first, double[] second) in new[]
        {
            (0.5, new[] { -0.10752688172, 0.47311827957 }, new[] { 0.385555170155, -0.308629128608 }, new[] { -1.014008566953, 0.80059531333 }),
            (1.0, [0.008620689655, 0.379310344828], [0.139640309156, -0.114447086801], [-0.224054645537, 0.176970150478]),
            (10.0, [0.148936170213, 0.234042553191], [0.000452693526, -0.003847894975], [-0.000385271086, 0.000373450269]),
        })
        {
            Func<Tensor, Tensor> ridge = Ridge(solver);
            Tensor lambda = Scalar(at);
            (Tensor value, Tensor tangent) = Diff.Jvp(ridge, lambda, Scalar(1));
            Near(w, value, 1e-11);
            Near(first, tangent, 1e-11);
            Near(first, Diff.JacRev(ridge)(lambda), 1e-11);
            Near(second, Diff.JacFwd(Diff.JacFwd(ridge))(lambda), 1e-11);
            Near(second, Diff.JacFwd(Diff.JacRev(ridge))(lambda), 1e-11);
            Near(second, Diff.JacRev(Diff.JacFwd(ridge))(lambda), 1e-11);
            Near(second, Diff.JacRev(Diff.JacRev(ridge))(lambda), 1e-11);
        }
    }

    [Fact]
    public void Ridge_OuterLoss_HasItsGradient()
    {
        Func<Tensor, Tensor> ridge = Ridge("Auto");
        Func<Tensor, Tensor> loss = lambda => 0.5 * ((Values(2, 1) * ridge(lambda)).Sum() - 1.5).Square();
        (Tensor value, Tensor gradient) = Diff.ValueAndGrad(loss)(Scalar(0.5));
        Assert.Equal(0.7712018730, value.Item<double>(), 1e-9);
        Assert.Equal(-0.5743718274, gradient.Item<double>(), 1e-9);
    }

    [Fact]
    public void Ridge_ByAWeightForEachFeature_HasItsJacobian()
    {
        Func<Tensor, Tensor> ridge = Ridge("Auto");
        Tensor lambda = Values(0.5, 2);
        Near([0.146341463415, 0.268292682927], ridge(lambda), 1e-11);
        double[] jacobian = [-0.069006543724, 0.095974618283, 0.052349791791, -0.077434067024];
        Near(jacobian, Diff.JacFwd(ridge)(lambda), 1e-11);
        Near(jacobian, Diff.JacRev(ridge)(lambda), 1e-11);
        Near(Numerical.Hessian(v => ridge(v).Square().Sum())(lambda).ToArray<double>(), Diff.Hessian(v => ridge(v).Square().Sum())(lambda), 1e-5);
    }

    [Theory, MemberData(nameof(Symmetric))]
    public void Logistic_ByItsWeight_HasItsDerivative(string solver)
    {
        Tensor x = Values(new[,] { { 1, 0.5 }, { -1, 1 }, { 0.5, -1.5 }, { -2, -0.3 } }), y = Values(1, -1, 1, -1);
        Tensor Loss(Tensor w, Tensor lambda) => (-y * x.MatMul(w)).Exp().Log1p().Sum() + 0.5 * lambda * w.Square().Sum();

        // Newton's method until the gradient is small: code that reads values.
        Tensor Newton(Tensor w, Tensor lambda)
        {
            Tensor g = Diff.Grad(v => Loss(v, lambda))(w);
            for (int i = 0; i < 50 && Math.Sqrt(g.Square().Sum().Item<double>()) > 1e-13; i++)
            {
                w -= Implicit.Solve(v => Diff.Hvp(u => Loss(u, lambda), w, v), g, LinearSolver.Lu);
                g = Diff.Grad(v => Loss(v, lambda))(w);
            }

            return w;
        }

        Func<Tensor, Tensor, Tensor> minimum = Implicit.Minimum(Loss, Newton, new() { Solver = Solver(solver), ResidualTolerance = 1e-10 });
        Func<Tensor, Tensor> w = lambda => minimum(Values(0, 0), lambda);
        (Tensor value, Tensor tangent) = Diff.Jvp(w, Scalar(0.3), Scalar(1));
        Near([1.60150843023, -0.641962143104], value, 1e-10);
        Near([-2.024795559269, 0.704609364955], tangent, 1e-10);
        Near([-2.024795559269, 0.704609364955], Diff.JacRev(w)(Scalar(0.3)), 1e-10);
        Near(Numerical.Jacobian(Diff.JacRev(w))(Scalar(0.3)).ToArray<double>(), Diff.JacFwd(Diff.JacRev(w))(Scalar(0.3)), 1e-6);
    }

    [Theory, MemberData(nameof(General))]
    public void DeepEquilibrium_ByInputAndWeights_HasItsGradients(string solver)
    {
        Func<Tensor, (Tensor W, Tensor U), Tensor> layer = Implicit.FixedPoint<Tensor, (Tensor W, Tensor U)>(
            (z, p) => (p.W.MatMul(z) + p.U).Tanh(), Iterate<(Tensor W, Tensor U)>((z, p) => (p.W.MatMul(z) + p.U).Tanh()), new() { Solver = Solver(solver) });
        Func<(Tensor W, Tensor U), Tensor> loss = p => (Values(1, 2) * layer(Values(0, 0), p)).Sum();
        (Tensor W, Tensor U) at = (Values(new[,] { { 0.3, -0.2 }, { 0.1, 0.4 } }), Values(0.5, -0.6));
        Near([0.684634711672, -0.661978978783], layer(Values(0, 0), at), 1e-11);
        (Tensor w, Tensor u) = Diff.Grad(loss)(at);
        Near([0.717030796397, 1.345314855339], u, 1e-11);
        Near([0.490904172551, -0.474659314355, 0.921049248093, -0.890570154079], w, 1e-11);

        // Forward mode is the same linear map; the Hessian by u is that of differences.
        Tensor along = Values(0.3, -0.7);
        Assert.Equal((u * along).Sum().Item<double>(), Diff.Jvp(v => loss((at.W, v)), at.U, along).Tangent.Item<double>(), 1e-11);
        Near(Numerical.Hessian(v => loss((at.W, v)))(at.U).ToArray<double>(), Diff.Hessian(v => loss((at.W, v)))(at.U), 1e-5);
    }

    [Theory, MemberData(nameof(General))]
    public void ScalarRoots_HaveTheirDerivatives(string solver)
    {
        ImplicitOptions options = new() { Solver = Solver(solver) };
        Func<Tensor, Tensor, Tensor> cosine = Implicit.FixedPoint((x, t) => (t * x).Cos(), Iterate((x, t) => (t * x).Cos()), options);
        Derivatives(t => cosine(Scalar(1), t), 1, 0.7390851332151607, -0.29747434150983226, 0.15333789131433617);
        Func<Tensor, Tensor, Tensor> shifted = Implicit.FixedPoint((x, t) => x.Cos() + t, Iterate((x, t) => x.Cos() + t), options);
        Derivatives(t => shifted(Scalar(1), t), 0, 0.7390851332151607, 0.5975100456753034, null);
        Func<Tensor, Tensor, Tensor> exponential = Implicit.Root((x, t) => x - (-t * x).Exp(), Iterate((x, t) => (-t * x).Exp()), options);
        Derivatives(t => exponential(Scalar(1), t), 1, 0.5671432904097838, -0.20524703377489464, null);
        Func<Tensor, Tensor, Tensor> square = Implicit.Root((x, a) => x * x - a, Iterate((x, a) => 0.5 * (x + a / x)), options);
        Derivatives(a => square(Scalar(1), a), 2, Math.Sqrt(2), 0.5 / Math.Sqrt(2), -0.25 / (2 * Math.Sqrt(2)));

        static void Derivatives(Func<Tensor, Tensor> f, double at, double value, double first, double? second)
        {
            Assert.Equal(value, f(Scalar(at)).Item<double>(), 1e-12);
            Assert.Equal(first, Diff.Grad(f)(Scalar(at)).Item<double>(), 1e-11);
            Assert.Equal(first, Diff.Jvp(f, Scalar(at), Scalar(1)).Tangent.Item<double>(), 1e-11);
            if (second is { } s)
            {
                Assert.Equal(s, Diff.Grad(Diff.Grad(f))(Scalar(at)).Item<double>(), 1e-10);
                Assert.Equal(s, Diff.Hvp(f, Scalar(at), Scalar(1)).Item<double>(), 1e-10);
                Assert.Equal(s, Diff.Grad(t => Diff.Jvp(f, t, Scalar(1)).Tangent)(Scalar(at)).Item<double>(), 1e-10);
            }
        }
    }

    [Theory]
    [InlineData("2x2")]
    [InlineData("3x3")]
    public void Sinkhorn_ByCostsAndMarginals_HasItsGradients(string name)
    {
        SinkhornCase c = SinkhornCase.Get(name);
        int n = c.Marginal.Length;
        (Tensor C, Tensor A, Tensor B) at = (c.Cost, Values(c.Marginal), Values(c.Other));
        Func<Tensor, (Tensor C, Tensor A, Tensor B), Tensor> plan = Sinkhorn(c.Entropy);
        Tensor P((Tensor C, Tensor A, Tensor B) p) => plan(Tensor.Zeros([2 * n - 1], DType.Float64), p);
        Near(c.Plan, Plan(P(at), at, c.Entropy), 1e-10);

        Func<(Tensor C, Tensor A, Tensor B), Tensor> loss = p => (c.Weights * Plan(P(p), p, c.Entropy)).Sum();
        (Tensor dc, Tensor da, Tensor db) = Diff.Grad(loss)(at);
        Near(c.ByCost, dc, 1e-9);

        // The gradients by marginals are known up to a constant that one gains and the other loses.
        double[] marginals = [.. da.ToArray<double>(), .. db.ToArray<double>()], expected = [.. c.ByMarginal, .. c.ByOther];
        double gauge = marginals[^1] - expected[^1];
        for (int i = 0; i < n; i++)
        {
            Assert.Equal(expected[i], marginals[i] + gauge, 1e-8);
            Assert.Equal(expected[n + i], marginals[n + i] - gauge, 1e-8);
        }

        Tensor along = (7 * Tensor.Arange(n * n, DType.Float64)).Sin().Reshape(n, n);
        Assert.Equal((dc * along).Sum().Item<double>(), Diff.Jvp(v => loss((v, at.A, at.B)), at.C, along).Tangent.Item<double>(), 1e-10);
        Near(Numerical.Hessian(v => loss((v, at.A, at.B)))(at.C).ToArray<double>(), Diff.Hessian(v => loss((v, at.A, at.B)))(at.C), 2e-5);
    }

    /// <summary>Entropic transport by potentials f, g (the last of g is fixed at 0): sums of exp((f + g − C)/λ) are the marginals.</summary>
    private static Func<Tensor, (Tensor C, Tensor A, Tensor B), Tensor> Sinkhorn(double entropy)
    {
        Tensor Residual(Tensor x, (Tensor C, Tensor A, Tensor B) p)
        {
            Tensor plan = Plan(x, p, entropy);
            return Tensor.Concat(0, plan.Sum(1) - p.A, plan.Sum(0)[..^1] - p.B[..^1]);
        }

        Tensor Solve(Tensor x, (Tensor C, Tensor A, Tensor B) p)
        {
            int n = p.A.Shape[0];
            Tensor f = x[..n], g = Tensor.Concat(0, x[n..], Tensor.Zeros([1], DType.Float64));
            for (int i = 0; i < 5000; i++)
            {
                f = entropy * (p.A.Log() - ((g.Unsqueeze(0) - p.C) / entropy).LogSumExp(1));
                g = (entropy * (p.B.Log() - ((f.Unsqueeze(1) - p.C) / entropy).LogSumExp(0))).Realize();
                if (i % 20 == 19 && (Plan(f, g, p.C, entropy).Sum(1) - p.A).Abs().Max().Item<double>() < 1e-14) break;
            }

            Tensor free = g[^1];
            return Tensor.Concat(0, f + free, (g - free)[..^1]);
        }

        return Implicit.Root<Tensor, (Tensor C, Tensor A, Tensor B)>(Residual, Solve, new() { ResidualTolerance = 1e-11 });
    }

    private static Tensor Plan(Tensor x, (Tensor C, Tensor A, Tensor B) p, double entropy)
    {
        int n = p.A.Shape[0];
        return Plan(x[..n], Tensor.Concat(0, x[n..], Tensor.Zeros([1], DType.Float64)), p.C, entropy);
    }

    private static Tensor Plan(Tensor f, Tensor g, Tensor cost, double entropy) => ((f.Unsqueeze(1) + g.Unsqueeze(0) - cost) / entropy).Exp();

    /// <summary>λ ↦ w of ridge regression, solved by hand outside of what is recorded.</summary>
    private static Func<Tensor, Tensor> Ridge(string solver)
    {
        Tensor Loss(Tensor w, Tensor lambda) => 0.5 * (s_x.MatMul(w) - s_y).Square().Sum() + 0.5 * (lambda * w.Square()).Sum();
        static Tensor Closed(Tensor start, Tensor lambda)
        {
            double[] l = lambda.ToArray<double>();
            double a = 35 + l[0], b = 44, d = 56 + l[^1], det = a * d - b * b, p = 17, q = 22;
            return Values((d * p - b * q) / det, (a * q - b * p) / det);
        }

        Func<Tensor, Tensor, Tensor> minimum = Implicit.Minimum(Loss, Closed, new() { Solver = Solver(solver), ResidualTolerance = 1e-9 });
        return lambda => minimum(Values(0, 0), lambda);
    }

    internal static LinearSolver Solver(string name) => name switch
    {
        "Lu" => LinearSolver.Lu,
        "Cg" => LinearSolver.Cg(1e-13),
        "NormalCg" => LinearSolver.NormalCg(1e-14),
        "Gmres" => LinearSolver.Gmres(1e-13),
        _ => LinearSolver.Auto,
    };

    /// <summary>x ← T(x, θ) until it does not change.</summary>
    internal static Func<Tensor, T, Tensor> Iterate<T>(Func<Tensor, T, Tensor> map) => (x, theta) =>
    {
        for (int i = 0; i < 500; i++)
        {
            Tensor next = map(x, theta).Realize();
            bool done = (next - x).Abs().Max().Cast(DType.Float64).Item<double>() < 1e-16;
            x = next;
            if (done) break;
        }

        return x;
    };

    internal static Func<Tensor, Tensor, Tensor> Iterate(Func<Tensor, Tensor, Tensor> map) => Iterate<Tensor>(map);

    internal static Tensor Scalar(double x) => Tensor.Scalar(x, DType.Float64);

    internal static Tensor Values(params double[] x) => Tensor.From(x);

    internal static Tensor Values(double[,] x) => Tensor.From(x);

    internal static void Near(double[] expected, Tensor actual, double tolerance)
    {
        double[] values = actual.ToArray<double>();
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++) Assert.Equal(expected[i], values[i], tolerance * (1 + Math.Abs(expected[i])));
    }
}
