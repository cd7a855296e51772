namespace Cotangent.AutoDiff.Mesh;

/// <summary>A real-number type: what a local energy is written over. A plain number (<see cref="Real32"/>,
/// <see cref="Real64"/>) gives the value, a dual number (<see cref="Dual2{TBase, TVector, TMatrix}"/>) also the
/// derivatives; the formula is the same.</summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
/// <remarks>All of it is static and made of structs, so that kernels may use it: it is inlined to straight arithmetic in
/// registers.</remarks>
public interface IReal<TSelf>
    where TSelf : unmanaged, IReal<TSelf>
{
    /// <summary>A constant.</summary>
    static abstract TSelf From(double x);

    /// <summary>−x.</summary>
    static abstract TSelf operator -(TSelf x);

    /// <summary>x + y.</summary>
    static abstract TSelf operator +(TSelf x, TSelf y);

    /// <summary>x + c.</summary>
    static abstract TSelf operator +(TSelf x, double c);

    /// <summary>x − y.</summary>
    static abstract TSelf operator -(TSelf x, TSelf y);

    /// <summary>x·y.</summary>
    static abstract TSelf operator *(TSelf x, TSelf y);

    /// <summary>c·x.</summary>
    static abstract TSelf operator *(double c, TSelf x);

    /// <summary>x / y.</summary>
    static abstract TSelf operator /(TSelf x, TSelf y);

    /// <summary>Compares values.</summary>
    static abstract bool operator <(TSelf x, TSelf y);

    /// <summary>Compares values.</summary>
    static abstract bool operator >(TSelf x, TSelf y);

    /// <summary>x².</summary>
    static abstract TSelf Square(TSelf x);

    /// <summary>√x; derivatives are infinite at 0.</summary>
    static abstract TSelf Sqrt(TSelf x);

    /// <summary>eˣ.</summary>
    static abstract TSelf Exp(TSelf x);

    /// <summary>The natural logarithm.</summary>
    static abstract TSelf Log(TSelf x);

    /// <summary>The sine.</summary>
    static abstract TSelf Sin(TSelf x);

    /// <summary>The cosine.</summary>
    static abstract TSelf Cos(TSelf x);

    /// <summary>The arctangent.</summary>
    static abstract TSelf Atan(TSelf x);

    /// <summary>|x|; its derivative at 0 is that at +0.</summary>
    static abstract TSelf Abs(TSelf x);
}

/// <summary>A real-number type over a base type: numbers that are not differentiated stay plain.</summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
/// <typeparam name="TBase">A plain number.</typeparam>
public interface IReal<TSelf, TBase> : IReal<TSelf>
    where TSelf : unmanaged, IReal<TSelf, TBase>
    where TBase : unmanaged, IReal<TBase>
{
    /// <summary>The value without derivatives.</summary>
    TBase Value { get; }

    /// <summary>The variable number <paramref name="index"/> of those that are differentiated by, with this
    /// value.</summary>
    static abstract TSelf Variable(TBase value, int index);

    /// <summary>c·x for a plain number: cheaper than the product of two.</summary>
    static abstract TSelf operator *(TBase c, TSelf x);
}

/// <summary>A real-number type with gradient and Hessian.</summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
/// <typeparam name="TBase">A plain number.</typeparam>
public interface IDual2<TSelf, TBase> : IReal<TSelf, TBase>
    where TSelf : unmanaged, IDual2<TSelf, TBase>
    where TBase : unmanaged, IReal<TBase>
{
    /// <summary>Writes the first derivatives to elements at, at + stride, … of a view.</summary>
    void StoreGradient(Kernels.ArrayView<TBase> to, int at, int stride);

    /// <summary>Writes the upper triangle of the second derivatives, row by row.</summary>
    void StoreHessian(Kernels.ArrayView<TBase> to, int at, int stride);

    /// <summary>Writes the Hessian's product with the vector at the same places of another view.</summary>
    void StoreProduct(Kernels.ArrayView<TBase> vector, Kernels.ArrayView<TBase> to, int at, int stride);
}
