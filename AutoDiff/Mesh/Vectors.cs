using Cotangent.Kernels;

namespace Cotangent.AutoDiff.Mesh;

/// <summary>A short vector in registers. Lengths are types: <see cref="Entries{TBase, TTail}"/> puts one entry before a
/// shorter vector, <see cref="None{TBase}"/> has no entry.</summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
/// <typeparam name="TBase">The type of an entry.</typeparam>
public interface IVector<TSelf, TBase>
    where TSelf : unmanaged, IVector<TSelf, TBase>
    where TBase : unmanaged, IReal<TBase>
{
    /// <summary>The number of entries.</summary>
    static abstract int Length { get; }

    /// <summary>1 at one place and 0 elsewhere; 0 everywhere for a negative index.</summary>
    static abstract TSelf Unit(int index);

    /// <summary>x + y.</summary>
    static abstract TSelf Add(TSelf x, TSelf y);

    /// <summary>x − y.</summary>
    static abstract TSelf Subtract(TSelf x, TSelf y);

    /// <summary>a·x.</summary>
    static abstract TSelf Scale(TBase a, TSelf x);

    /// <summary>a·x + b·y.</summary>
    static abstract TSelf Combine(TBase a, TSelf x, TBase b, TSelf y);

    /// <summary>The sum of x[i]·y[i].</summary>
    static abstract TBase Dot(TSelf x, TSelf y);

    /// <summary>The entries at at, at + stride, ….</summary>
    static abstract TSelf Load(ArrayView<TBase> from, int at, int stride);

    /// <summary>Writes the entries to at, at + stride, ….</summary>
    void Store(ArrayView<TBase> to, int at, int stride);
}

/// <summary>A symmetric matrix in registers: the rows of its upper triangle, each one entry shorter than the one
/// before.</summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
/// <typeparam name="TVector">A vector of as many entries as the matrix has rows.</typeparam>
/// <typeparam name="TBase">The type of an entry.</typeparam>
public interface ISymmetric<TSelf, TVector, TBase>
    where TSelf : unmanaged, ISymmetric<TSelf, TVector, TBase>
    where TVector : unmanaged, IVector<TVector, TBase>
    where TBase : unmanaged, IReal<TBase>
{
    /// <summary>0 everywhere.</summary>
    static abstract TSelf Zero { get; }

    /// <summary>x + y.</summary>
    static abstract TSelf Add(TSelf x, TSelf y);

    /// <summary>x − y.</summary>
    static abstract TSelf Subtract(TSelf x, TSelf y);

    /// <summary>a·x.</summary>
    static abstract TSelf Scale(TBase a, TSelf x);

    /// <summary>a·x + c·u·uᵀ.</summary>
    static abstract TSelf AddSquare(TBase a, TSelf x, TBase c, TVector u);

    /// <summary>a·x + b·y + u·vᵀ + v·uᵀ.</summary>
    static abstract TSelf AddProducts(TBase a, TSelf x, TBase b, TSelf y, TVector u, TVector v);

    /// <summary>The product x·v.</summary>
    static abstract TVector Times(TSelf x, TVector v);

    /// <summary>Writes the entries, row by row, to at, at + stride, ….</summary>
    void Store(ArrayView<TBase> to, int at, int stride);
}

/// <summary>The vector of no entries, and the matrix of no rows.</summary>
/// <typeparam name="TBase">The type that entries would have.</typeparam>
public readonly struct None<TBase> : IVector<None<TBase>, TBase>, ISymmetric<None<TBase>, None<TBase>, TBase>
    where TBase : unmanaged, IReal<TBase>
{
    /// <inheritdoc/>
    public static int Length => 0;

    /// <inheritdoc/>
    public static None<TBase> Zero => default;

    /// <inheritdoc/>
    public static None<TBase> Unit(int index) => default;

    /// <inheritdoc cref="IVector{TSelf, TBase}.Add"/>
    public static None<TBase> Add(None<TBase> x, None<TBase> y) => default;

    /// <inheritdoc cref="IVector{TSelf, TBase}.Subtract"/>
    public static None<TBase> Subtract(None<TBase> x, None<TBase> y) => default;

    /// <inheritdoc cref="IVector{TSelf, TBase}.Scale"/>
    public static None<TBase> Scale(TBase a, None<TBase> x) => default;

    /// <inheritdoc/>
    public static None<TBase> Combine(TBase a, None<TBase> x, TBase b, None<TBase> y) => default;

    /// <inheritdoc/>
    public static None<TBase> AddSquare(TBase a, None<TBase> x, TBase c, None<TBase> u) => default;

    /// <inheritdoc/>
    public static None<TBase> AddProducts(TBase a, None<TBase> x, TBase b, None<TBase> y, None<TBase> u, None<TBase> v) =>
        default;

    /// <inheritdoc/>
    public static TBase Dot(None<TBase> x, None<TBase> y) => TBase.From(0);

    /// <inheritdoc/>
    public static None<TBase> Load(ArrayView<TBase> from, int at, int stride) => default;

    /// <inheritdoc/>
    public static None<TBase> Times(None<TBase> x, None<TBase> v) => default;

    /// <inheritdoc cref="IVector{TSelf, TBase}.Store"/>
    public void Store(ArrayView<TBase> to, int at, int stride)
    {
        // Nothing to write.
    }
}

