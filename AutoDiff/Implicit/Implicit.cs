using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>Functions defined by an equation, differentiated by the equation and not by the steps of whoever solved it.</summary>
/// <remarks>
/// <para>x(θ) with F(x, θ) = 0 has the derivative ẋ = −(∂F/∂x)⁻¹·∂F/∂θ·θ̇: one linear system, forward; reverse mode solves the transposed
/// one. Neither is made dense unless <see cref="LinearSolver.Lu"/> is chosen: products with ∂F/∂x are derivatives of F. The solver is any
/// C# code: it may loop until it is satisfied, call other libraries, start at random; its steps are not recorded. Derivatives of derivatives are
/// exact, since the rule is itself made of differentiable operations (Blondel et al., Efficient and modular implicit differentiation, 2022).</para>
/// <para>The result's derivative is that of the equation at the x returned: an x with a residual of size ε gives a derivative with an error
/// of that order, see <see cref="ImplicitOptions.ResidualTolerance"/>.</para>
/// <para>F may capture tensors, traced ones too: derivatives reach them. A solver is called with tensors that have values, when the
/// result is read; inside <see cref="Jit"/> with placeholders, so that there it may not read. Under <c>Vmap</c> it is called for one example
/// at a time.</para>
/// </remarks>
public static class Implicit
{
    /// <summary>The function (x₀, θ) ↦ x with F(x, θ) = 0, where x₀ is where the solver starts.</summary>
    /// <param name="residual">F(x, θ), of x's shape, differentiable.</param>
    /// <param name="solver">(x₀, θ) ↦ x: any code; called when x is read. x has x₀'s shape and dtype and no derivative by it.</param>
    /// <param name="options">How the derivative's systems are solved.</param>
    /// <exception cref="ShapeMismatchException">When called: the residual or the solver's result is not of x's shape.</exception>
    /// <exception cref="SingularSystemException">When a derivative is read: ∂F/∂x has no inverse.</exception>
    /// <exception cref="NotConvergedException">When read: a residual is above its tolerance.</exception>
    /// <example><code>
    /// // x = √a by Newton's method, however many steps it takes.
    /// Func&lt;Tensor, Tensor, Tensor&gt; root = Implicit.Root((x, a) =&gt; x * x - a, Newton);
    /// Diff.Grad(a =&gt; root(start, a))(Tensor.Scalar(2, DType.Float64));    // 1 / (2·√2)
    /// </code></example>
    public static Func<Tensor, Tensor, Tensor> Root(
        Func<Tensor, Tensor, Tensor> residual, Func<Tensor, Tensor, Tensor> solver, ImplicitOptions? options = null) =>
        Root<Tensor, Tensor>(residual, solver, options);

    /// <summary>The function (x₀, θ) ↦ x with F(x, θ) = 0 for trees of tensors. The tensors of x have one dtype.</summary>
    /// <inheritdoc cref="Root(Func{Tensor, Tensor, Tensor}, Func{Tensor, Tensor, Tensor}, ImplicitOptions)"/>
    public static Func<TResult, TArgument, TResult> Root<TResult, TArgument>(
        Func<TResult, TArgument, TResult> residual, Func<TResult, TArgument, TResult> solver, ImplicitOptions? options = null) =>
        Make(residual, solver, options, isSymmetric: false);

    /// <summary>The function (x₀, θ) ↦ x with x = T(x, θ).</summary>
    /// <param name="map">T(x, θ), of x's shape, differentiable. Its iteration need not converge; x does.</param>
    /// <param name="solver">(x₀, θ) ↦ x: any code; called when x is read.</param>
    /// <param name="options">How the derivative's systems are solved.</param>
    /// <inheritdoc cref="Root(Func{Tensor, Tensor, Tensor}, Func{Tensor, Tensor, Tensor}, ImplicitOptions)"/>
    /// <example><code>
    /// // A deep-equilibrium layer: z = tanh(W·z + u).
    /// Func&lt;Tensor, Tensor, Tensor&gt; layer = Implicit.FixedPoint((z, u) =&gt; (w.MatMul(z) + u).Tanh(), Iterate);
    /// </code></example>
    public static Func<Tensor, Tensor, Tensor> FixedPoint(
        Func<Tensor, Tensor, Tensor> map, Func<Tensor, Tensor, Tensor> solver, ImplicitOptions? options = null) =>
        FixedPoint<Tensor, Tensor>(map, solver, options);

