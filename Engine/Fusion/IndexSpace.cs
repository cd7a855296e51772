using Cotangent.Graph;

namespace Cotangent.Fusion;

/// <summary>Makes the terms of one kernel's indices and rewrites index vectors through movement ops.</summary>
internal sealed class IndexSpace
{
    private readonly Dictionary<(Affine, long, bool), IndexQuotient> _quotients = [];
    private readonly Dictionary<Access, IndexLoaded> _loaded = [];
    private int _count;

    /// <summary>A variable that would have to be two (the inner of this extent) for an index to need no
    /// division.</summary>
    public (IndexVariable Variable, long Inner)? Refinement { get; private set; }

    public IndexVariable Variable(long extent) => new(_count++, extent);

    public IndexLoaded Loaded(Node indices, Affine[] at, long extent)
    {
        Access key = new(indices, at);
        if (!_loaded.TryGetValue(key, out IndexLoaded? term)) _loaded[key] = term = new(_count++, extent, indices, at);
        return term;
    }

    /// <summary>The flat row-major index of an index vector.</summary>
    public static Affine Flatten(Shape shape, ReadOnlySpan<Affine> at)
    {
        Affine flat = Affine.Zero;
        long stride = 1;
        for (int i = at.Length - 1; i >= 0; i--)
        {
            flat += at[i] * stride;
            stride *= shape[i];
        }

        return flat;
    }

    /// <summary>The index vector of a flat row-major index.</summary>
    public Affine[] Unflatten(Affine flat, Shape shape)
    {
        Affine[] at = new Affine[shape.Rank];
        int outermost = 0;
        while (outermost < shape.Rank && shape[outermost] == 1) at[outermost++] = Affine.Zero;
        for (int i = shape.Rank - 1; i >= outermost; i--)
        {
            if (i == outermost) at[i] = flat;
            else if (shape[i] == 1) at[i] = Affine.Zero;
            else (flat, at[i]) = Divide(flat, shape[i]);
        }

        return at;
    }

    /// <summary>The index vector in <paramref name="to"/> of the element at <paramref name="at"/> in
    /// <paramref name="from"/>: axes that correspond, alone or in runs of equal size, are mapped by themselves, so that
    /// few divisions remain.</summary>
    public Affine[] Reshape(Affine[] at, Shape from, Shape to)
    {
        Affine[] result = new Affine[to.Rank];
        int i = 0, j = 0;
        while (i < from.Rank || j < to.Rank)
        {
            int firstI = i, firstJ = j;
            long left = i < from.Rank ? from[i++] : 1, right = j < to.Rank ? to[j++] : 1;
            while (left != right)
            {
                if (left < right) left *= from[i++];
                else right *= to[j++];
            }

            Affine flat = Flatten(Part(from, firstI, i), at.AsSpan(firstI, i - firstI));
            Unflatten(flat, Part(to, firstJ, j)).CopyTo(result, firstJ);
        }

        return result;
    }

    /// <summary>Quotient and remainder of an index.</summary>
    public (Affine Quotient, Affine Remainder) Divide(Affine x, long d)
    {
        if (d == 1) return (x, Affine.Zero);
        (Affine quotient, Affine rest) = x.Part(d);
        if (rest.Min >= 0 && rest.Max < d) return (quotient, rest);
        if (x.Min >= 0 && x.Max < d) return (Affine.Zero, x);
        Refinement ??= FindRefinement(rest, d);

        // The rest may be negative where the whole is not.
        if (rest.Min < 0) (quotient, rest) = (Affine.Zero, x);
        return (quotient + Affine.Of(Quotient(rest, d, false)), Affine.Of(Quotient(rest, d, true)));
    }

    private static Shape Part(Shape shape, int from, int to) => [.. shape.AsSpan()[from..to]];

    private static (IndexVariable, long)? FindRefinement(Affine rest, long d)
    {
        foreach ((IndexTerm term, long c) in rest.Terms)
        {
            if (term is IndexVariable v && c > 0 && d % c == 0 && d / c is > 1 and var inner && v.Extent > inner
                && v.Extent % inner == 0)
            {
                return (v, inner);
            }
        }

        return null;
    }

    private IndexQuotient Quotient(Affine x, long d, bool remainder)
    {
        if (!_quotients.TryGetValue((x, d, remainder), out IndexQuotient? term))
        {
            // Guards may make the real range smaller than the bounds say, never larger.
            long extent = remainder ? d : Math.Max(1, (x.Max / d) + 1);
            _quotients[(x, d, remainder)] = term = new(_count++, extent, x, d, remainder);
        }

        return term;
    }
}

/// <summary>A node at an index vector, compared by value.</summary>
internal readonly struct Access(Node node, Affine[] at) : IEquatable<Access>
{
    public Node Node { get; } = node;

    public Affine[] At { get; } = at;

    public bool Equals(Access other) => Node == other.Node && At.AsSpan().SequenceEqual(other.At);

    public override bool Equals(object? obj) => obj is Access other && Equals(other);

    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(Node.Id);
        foreach (Affine a in At) hash.Add(a);
        return hash.ToHashCode();
    }
}
