namespace Cotangent.Kernels;

/// <summary>A kernel parameter whose value is a constant of the compiled kernel (ILGPU's <c>SpecializedValue</c>): array sizes, loop
/// bounds and branches may depend on it. A launch with a value that was not seen before compiles the kernel again.</summary>
/// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
/// <param name="value">The value.</param>
/// <remarks>The last 32 values of a kernel on a device are kept compiled. A launch with the same value as the one before costs
/// nothing.</remarks>
/// <example><code>
/// static void Blur(Index1D i, ArrayView&lt;float&gt; x, ArrayView&lt;float&gt; y, SpecializedValue&lt;int&gt; radius) { … }
/// blur(n, x, y, SpecializedValue.New(3));
/// </code></example>
public readonly struct SpecializedValue<T>(T value) : IEquatable<SpecializedValue<T>>
    where T : unmanaged, IEquatable<T>
{
    /// <summary>The value.</summary>
    public T Value { get; } = value;

    /// <summary>The value.</summary>
    public static implicit operator T(SpecializedValue<T> specialized) => specialized.Value;

    /// <summary>By value.</summary>
    public static bool operator ==(SpecializedValue<T> left, SpecializedValue<T> right) => left.Equals(right);

    /// <summary>By value.</summary>
    public static bool operator !=(SpecializedValue<T> left, SpecializedValue<T> right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(SpecializedValue<T> other) => Value.Equals(other.Value);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SpecializedValue<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Value.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => Value.ToString() ?? "";
}

/// <summary>Makes <see cref="SpecializedValue{T}"/> with the type inferred.</summary>
public static class SpecializedValue
{
    /// <summary>A specialised kernel argument.</summary>
    public static SpecializedValue<T> New<T>(T value)
        where T : unmanaged, IEquatable<T> => new(value);
}
