using Cotangent.AutoDiff;
using Cotangent.Kernels;
using static Cotangent.Tests.AutoDiff.ImplicitGoldenTests;

namespace Cotangent.Tests.AutoDiff;

/// <summary>What implicit functions do besides having the right derivative: compose, capture, batch, compile, refuse.</summary>
public class ImplicitTests
{
    private static readonly Tensor s_matrix = Values(new[,] { { 4, 1, 0.5 }, { -1, 3, 0.2 }, { 0.3, -0.4, 5 } });

    public static TheoryData<string> All => Devices.All;

    public static TheoryData<string> Solvers => ["Lu", "NormalCg", "Gmres"];

    [Theory, MemberData(nameof(Solvers))]
    public void Solve_OfAnUnsymmetricSystem_IsItsSolutionWithDerivatives(string solver)
    {
        Tensor X(Tensor a, Tensor b) => Implicit.Solve(v => a.MatMul(v), b, Solver(solver));
        Tensor b = Values(1, -2, 0.5), along = Values(new[,] { { 0.1, -0.2, 0.3 }, { 0.2, 0.1, -0.1 }, { 0, 0.4, 0.2 } });
        Near([0, 0, 0], s_matrix.MatMul(X(s_matrix, b)) - b, 1e-11);
        Func<Tensor, Tensor> f = a => X(a, b).Square().Sum(), g = v => X(s_matrix, v).Square().Sum();
        Near(Numerical.Grad(f)(s_matrix).ToArray<double>(), Diff.Grad(f)(s_matrix), 1e-8);
        Near(Numerical.Grad(g)(b).ToArray<double>(), Diff.Grad(g)(b), 1e-8);
        Near(Numerical.Hvp(f, s_matrix, along).ToArray<double>(), Diff.Hvp(f, s_matrix, along), 1e-6);
        Near(Diff.Hvp(f, s_matrix, along).ToArray<double>(), Diff.Grad(a => (Diff.Grad(f)(a) * along).Sum())(s_matrix), 1e-10);
        Near(Diff.JacFwd(a => X(a, b))(s_matrix).ToArray<double>(), Diff.JacRev(a => X(a, b))(s_matrix), 1e-11);
    }

    [Theory, MemberData(nameof(All))]
    public void Root_OnEveryDevice_HasItsDerivative(string device)
    {
        Device d = Device.Find(device);
        Func<Tensor, Tensor, Tensor> root = Implicit.Root((x, a) => x * x - a, Iterate((x, a) => 0.5 * (x + a / x)));
        foreach (DType type in new[] { DType.Float64, DType.Float32 })
        {
            Tensor a = Tensor.From([1.0, 2, 3], d).Cast(type);
            Tensor g = Diff.Grad(v => root(Tensor.OnesLike(v), v).Sum())(a);
            Near([0.5, 0.5 / Math.Sqrt(2), 0.5 / Math.Sqrt(3)], g.Cast(DType.Float64), type == DType.Float64 ? 1e-12 : 1e-6);
            Assert.Equal(d, g.Device);
        }
    }

    [Fact]
    public void Root_OfATree_HasTheDerivativesOfEachPart()
    {
        // x·y = p, x − y = q[0]: x = (q + √(q² + 4p))/2.
        Func<(Tensor X, Tensor Y), (Tensor P, Tensor Q), (Tensor X, Tensor Y)> root = Implicit.Root<(Tensor X, Tensor Y), (Tensor P, Tensor Q)>(
            (u, t) => (u.X * u.Y.Squeeze(0) - t.P, (u.X - u.Y.Squeeze(0) - t.Q).Unsqueeze(0)),
            (_, t) =>
            {
                double p = t.P.Item<double>(), q = t.Q.Item<double>(), x = (q + Math.Sqrt(q * q + 4 * p)) / 2;
                return (Scalar(x), Values(x - q));
            });
        Tensor Loss((Tensor P, Tensor Q) t)
        {
            (Tensor x, Tensor y) = root((Scalar(1), Values(1)), t);
            return x + 3 * y.Sum();
        }

        // With p = 6, q = 1: x = 3, y = 2; ∂x/∂p = ∂y/∂p = 1/5, ∂x/∂q = 3/5, ∂y/∂q = −2/5.
        (Tensor byP, Tensor byQ) = Diff.Grad(((Tensor P, Tensor Q) t) => Loss(t))((Scalar(6), Scalar(1)));
        Assert.Equal(0.8, byP.Item<double>(), 1e-12);
        Assert.Equal(-0.6, byQ.Item<double>(), 1e-12);
    }

