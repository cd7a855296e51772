using Cotangent.Kernels;

namespace Cotangent.AutoDiff.Mesh;

/// <summary>A second-order dual number: a value with its gradient and Hessian with respect to a few variables, all in
/// registers. With N variables: 1 + N + N(N + 1)/2 numbers, 28 for N = 6.</summary>
/// <typeparam name="TBase">The plain numbers it is made of.</typeparam>
/// <typeparam name="TVector">A gradient.</typeparam>
/// <typeparam name="TMatrix">A Hessian.</typeparam>
/// <param name="value">The value.</param>
/// <param name="gradient">First derivatives.</param>
/// <param name="hessian">Second derivatives.</param>
public readonly struct Dual2<TBase, TVector, TMatrix>(TBase value, TVector gradient, TMatrix hessian)
    : IDual2<Dual2<TBase, TVector, TMatrix>, TBase>
    where TBase : unmanaged, IReal<TBase>
    where TVector : unmanaged, IVector<TVector, TBase>
    where TMatrix : unmanaged, ISymmetric<TMatrix, TVector, TBase>
{
    /// <summary>The first derivatives.</summary>
    public readonly TVector Gradient = gradient;

    /// <summary>The second derivatives.</summary>
    public readonly TMatrix Hessian = hessian;

    private readonly TBase _value = value;

    /// <inheritdoc/>
    public TBase Value => _value;

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> operator -(Dual2<TBase, TVector, TMatrix> x) => TBase.From(-1) * x;

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> operator +(
        Dual2<TBase, TVector, TMatrix> x, Dual2<TBase, TVector, TMatrix> y) =>
        new(x._value + y._value, TVector.Add(x.Gradient, y.Gradient), TMatrix.Add(x.Hessian, y.Hessian));

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> operator +(Dual2<TBase, TVector, TMatrix> x, double c) =>
        new(x._value + c, x.Gradient, x.Hessian);

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> operator -(
        Dual2<TBase, TVector, TMatrix> x, Dual2<TBase, TVector, TMatrix> y) =>
        new(x._value - y._value, TVector.Subtract(x.Gradient, y.Gradient), TMatrix.Subtract(x.Hessian, y.Hessian));

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> operator *(
        Dual2<TBase, TVector, TMatrix> x, Dual2<TBase, TVector, TMatrix> y) => new(
            x._value * y._value,
            TVector.Combine(x._value, y.Gradient, y._value, x.Gradient),
            TMatrix.AddProducts(x._value, y.Hessian, y._value, x.Hessian, x.Gradient, y.Gradient));

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> operator *(double c, Dual2<TBase, TVector, TMatrix> x) =>
        TBase.From(c) * x;

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> operator *(TBase c, Dual2<TBase, TVector, TMatrix> x) =>
        new(c * x._value, TVector.Scale(c, x.Gradient), TMatrix.Scale(c, x.Hessian));

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> operator /(
        Dual2<TBase, TVector, TMatrix> x, Dual2<TBase, TVector, TMatrix> y)
    {
        // With q = x/y: dq = (dx − q·dy)/y; H = (Hx − q·Hy − dq·dyᵀ − dy·dqᵀ)/y.
        TBase inverse = TBase.From(1) / y._value, q = x._value / y._value;
        TVector gradient = TVector.Combine(inverse, x.Gradient, -(q * inverse), y.Gradient);
        return new(q, gradient, TMatrix.AddProducts(
            inverse, x.Hessian, -(q * inverse), y.Hessian, gradient, TVector.Scale(-inverse, y.Gradient)));
    }

    /// <inheritdoc/>
    public static bool operator <(Dual2<TBase, TVector, TMatrix> x, Dual2<TBase, TVector, TMatrix> y) =>
        x._value < y._value;

    /// <inheritdoc/>
    public static bool operator >(Dual2<TBase, TVector, TMatrix> x, Dual2<TBase, TVector, TMatrix> y) =>
        x._value > y._value;

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> From(double x) => new(TBase.From(x), TVector.Unit(-1), TMatrix.Zero);

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> Variable(TBase value, int index) =>
        new(value, TVector.Unit(index), TMatrix.Zero);

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> Square(Dual2<TBase, TVector, TMatrix> x) =>
        Apply(x, x._value * x._value, 2 * x._value, TBase.From(2));

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> Sqrt(Dual2<TBase, TVector, TMatrix> x)
    {
        TBase root = TBase.Sqrt(x._value), first = TBase.From(0.5) / root;
        return Apply(x, root, first, -0.5 * (first / x._value));
    }

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> Exp(Dual2<TBase, TVector, TMatrix> x)
    {
        TBase y = TBase.Exp(x._value);
        return Apply(x, y, y, y);
    }

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> Log(Dual2<TBase, TVector, TMatrix> x)
    {
        TBase inverse = TBase.From(1) / x._value;
        return Apply(x, TBase.Log(x._value), inverse, -(inverse * inverse));
    }

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> Sin(Dual2<TBase, TVector, TMatrix> x)
    {
        TBase sine = TBase.Sin(x._value);
        return Apply(x, sine, TBase.Cos(x._value), -sine);
    }

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> Cos(Dual2<TBase, TVector, TMatrix> x)
    {
        TBase cosine = TBase.Cos(x._value);
        return Apply(x, cosine, -TBase.Sin(x._value), -cosine);
    }

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> Atan(Dual2<TBase, TVector, TMatrix> x)
    {
        TBase first = TBase.From(1) / (x._value * x._value + 1);
        return Apply(x, TBase.Atan(x._value), first, -2 * (x._value * (first * first)));
    }

    /// <inheritdoc/>
    public static Dual2<TBase, TVector, TMatrix> Abs(Dual2<TBase, TVector, TMatrix> x) =>
        x._value < TBase.From(0) ? -x : x;

    /// <inheritdoc/>
    public void StoreGradient(ArrayView<TBase> to, int at, int stride) => Gradient.Store(to, at, stride);

    /// <inheritdoc/>
    public void StoreHessian(ArrayView<TBase> to, int at, int stride) => Hessian.Store(to, at, stride);

    /// <inheritdoc/>
    public void StoreProduct(ArrayView<TBase> vector, ArrayView<TBase> to, int at, int stride) =>
        TMatrix.Times(Hessian, TVector.Load(vector, at, stride)).Store(to, at, stride);

    /// <summary>φ(x) from φ, φ′ and φ″ at the value: dφ = φ′·dx, H = φ′·Hx + φ″·dx·dxᵀ.</summary>
    private static Dual2<TBase, TVector, TMatrix> Apply(Dual2<TBase, TVector, TMatrix> x, TBase value, TBase first, TBase second) =>
        new(value, TVector.Scale(first, x.Gradient), TMatrix.AddSquare(first, x.Hessian, second, x.Gradient));
}
