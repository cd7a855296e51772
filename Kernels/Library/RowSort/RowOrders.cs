using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>An order of elements: whether one comes before another whatever their positions. NaN comes last in both.</summary>
internal interface IRowOrder<T>
    where T : unmanaged
{
    bool IsBefore(T x, T y);
}

/// <summary>The smallest first.</summary>
internal readonly struct SmallestFirst<T> : IRowOrder<T>
    where T : unmanaged, INumber<T>
{
    public bool IsBefore(T x, T y) => x < y || (T.IsNaN(y) && !T.IsNaN(x));
}

/// <summary>The largest first.</summary>
internal readonly struct LargestFirst<T> : IRowOrder<T>
    where T : unmanaged, INumber<T>
{
    public bool IsBefore(T x, T y) => x > y || (T.IsNaN(y) && !T.IsNaN(x));
}
