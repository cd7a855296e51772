namespace Cotangent.Fusion;

/// <summary>An index as offset + Σ coefficient·term. Immutable, compared by value: equal indices have one
/// representation.</summary>
internal sealed class Affine : IEquatable<Affine>
{
    public static readonly Affine Zero = new(0, []);

    private readonly int _hash;

    private Affine(long offset, (IndexTerm Term, long Coefficient)[] terms)
    {
        Offset = offset;
        Terms = terms;
        HashCode hash = default;
        hash.Add(offset);
        Min = Max = offset;
        foreach ((IndexTerm term, long c) in terms)
        {
            hash.Add(term.Id);
            hash.Add(c);
            Min += Math.Min(0, c * (term.Extent - 1));
            Max += Math.Max(0, c * (term.Extent - 1));
        }

        _hash = hash.ToHashCode();
    }

    public long Offset { get; }

    /// <summary>In the order of the terms' ids; no coefficient is 0.</summary>
    public (IndexTerm Term, long Coefficient)[] Terms { get; }

    /// <summary>A lower bound, from the extents of the terms.</summary>
    public long Min { get; }

    /// <summary>An upper bound, from the extents of the terms.</summary>
    public long Max { get; }

    public static Affine Of(long constant) => constant == 0 ? Zero : new(constant, []);

    public static Affine Of(IndexTerm term) => term.Extent == 1 ? Zero : new(0, [(term, 1)]);

    public long Coefficient(IndexTerm term)
    {
        foreach ((IndexTerm t, long c) in Terms)
        {
            if (t == term) return c;
        }

        return 0;
    }

    public static Affine operator +(Affine x, Affine y)
    {
        if (x.Terms.Length == 0 && x.Offset == 0) return y;
        if (y.Terms.Length == 0) return y.Offset == 0 ? x : new(x.Offset + y.Offset, x.Terms);
        List<(IndexTerm, long)> terms = new(x.Terms.Length + y.Terms.Length);
        int i = 0, j = 0;
        while (i < x.Terms.Length || j < y.Terms.Length)
        {
            long left = i < x.Terms.Length ? x.Terms[i].Term.Id : long.MaxValue;
            long right = j < y.Terms.Length ? y.Terms[j].Term.Id : long.MaxValue;
            if (left < right) terms.Add(x.Terms[i++]);
            else if (right < left) terms.Add(y.Terms[j++]);
            else
            {
                long c = x.Terms[i].Coefficient + y.Terms[j++].Coefficient;
                if (c != 0) terms.Add((x.Terms[i].Term, c));
                i++;
            }
        }

        return new(x.Offset + y.Offset, [.. terms]);
    }

    public static Affine operator +(Affine x, long y) => x + Of(y);

    public static Affine operator *(Affine x, long factor) => factor switch
    {
        0 => Zero,
        1 => x,
        _ => new(x.Offset * factor, [.. x.Terms.Select(t => (t.Term, t.Coefficient * factor))]),
    };

    /// <summary>The sum x = d·Quotient + Remaining in which every part that d divides is in the quotient, and 0 ≤
    /// Remaining.Offset &lt; d.</summary>
    public (Affine Quotient, Affine Remaining) Part(long d)
    {
        long offset = ((Offset % d) + d) % d;
        return (new((Offset - offset) / d,
            [.. Terms.Where(t => t.Coefficient % d == 0).Select(t => (t.Term, t.Coefficient / d))]),
            new(offset, [.. Terms.Where(t => t.Coefficient % d != 0)]));
    }

    public bool Equals(Affine? other) => other is not null && _hash == other._hash && Offset == other.Offset
        && Terms.AsSpan().SequenceEqual(other.Terms);

    public override bool Equals(object? obj) => Equals(obj as Affine);

    public override int GetHashCode() => _hash;

    public override string ToString() =>
        string.Join(" + ",
            [.. Terms.Select(t => t.Coefficient == 1 ? $"{t.Term}" : $"{t.Coefficient}·{t.Term}"), $"{Offset}"]);
}

/// <summary>A non-negative integer of which indices are made, less than Extent.</summary>
internal abstract class IndexTerm(int id, long extent)
{
    /// <summary>Counts within one <see cref="IndexSpace"/>: the same construction gives the same ids.</summary>
    public int Id { get; } = id;

    public long Extent { get; } = extent;
}

/// <summary>A variable of the iteration space, or of an inner loop.</summary>
internal sealed class IndexVariable(int id, long extent) : IndexTerm(id, extent)
{
    public override string ToString() => $"i{Id}";
}

/// <summary>⌊Of / Divisor⌋ (or the remainder), where nothing simpler is known.</summary>
internal sealed class IndexQuotient(int id, long extent, Affine of, long divisor, bool isRemainder)
    : IndexTerm(id, extent)
{
    public Affine Of { get; } = of;

    public long Divisor { get; } = divisor;

    public bool IsRemainder { get; } = isRemainder;

    public override string ToString() => $"({Of} {(IsRemainder ? '%' : '/')} {Divisor})";
}

/// <summary>An index read from a tensor, known to lie within the axis that it selects from.</summary>
internal sealed class IndexLoaded(int id, long extent, Graph.Node indices, Affine[] at) : IndexTerm(id, extent)
{
    public Graph.Node Indices { get; } = indices;

    public Affine[] At { get; } = at;

    public override string ToString() => $"%{Indices.Id}[{string.Join<Affine>(", ", At)}]";
}