    [Fact]
    public void Root_CapturingATracedValue_IsDifferentiatedByItToo()
    {
        // Nothing is dropped: x² = a·b, where b is the enclosing function's argument, captured.
        Tensor X(Tensor a, Tensor b) =>
            Implicit.Root((x, t) => x * x - t * (b * 1), (_, t) => Scalar(Math.Sqrt(6)))(Scalar(1), a);
        (Tensor byA, Tensor byB) = Diff.Grad((Tensor a, Tensor b) => X(a, b))(Scalar(2), Scalar(3));
        Assert.Equal(3 / (2 * Math.Sqrt(6)), byA.Item<double>(), 1e-12);
        Assert.Equal(2 / (2 * Math.Sqrt(6)), byB.Item<double>(), 1e-12);
        Tensor mixed = Diff.Grad(a => Diff.Grad(b => X(a, b))(Scalar(3)))(Scalar(2));
        Assert.Equal(1 / (4 * Math.Sqrt(6)), mixed.Item<double>(), 1e-12);
    }

    [Fact]
    public void Root_ByItsStart_HasNoDerivative()
    {
        Func<Tensor, Tensor, Tensor> root = Implicit.Root((x, a) => x * x - a, Iterate((x, a) => 0.5 * (x + a / x)));
        Assert.Equal(0, Diff.Grad(start => root(start, Scalar(2)))(Scalar(1)).Item<double>());
    }

    [Fact]
    public void Root_InsideARoot_HasItsDerivative()
    {
        // y = √x with x = √a: a^¼.
        Func<Tensor, Tensor, Tensor> sqrt = Implicit.Root((x, a) => x * x - a, Iterate((x, a) => 0.5 * (x + a / x)));
        Func<Tensor, Tensor, Tensor> outer = Implicit.Root(
            (y, a) => y * y - sqrt(Scalar(1), a), (_, a) => Scalar(Math.Pow(a.Item<double>(), 0.25)));
        Func<Tensor, Tensor> f = a => outer(Scalar(1), a);
        Assert.Equal(0.25 * Math.Pow(2, -0.75), Diff.Grad(f)(Scalar(2)).Item<double>(), 1e-12);
        Assert.Equal(-0.1875 * Math.Pow(2, -1.75), Diff.Grad(Diff.Grad(f))(Scalar(2)).Item<double>(), 1e-11);
    }

    [Fact]
    public void Root_UnderVmap_IsThatOfEachExample()
    {
        int calls = 0;
        Func<Tensor, Tensor, Tensor> root = Implicit.Root((x, a) => x * x - a, (x, a) =>
        {
            calls++;
            return Scalar(Math.Sqrt(a.Item<double>()));
        });
        Tensor a = Values(1, 2, 3);
        Func<Tensor, Tensor> f = t => root(Scalar(1), t);
        Near([1, Math.Sqrt(2), Math.Sqrt(3)], Diff.Vmap(f)(a), 1e-12);
        Assert.Equal(3, calls);
        double[] slopes = [.. new[] { 1.0, 2, 3 }.Select(t => 0.5 / Math.Sqrt(t))], bends = [.. new[] { 1.0, 2, 3 }.Select(t => -0.25 / (t * Math.Sqrt(t)))];
        Near(slopes, Diff.Vmap(Diff.Grad(f))(a), 1e-12);
        Near(slopes, Diff.Grad(v => Diff.Vmap(f)(v).Sum())(a), 1e-12);
        Near(bends, Diff.Grad(v => Diff.Grad(u => Diff.Vmap(f)(u).Sum())(v).Sum())(a), 1e-11);
        Near(slopes, Diff.Jvp(Diff.Vmap(f), a, Tensor.OnesLike(a)).Tangent, 1e-12);
    }

