namespace Cotangent.Kernels;

/// <summary>A value made at its first use, by one thread. Unlike that of <see cref="Lazy{T}"/>, a failure is not kept: a GPU that another process
/// has to itself, or that is full, may be free at the next use.</summary>
internal sealed class FirstUse<T>(Func<T> make)
    where T : class
{
    private readonly Lock _lock = new();
    private T? _value;

    /// <summary>True once it is made.</summary>
    public bool IsMade => Volatile.Read(ref _value) is not null;

    public T Value
    {
        get
        {
            if (Volatile.Read(ref _value) is { } value)
                return value;
            lock (_lock)
            {
                if (_value is null)
                    Volatile.Write(ref _value, make());
                return _value!;
            }
        }
    }
}
