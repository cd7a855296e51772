namespace Cotangent.Kernels.Library;

/// <summary>What moves when elements find their places.</summary>
internal interface IPayload
{
    /// <summary>Moves what belongs to a position.</summary>
    void Move(int from, int to);
}

/// <summary>Nothing moves but the keys of a sort.</summary>
internal readonly struct NoPayload : IPayload
{
    public void Move(int from, int to)
    {
        // Nothing belongs to the key.
    }
}

/// <summary>One value a position.</summary>
internal readonly struct ValuePayload<T>(ArrayView<T> source, ArrayView<T> target) : IPayload
    where T : unmanaged
{
    private readonly ArrayView<T> _source = source;
    private readonly ArrayView<T> _target = target;

    public void Move(int from, int to) => _target[to] = _source[from];
}