    [Theory]
    [InlineData("Lu")]
    [InlineData("Cg")]
    [InlineData("Gmres")]
    public void Gradient_Compiled_IsTheSame(string solver)
    {
        // The solver reads nothing, so it may be compiled: ten Newton steps.
        Func<Tensor, Tensor, Tensor> root = Implicit.Root((x, a) => x * x - a, (x, a) =>
        {
            for (int i = 0; i < 10; i++) x = 0.5 * (x + a / x);
            return x;
        }, new() { Solver = Solver(solver) });
        Func<Tensor, Tensor> gradient = Diff.Grad(a => root(Tensor.OnesLike(a), a).Exp().Sum());
        CompiledFunction<Tensor, Tensor> compiled = Jit.Compile(gradient);
        foreach (double shift in new[] { 0.0, 1.5 })
        {
            Tensor a = Values(1 + shift, 2, 3 + shift);
            Near(gradient(a).ToArray<double>(), compiled.Invoke(a), 1e-12);
        }

        Assert.Equal(1, compiled.TraceCount);

        // Each example of a batch converges on its own.
        Tensor batch = Values(new double[,] { { 1, 2, 3 }, { 4, 0.5, 9 } });
        Near(Diff.Vmap(gradient)(batch).ToArray<double>(), Jit.Compile(Diff.Vmap(gradient)).Invoke(batch), 1e-12);
    }

    [Fact]
    public void SolveCompiled_OfAnUnsymmetricSystem_PivotsAndSolves()
    {
        Tensor a = Values(new double[,] { { 0, 2, 1 }, { 1, 0, 0 }, { 0, 1, 3 } }), b = Values(5, 1, 10);
        Tensor x = Jit.Compile((Tensor m, Tensor v) => Implicit.Solve(u => m.MatMul(u), v)).Invoke(a, b);
        Near([1, 1, 3], x, 1e-12);
        Tensor singular = Values(new double[,] { { 1, 2, 1 }, { 2, 4, 2 }, { 0, 1, 3 } });
        Tensor none = Jit.Compile((Tensor m, Tensor v) => Implicit.Solve(u => m.MatMul(u), v, LinearSolver.NormalCg())).Invoke(singular, b);
        Assert.All(none.ToArray<double>(), e => Assert.True(double.IsNaN(e)));
    }

    [Theory]
    [InlineData(30)]
    [InlineData(4)]
    [InlineData(2)]
    public void GmresCompiled_IsGmres(int restart)
    {
        // Far from normal: the normal equations' condition is the square.
        Random random = new(4);
        double[,] m = new double[7, 7];
        for (int i = 0; i < 7; i++) for (int j = 0; j < 7; j++) m[i, j] = (i == j ? 3 : 0) + (j == i + 1 ? 2 : 0) + 0.3 * random.NextDouble();
        Tensor a = Values(m), b = Values(1, -2, 3, 0.5, 0, 4, 1);
        Func<Tensor, Tensor, Tensor> solve = (s, v) => Implicit.Solve(u => s.MatMul(u), v, LinearSolver.Gmres(1e-12, restart, 400));
        CompiledFunction<Tensor, Tensor, Tensor> compiled = Jit.Compile(solve);
        Near(Linalg.Solve(a, b).ToArray<double>(), compiled.Invoke(a, b), 1e-9);
        Assert.DoesNotContain("if true", compiled.Report(), StringComparison.Ordinal);
        Assert.Contains("scan_" + Math.Min(restart, 7), compiled.Report(), StringComparison.Ordinal);

        // A space that is exhausted before the restart, one step for an eigenvector; a right side of zeros; a singular matrix.
        Tensor twice = 2 * Tensor.Eye(7, DType.Float64);
        Near((b / 2).ToArray<double>(), compiled.Invoke(twice, b), 1e-12);
        Near(new double[7], compiled.Invoke(a, Tensor.Zeros([7], DType.Float64)), 0);
        Assert.All(compiled.Invoke(Tensor.Zeros([7, 7], DType.Float64), b).ToArray<double>(), e => Assert.True(double.IsNaN(e)));
    }

