namespace Cotangent.Kernels;

/// <summary>An operation for <see cref="Atomic.MakeAtomic"/> (ILGPU's <c>IAtomicOperation</c>).</summary>
/// <typeparam name="T">The type of the element.</typeparam>
public interface IAtomicOperation<T>
    where T : unmanaged
{
    /// <summary>The new element from the old one and the operand.</summary>
    T Operation(T current, T value);
}

/// <summary>How <see cref="Atomic.MakeAtomic"/> exchanges an element (ILGPU's <c>ICompareExchangeOperation</c>).</summary>
/// <typeparam name="T">The type of the element.</typeparam>
public interface ICompareExchangeOperation<T>
    where T : unmanaged
{
    /// <summary>Replaces the element by <paramref name="value"/> if it is <paramref name="compare"/>, in one step; returns the old
    /// one.</summary>
    T CompareExchange(ref T target, T compare, T value);

    /// <summary>True if the element that was found is the one that was expected. Compare bits: a NaN must equal itself.</summary>
    bool IsSame(T left, T right);
}