    /// <summary>The function (x₀, θ) ↦ x with x = T(x, θ) for trees of tensors.</summary>
    /// <inheritdoc cref="FixedPoint(Func{Tensor, Tensor, Tensor}, Func{Tensor, Tensor, Tensor}, ImplicitOptions)"/>
    public static Func<TResult, TArgument, TResult> FixedPoint<TResult, TArgument>(
        Func<TResult, TArgument, TResult> map, Func<TResult, TArgument, TResult> solver, ImplicitOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(map);
        return Make((x, theta) => Difference(map(x, theta), x), solver, options, isSymmetric: false);
    }

    /// <summary>The function (x₀, θ) ↦ x that minimises f(x, θ) over x: the root of ∂f/∂x, whose derivative, the Hessian, is symmetric.</summary>
    /// <param name="objective">f(x, θ), a scalar, twice differentiable.</param>
    /// <param name="solver">(x₀, θ) ↦ x: any code; called when x is read.</param>
    /// <param name="options">How the derivative's systems are solved.</param>
    /// <inheritdoc cref="Root(Func{Tensor, Tensor, Tensor}, Func{Tensor, Tensor, Tensor}, ImplicitOptions)"/>
    /// <exception cref="NotScalarException">When called: f's result is not of shape [].</exception>
    public static Func<Tensor, Tensor, Tensor> Minimum(
        Func<Tensor, Tensor, Tensor> objective, Func<Tensor, Tensor, Tensor> solver, ImplicitOptions? options = null) =>
        Minimum<Tensor, Tensor>(objective, solver, options);

    /// <summary>The function (x₀, θ) ↦ x that minimises f(x, θ) for trees of tensors.</summary>
    /// <inheritdoc cref="Minimum(Func{Tensor, Tensor, Tensor}, Func{Tensor, Tensor, Tensor}, ImplicitOptions)"/>
    public static Func<TResult, TArgument, TResult> Minimum<TResult, TArgument>(
        Func<TResult, TArgument, Tensor> objective, Func<TResult, TArgument, TResult> solver, ImplicitOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(objective);
        return Make((x, theta) => Diff.Grad((TResult y) => objective(y, theta))(x), solver, options, isSymmetric: true);
    }

    /// <summary>The x with A·x = b, where A is a linear function of a tensor of b's shape to one of that shape.</summary>
    /// <param name="function">A·v. Not checked to be linear; it may capture what A depends on, and derivatives reach it.</param>
    /// <param name="b">The right-hand side, any shape.</param>
    /// <param name="solver">How; <see cref="LinearSolver.Auto"/> unless given. <see cref="LinearSolver.Cg"/> takes A as symmetric.</param>
    /// <exception cref="ShapeMismatchException">A's result is not of b's shape.</exception>
    /// <example><code>Tensor x = Implicit.Solve(v =&gt; a.MatMul(v) + ridge * v, b, LinearSolver.Cg());</code></example>
    public static Tensor Solve(Func<Tensor, Tensor> function, Tensor b, LinearSolver? solver = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(b);
        solver ??= LinearSolver.Auto;
        RequireFloat(b.Node);
        (ClosedGraph a, Node[] captured) = ClosedGraph.Of("linear solve", p => function(new Tensor(p[0])).Node, [b.Node]);
        RequireLike("the function of a linear solve", a.Body, b.Node);
        return new Tensor(new Node(Ops.HostCall, [b.Node, .. captured], new SolveCall(a, solver, solver.IsSymmetric)));
    }

    private static Func<TResult, TArgument, TResult> Make<TResult, TArgument>(
        Func<TResult, TArgument, TResult> residual, Func<TResult, TArgument, TResult> solver, ImplicitOptions? options, bool isSymmetric)
    {
        ArgumentNullException.ThrowIfNull(residual);
        ArgumentNullException.ThrowIfNull(solver);
        return (start, theta) => new ImplicitFunction<TResult, TArgument>(residual, solver, options ?? new ImplicitOptions(), isSymmetric).Call(start, theta);
    }

    private static T Difference<T>(T x, T y)
    {
        Tensor[] left = Trees.Flatten(x), right = Trees.Flatten(y);
        return Trees.Rebuild(x, [.. left.Zip(right, (a, b) =>
        {
            RequireLike("the map of a fixed point", a.Node, b.Node);
            return a - b;
        })]);
    }

    internal static void RequireFloat(Node x)
    {
        if (!x.DType.IsFloat()) throw new NotDifferentiableException(
            $"Implicit: the unknown is {x.DType}{x.Shape}; it must be floating.");
    }

    internal static void RequireLike(string what, Node value, Node x)
    {
        if (value.Shape != x.Shape) throw new ShapeMismatchException(
            $"Implicit: {what} took {x.Shape} to {value.Shape}; there must be as many equations as unknowns, in the same shape.");
        if (value.DType != x.DType) throw new DTypeMismatchException($"Implicit: {what} took {x.DType} to {value.DType}. Cast one.");
    }
}