    [Fact]
    public void SecondReverseDerivative_OfARootWithACheckpointedResidual_IsThatOfThePlainOne()
    {
        Func<Tensor, Tensor, Tensor> solver = (x, a) =>
        {
            for (int i = 0; i < 40; i++) x = x - (x * x * x + x - a) / (3 * x * x + 1);
            return x;
        };
        Func<Tensor, Tensor, Tensor> plain = Implicit.Root((x, a) => x * x * x + x - a, solver);
        Func<Tensor, Tensor, Tensor> checkpointed = Implicit.Root(
            (x, a) => Diff.Checkpoint(((Tensor X, Tensor A) p) => p.X * p.X * p.X + p.X - p.A)((x, a)), solver);
        Tensor at = Values(0.5, 2, 10);
        Func<Tensor, Tensor> Second(Func<Tensor, Tensor, Tensor> root) =>
            Diff.Grad(a => (Diff.Grad(b => root(Tensor.OnesLike(b), b).Sum())(a) * Values(1, 2, 3)).Sum());
        double[] expected = Second(plain)(at).ToArray<double>();
        Assert.All(expected, e => Assert.True(Math.Abs(e) > 1e-4));
        Near(expected, Second(checkpointed)(at), 1e-10);
        Near(expected, Jit.Compile(Second(checkpointed)).Invoke(at), 1e-10);
    }

