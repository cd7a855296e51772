using System.Collections;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Cotangent;

/// <summary>The extents of a tensor, outermost axis first; rank 0 is a scalar. Also used for other lists of axes and
/// offsets. Immutable, compared by value.</summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>, IReadOnlyList<int>
{
    private readonly ImmutableArray<int> _extents;

    private Shape(ImmutableArray<int> extents) => _extents = extents;

    /// <summary>Makes a shape of the given extents.</summary>
    public static Shape Create(ReadOnlySpan<int> extents) => new([.. extents]);

    /// <summary>Makes a shape of the given extents.</summary>
    public static Shape From(IEnumerable<int> extents) => new([.. extents]);

    /// <summary>The number of axes.</summary>
    public int Rank => _extents.IsDefault ? 0 : _extents.Length;

    /// <summary>The product of the extents: the number of elements.</summary>
    public long Size
    {
        get
        {
            long size = 1;
            foreach (int n in this) size *= n;
            return size;
        }
    }

    int IReadOnlyCollection<int>.Count => Rank;

    /// <summary>The extent of an axis.</summary>
    public int this[int axis] => _extents[axis];

    /// <summary>The extent of an axis counted from the end.</summary>
    public int this[Index axis] => _extents[axis.GetOffset(Rank)];

    /// <summary>The extents.</summary>
    public ReadOnlySpan<int> AsSpan() => _extents.IsDefault ? [] : _extents.AsSpan();

    /// <summary>Row-major strides in elements.</summary>
    public long[] Strides()
    {
        long[] strides = new long[Rank];
        long stride = 1;
        for (int i = Rank - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= this[i];
        }

        return strides;
    }

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)(_extents.IsDefault ? [] : _extents)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Shape other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (int n in AsSpan()) hash.Add(n);
        return hash.ToHashCode();
    }

    /// <summary>By value.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>By value.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <summary><c>[2, 3]</c></summary>
    public override string ToString() => $"[{string.Join(", ", this)}]";
}
