using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>How a running value takes in the next element. A part's elements from the second on act on the running value before them as
/// one element does: with the product of their factors, and the part's own running value.</summary>
internal interface ICumulative<T>
    where T : unmanaged
{
    /// <summary>The running value after an element.</summary>
    T Step(T running, T factor, T x);

    /// <summary>The product of factors and the next one; anything, if <see cref="Step"/> does not use factors.</summary>
    T Factor(T product, T factor);
}

/// <summary>x₀ + x₁ + …</summary>
internal readonly struct CumulativeSum<T> : ICumulative<T>
    where T : unmanaged, INumber<T>
{
    public T Step(T running, T factor, T x) => running + x;

    public T Factor(T product, T factor) => product;
}

/// <summary>x₀ · x₁ · …</summary>
internal readonly struct CumulativeProduct<T> : ICumulative<T>
    where T : unmanaged, INumber<T>
{
    public T Step(T running, T factor, T x) => running * x;

    public T Factor(T product, T factor) => product;
}

/// <summary>The largest; NaN stays, +0 is above −0.</summary>
internal readonly struct CumulativeMax<T> : ICumulative<T>
    where T : unmanaged, INumber<T>
{
    public T Step(T running, T factor, T x) => T.Max(running, x);

    public T Factor(T product, T factor) => product;
}

/// <summary>The smallest; NaN stays, −0 is below +0.</summary>
internal readonly struct CumulativeMin<T> : ICumulative<T>
    where T : unmanaged, INumber<T>
{
    public T Step(T running, T factor, T x) => T.Min(running, x);

    public T Factor(T product, T factor) => product;
}

/// <summary>The linear recurrence hᵢ = aᵢ·hᵢ₋₁ + xᵢ, each step rounded once.</summary>
internal readonly struct CumulativeRecurrence<T> : ICumulative<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public T Step(T running, T factor, T x) => T.FusedMultiplyAdd(factor, running, x);

    public T Factor(T product, T factor) => product * factor;
}
