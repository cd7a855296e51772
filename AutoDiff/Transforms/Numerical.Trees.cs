namespace Cotangent.AutoDiff;

// The mirrors of Diff's transforms for trees, and of those that need more than one tensor.
public static partial class Numerical
{
    /// <summary>The derivative of a function of trees along a direction.</summary>
    public static TOut Jvp<TIn, TOut>(Func<TIn, TOut> f, TIn x, TIn dx, double? step = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        double h = step ?? DefaultStep(Floating(x));
        TOut right = f(Move(x, dx, h)), left = f(Move(x, dx, -h));
        return Trees.Map(right, left, (r, l) => (r - l) / (2 * h));
    }

    /// <summary>The gradient of a scalar function of a tree, one pair of evaluations an element.</summary>
    public static Func<TTree, TTree> Grad<TTree>(Func<TTree, Tensor> f, double? step = null) => tree =>
    {
        Tensor[] leaves = Trees.Flatten(tree);
        return Trees.Rebuild(tree, [.. leaves.Select((leaf, i) => Grad(x => f(With(tree, leaves, i, x)), step)(leaf))]);
    };

    /// <summary>The value and the gradient of a scalar function.</summary>
    public static Func<Tensor, (Tensor Value, Tensor Gradient)> ValueAndGrad(Func<Tensor, Tensor> f, double? step = null) =>
        x => (f(x), Grad(f, step)(x));

    /// <summary>ctᵀ·∂f/∂x for a cotangent of f's shape.</summary>
    public static Tensor Vjp(Func<Tensor, Tensor> f, Tensor x, Tensor ct, double? step = null) => Grad(p => (f(p) * ct).Sum(), step)(x);

    /// <summary>The pullback of a cotangent through a function of trees.</summary>
    public static TIn Vjp<TIn, TOut>(Func<TIn, TOut> f, TIn x, TOut ct, double? step = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        return Grad((TIn p) => Inner(f(p), ct), step)(x);
    }

    /// <summary>The Jacobian of a function of a tree by each of its tensors.</summary>
    public static Func<TTree, TTree> Jacobian<TTree>(Func<TTree, Tensor> f, double? step = null) => tree =>
    {
        Tensor[] leaves = Trees.Flatten(tree);
        return Trees.Rebuild(tree, [.. leaves.Select((leaf, i) => Jacobian(x => f(With(tree, leaves, i, x)), step)(leaf))]);
    };

    /// <summary>The product of the Hessian of a scalar function of a tree with a vector like it.</summary>
    public static TTree Hvp<TTree>(Func<TTree, Tensor> f, TTree x, TTree v, double? step = null)
    {
        double h = step ?? SecondStep(Floating(x));
        return Jvp(Grad(f, h), x, v, h);
    }

    /// <summary>The Gauss–Newton product Jᵀ·H·J·v, every factor by differences.</summary>
    public static Tensor Gnvp(Func<Tensor, Tensor> model, Func<Tensor, Tensor> loss, Tensor x, Tensor v, double? step = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        Tensor curved = Hvp(loss, model(x), Jvp(model, x, v, step), step);
        return Vjp(model, x, curved, step);
    }

    /// <summary>The transpose of a linear function applied to ct, one evaluation an element.</summary>
    public static Tensor LinearTranspose(Func<Tensor, Tensor> f, Tensor like, Tensor ct)
    {
        ArgumentNullException.ThrowIfNull(f);
        return like.Size == 0 ? like : Tensor.Stack(0, [.. Basis(like).Select(e => (f(e) * ct).Sum())]).Reshape(like.Shape);
    }

    /// <summary>The coefficients f⁽ᵏ⁾(x)[v, …, v] / k! for k = 0 … order of f along the line x + t·v: from the polynomial through
    /// equally spaced points. The error of coefficient k is about ε^(1 − k/(order + 2)) of the dtype, so use float64 and low
    /// orders.</summary>
    public static Tensor[] TaylorCoefficients(Func<Tensor, Tensor> f, Tensor x, Tensor v, int order, double? step = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentOutOfRangeException.ThrowIfNegative(order);

        // One pair of points more than the order needs: its error is of higher order.
        int pairs = order / 2 + 1, count = 2 * pairs + 1;
        double h = step ?? Math.Pow(Epsilon(x.DType), 1.0 / (order + 3));
        Tensor[] values = [.. Enumerable.Range(-pairs, count).Select(i => f(x + i * h * v))];
        double[][] weights = Interpolation(pairs);
        return [.. Enumerable.Range(0, order + 1).Select(k => values
            .Select((y, i) => y * (weights[k][i] / Math.Pow(h, k))).Aggregate((y, z) => y + z))];
    }

    /// <summary>Coefficient k of the polynomial through the values at −pairs … pairs is Σᵢ weights[k][i]·valueᵢ: Lagrange's
    /// polynomials, multiplied out.</summary>
    private static double[][] Interpolation(int pairs)
    {
        int count = 2 * pairs + 1;
        double[][] weights = [.. Enumerable.Range(0, count).Select(_ => new double[count])];
        for (int i = 0; i < count; i++)
        {
            double[] polynomial = new double[count];
            polynomial[0] = 1;
            int degree = 0;
            for (int j = 0; j < count; j++)
            {
                if (j == i) continue;
                double root = j - pairs, scale = i - j;
                for (int k = ++degree; k >= 0; k--) polynomial[k] = ((k > 0 ? polynomial[k - 1] : 0) - root * polynomial[k]) / scale;
            }

            for (int k = 0; k < count; k++) weights[k][i] = polynomial[k];
        }

        return weights;
    }

    private static Tensor Inner<TTree>(TTree x, TTree y) => Trees.Flatten(x).Zip(Trees.Flatten(y), (a, b) => (a * b).Sum()).Aggregate((a, b) => a + b);

    private static TTree With<TTree>(TTree tree, Tensor[] leaves, int i, Tensor x) =>
        Trees.Rebuild(tree, [.. leaves[..i], x, .. leaves[(i + 1)..]]);

    private static TTree Move<TTree>(TTree x, TTree dx, double h) => Trees.Map(x, dx, (a, b) => a + b * h);

    private static DType Floating<TTree>(TTree tree) => Trees.Flatten(tree).Select(t => t.DType).FirstOrDefault(t => t.IsFloat(), DType.Int32);
}
