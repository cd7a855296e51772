namespace Cotangent.Kernels.Library;

/// <summary>Says which positions to keep.</summary>
internal interface ISelector
{
    /// <summary>True to keep the element at a position.</summary>
    bool Test(int i);
}

/// <summary>Keeps the elements that a predicate accepts.</summary>
internal readonly struct PredicateSelector<T, TPredicate>(ArrayView<T> input, TPredicate predicate) : ISelector
    where T : unmanaged
    where TPredicate : struct, IPredicate<T>
{
    private readonly ArrayView<T> _input = input;
    private readonly TPredicate _predicate = predicate;

    public bool Test(int i) => _predicate.Test(_input[i]);
}

/// <summary>Keeps the elements whose flag is not 0.</summary>
internal readonly struct FlagSelector(ArrayView<byte> flags) : ISelector
{
    private readonly ArrayView<byte> _flags = flags;

    public bool Test(int i) => _flags[i] != 0;
}