    [Fact]
    public void Solver_ThatCapturesTracedTensorsInABody_IsRefusedByName()
    {
        ControlFlowException e = Assert.Throws<ControlFlowException>(() => Diff.Grad((Tensor a) => Flow.Fold(
            (c, s) => Implicit.Root((x, t) => x * x - t, (x, t) => x + a)(c, s), a, Tensor.Ones([3], DType.Float64)))(Tensor.Scalar(2, DType.Float64)).Realize());
        Assert.StartsWith("CTG2050", e.Message, StringComparison.Ordinal);
        Assert.Contains("Pass them to the solver as arguments", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Root_InALoopsBody_IsExpanded()
    {
        // a ← √a, three times. The solver reads nothing and captures nothing.
        Func<Tensor, Tensor, Tensor> root = Implicit.Root((x, a) => x * x - a, (x, a) =>
        {
            for (int i = 0; i < 8; i++) x = 0.5 * (x + a / x);
            return x;
        });
        Tensor Loop(Tensor a) => Flow.ForLoop(3, (_, x) => root(Tensor.OnesLike(x), x), a);
        Near([Math.Pow(3, 0.125)], Loop(Scalar(3)), 1e-12);
    }

    [Fact]
    public void Solver_ThatReadsUnderJit_SaysWhatToDo()
    {
        Func<Tensor, Tensor, Tensor> root = Implicit.Root((x, a) => x * x - a, (_, a) => Scalar(Math.Sqrt(a.Item<double>())));
        CompiledFunction<Tensor, Tensor> compiled = Jit.Compile((Tensor a) => root(Scalar(1), a));
        Assert.Contains("argument 0", Assert.Throws<TracedValueException>(() => compiled.Invoke(Scalar(2))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cg_OfManyUnknowns_IsMatrixFree()
    {
        // A Laplacian on 4,000 points with a ridge: the dense matrix would have 16 million entries.
        const int N = 4000;
        static Tensor Apply(Tensor v, Tensor ridge) => (2 + ridge) * v - v.Pad((1, 0))[..N] - v.Pad((0, 1))[1..];
        Tensor b = (Tensor.Arange(N, DType.Float64) * 0.01).Sin();
        Func<Tensor, Tensor> f = ridge => Implicit.Solve(v => Apply(v, ridge), b, LinearSolver.Cg()).Square().Sum();
        double h = 1e-5, difference = (f(Scalar(0.5 + h)) - f(Scalar(0.5 - h))).Item<double>() / (2 * h);
        Assert.Equal(difference, Diff.Grad(f)(Scalar(0.5)).Item<double>(), 1e-6 * Math.Abs(difference));
        Assert.Equal(difference, Jit.Compile(Diff.Grad(f)).Invoke(Scalar(0.5)).Item<double>(), 1e-6 * Math.Abs(difference));
    }

    [Fact]
    public void Systems_WithoutASolution_AreNamed()
    {
        Tensor singular = Values(new double[,] { { 1, 2 }, { 2, 4 } }), b = Values(1, 0);
        Says<SingularSystemException>("pivot 1 of 2", () => Implicit.Solve(v => singular.MatMul(v), b, LinearSolver.Lu).ToArray<double>());
        Says<NotConvergedException>("Gmres: after", () => Implicit.Solve(v => singular.MatMul(v), b, LinearSolver.Gmres()).ToArray<double>());
        Says<NotConvergedException>("NormalCg: after", () => Implicit.Solve(v => singular.MatMul(v), b, LinearSolver.NormalCg()).ToArray<double>());
        Tensor indefinite = Values(new double[,] { { 1, 0 }, { 0, -1 } });
        Says<NotConvergedException>("not symmetric positive definite", () => Implicit.Solve(v => indefinite.MatMul(v), Values(1, 1), LinearSolver.Cg()).ToArray<double>());

        NotConvergedException stopped = Assert.Throws<NotConvergedException>(
            () => Implicit.Solve(v => s_matrix.MatMul(v), Values(1, 2, 3), LinearSolver.Gmres(maxIterations: 1)).ToArray<double>());
        Assert.Equal(1, stopped.Iterations);
        Assert.InRange(stopped.ResidualNorm, 1e-3, 10);

        Func<Tensor, Tensor, Tensor> constant = Implicit.Root((x, a) => a * 2, (x, a) => x);
        Says<SingularSystemException>("does not depend on the unknown", () => Diff.Grad(a => constant(Scalar(1), a))(Scalar(1)).ToArray<double>());
    }

    [Fact]
    public void Mistakes_AreNamed()
    {
        Tensor a = Scalar(2);
        Says<ShapeMismatchException>("the residual took [2] to []", () => Implicit.Root((x, t) => x.Sum() - t, (x, _) => x)(Values(1, 1), a));
        Says<ShapeMismatchException>("the solver took [2] to [3]", () => Implicit.Root((x, t) => x - t, (_, _) => Values(1, 1, 1))(Values(1, 1), a).ToArray<double>());
        Says<NotDifferentiableException>("the unknown is Int32[]", () => Implicit.Root((x, t) => x, (x, _) => x)(Tensor.Scalar(1, DType.Int32), a));
        Says<DTypeMismatchException>("the residual took Float32 to Float64", () => Implicit.Root((x, t) => x - t, (x, _) => x)(Tensor.Scalar(1), a));
        Func<Tensor, Tensor, Tensor> rough = Implicit.Root((x, t) => x * x - t, (_, _) => Scalar(1.4), new() { ResidualTolerance = 1e-6 });
        NotConvergedException e = Assert.Throws<NotConvergedException>(() => rough(Scalar(1), a).Item<double>());
        Assert.Equal(0.04, e.ResidualNorm, 1e-12);
    }

    private static void Says<T>(string text, Func<object> call) where T : Exception =>
        Assert.Contains(text, Assert.Throws<T>(call).Message, StringComparison.Ordinal);
}