/// <summary>A vector: one entry, then those of a shorter vector.</summary>
/// <typeparam name="TBase">The type of an entry.</typeparam>
/// <typeparam name="TTail">The rest.</typeparam>
/// <param name="head">The first entry.</param>
/// <param name="tail">The others.</param>
public readonly struct Entries<TBase, TTail>(TBase head, TTail tail) : IVector<Entries<TBase, TTail>, TBase>
    where TBase : unmanaged, IReal<TBase>
    where TTail : unmanaged, IVector<TTail, TBase>
{
    /// <summary>The first entry.</summary>
    public readonly TBase Head = head;

    /// <summary>The other entries.</summary>
    public readonly TTail Tail = tail;

    /// <inheritdoc/>
    public static int Length => 1 + TTail.Length;

    /// <inheritdoc/>
    public static Entries<TBase, TTail> Unit(int index) => new(TBase.From(index == 0 ? 1 : 0), TTail.Unit(index - 1));

    /// <inheritdoc/>
    public static Entries<TBase, TTail> Add(Entries<TBase, TTail> x, Entries<TBase, TTail> y) =>
        new(x.Head + y.Head, TTail.Add(x.Tail, y.Tail));

    /// <inheritdoc/>
    public static Entries<TBase, TTail> Subtract(Entries<TBase, TTail> x, Entries<TBase, TTail> y) =>
        new(x.Head - y.Head, TTail.Subtract(x.Tail, y.Tail));

    /// <inheritdoc/>
    public static Entries<TBase, TTail> Scale(TBase a, Entries<TBase, TTail> x) =>
        new(a * x.Head, TTail.Scale(a, x.Tail));

    /// <inheritdoc/>
    public static Entries<TBase, TTail> Combine(TBase a, Entries<TBase, TTail> x, TBase b, Entries<TBase, TTail> y) =>
        new(a * x.Head + b * y.Head, TTail.Combine(a, x.Tail, b, y.Tail));

    /// <inheritdoc/>
    public static TBase Dot(Entries<TBase, TTail> x, Entries<TBase, TTail> y) =>
        x.Head * y.Head + TTail.Dot(x.Tail, y.Tail);

    /// <inheritdoc/>
    public static Entries<TBase, TTail> Load(ArrayView<TBase> from, int at, int stride) =>
        new(from[at], TTail.Load(from, at + stride, stride));

    /// <inheritdoc/>
    public void Store(ArrayView<TBase> to, int at, int stride)
    {
        to[at] = Head;
        Tail.Store(to, at + stride, stride);
    }
}

/// <summary>A symmetric matrix: its first row, then the matrix without first row and column.</summary>
/// <typeparam name="TBase">The type of an entry.</typeparam>
/// <typeparam name="TTail">A vector of one entry less than the first row.</typeparam>
/// <typeparam name="TRest">The matrix of the other rows.</typeparam>
/// <param name="row">The first row.</param>
/// <param name="rest">The other rows.</param>
public readonly struct Rows<TBase, TTail, TRest>(Entries<TBase, TTail> row, TRest rest)
    : ISymmetric<Rows<TBase, TTail, TRest>, Entries<TBase, TTail>, TBase>
    where TBase : unmanaged, IReal<TBase>
    where TTail : unmanaged, IVector<TTail, TBase>
    where TRest : unmanaged, ISymmetric<TRest, TTail, TBase>
{
    /// <summary>The first row.</summary>
    public readonly Entries<TBase, TTail> Row = row;

    /// <summary>The upper triangle of the other rows.</summary>
    public readonly TRest Rest = rest;

    /// <inheritdoc/>
    public static Rows<TBase, TTail, TRest> Zero => new(Entries<TBase, TTail>.Unit(-1), TRest.Zero);

    /// <inheritdoc/>
    public static Rows<TBase, TTail, TRest> Add(Rows<TBase, TTail, TRest> x, Rows<TBase, TTail, TRest> y) =>
        new(Entries<TBase, TTail>.Add(x.Row, y.Row), TRest.Add(x.Rest, y.Rest));

    /// <inheritdoc/>
    public static Rows<TBase, TTail, TRest> Subtract(Rows<TBase, TTail, TRest> x, Rows<TBase, TTail, TRest> y) =>
        new(Entries<TBase, TTail>.Subtract(x.Row, y.Row), TRest.Subtract(x.Rest, y.Rest));

    /// <inheritdoc/>
    public static Rows<TBase, TTail, TRest> Scale(TBase a, Rows<TBase, TTail, TRest> x) =>
        new(Entries<TBase, TTail>.Scale(a, x.Row), TRest.Scale(a, x.Rest));

    /// <inheritdoc/>
    public static Rows<TBase, TTail, TRest> AddSquare(
        TBase a, Rows<TBase, TTail, TRest> x, TBase c, Entries<TBase, TTail> u) =>
        new(Entries<TBase, TTail>.Combine(a, x.Row, c * u.Head, u), TRest.AddSquare(a, x.Rest, c, u.Tail));

    /// <inheritdoc/>
    public static Rows<TBase, TTail, TRest> AddProducts(TBase a, Rows<TBase, TTail, TRest> x, TBase b,
        Rows<TBase, TTail, TRest> y, Entries<TBase, TTail> u, Entries<TBase, TTail> v) =>
        new(Entries<TBase, TTail>.Add(Entries<TBase, TTail>.Combine(a, x.Row, b, y.Row),
                Entries<TBase, TTail>.Combine(u.Head, v, v.Head, u)),
            TRest.AddProducts(a, x.Rest, b, y.Rest, u.Tail, v.Tail));

    /// <inheritdoc/>
    public static Entries<TBase, TTail> Times(Rows<TBase, TTail, TRest> x, Entries<TBase, TTail> v) => new(
        Entries<TBase, TTail>.Dot(x.Row, v),
        TTail.Add(TTail.Scale(v.Head, x.Row.Tail), TRest.Times(x.Rest, v.Tail)));

    /// <inheritdoc/>
    public void Store(ArrayView<TBase> to, int at, int stride)
    {
        Row.Store(to, at, stride);
        Rest.Store(to, at + Entries<TBase, TTail>.Length * stride, stride);
    }
}
