namespace Cotangent.Kernels.Library;

/// <summary>Four elements side by side: what one instruction moves between shared memory and registers, for single precision.</summary>
internal struct Quad<T>
    where T : unmanaged
{
    /// <summary>Elements.</summary>
    public const int Count = 4;

    public T X;
    public T Y;
    public T Z;
    public T W;

    /// <summary>this + a·b, each element with one rounding.</summary>
    public readonly Quad<T> MultiplyAdd<TElement>(T a, Quad<T> b)
        where TElement : struct, IGemmElement<T>
    {
        Quad<T> sum;
        sum.X = TElement.MultiplyAdd(a, b.X, X);
        sum.Y = TElement.MultiplyAdd(a, b.Y, Y);
        sum.Z = TElement.MultiplyAdd(a, b.Z, Z);
        sum.W = TElement.MultiplyAdd(a, b.W, W);
        return sum;
    }

    /// <summary>sum + Σ x² of the four, each with one rounding.</summary>
    public readonly T AddSquares<TElement>(T sum)
        where TElement : struct, IGemmElement<T>
    {
        sum = TElement.MultiplyAdd(X, X, sum);
        sum = TElement.MultiplyAdd(Y, Y, sum);
        sum = TElement.MultiplyAdd(Z, Z, sum);
        return TElement.MultiplyAdd(W, W, sum);
    }

    /// <summary>Σ x² of the four.</summary>
    public readonly double SumOfSquares<TWidening>()
        where TWidening : struct, IWidening<T>
    {
        TWidening number = default;
        double x = number.Widen(X), y = number.Widen(Y), z = number.Widen(Z), w = number.Widen(W);
        return x * x + y * y + (z * z + w * w);
    }
}
