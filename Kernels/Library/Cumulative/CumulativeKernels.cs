namespace Cotangent.Kernels.Library;

/// <summary>Running values along the middle axis of [A, n, C]: reduce, then scan. Lines are cut into parts of consecutive elements, one work
/// item each: the first launch finds each part's running value, the second carries them along the parts, the third runs through the
/// parts again from what comes before them. Elements are read twice and written once, 12 bytes a float; lines that are one part take
/// only the third launch, 8 bytes.</summary>
/// <remarks>Items are numbered [A, part, C], so that neighbours read neighbours where C &gt; 1.</remarks>
internal static class CumulativeKernels
{
    /// <summary>First launch, an item a part: the part's running value and the product of its factors.</summary>
    public static void Totals<T, TOperation>(
        Index1D i, ArrayView<T> factors, ArrayView<T> x, ArrayView<T> totals, ArrayView<T> products,
        int length, int inner, int part, int parts, int isReverse)
        where T : unmanaged
        where TOperation : struct, ICumulative<T>
    {
        TOperation operation = default;
        int p = i / inner % parts;
        int step = isReverse != 0 ? -inner : inner;
        int from = p * part;
        int count = Math.Min(part, length - from);
        int at = Start(i, length, inner, parts, isReverse) + from * step;
        T running = x[at];
        T product = factors[at];
        for (int k = 1; k < count; k++)
        {
            at += step;
            running = operation.Step(running, factors[at], x[at]);
            product = operation.Factor(product, factors[at]);
        }

        totals[i] = running;
        products[i] = product;
    }

    /// <summary>Second launch, an item a line: each part's value becomes the running value before the part (of the first part: nothing).</summary>
    public static void Carries<T, TOperation>(Index1D i, ArrayView<T> totals, ArrayView<T> products, int inner, int parts)
        where T : unmanaged
        where TOperation : struct, ICumulative<T>
    {
        TOperation operation = default;
        int first = i / inner * (parts * inner) + i % inner;
        T carry = totals[first];
        for (int p = 1; p < parts; p++)
        {
            int at = first + p * inner;
            T own = totals[at];
            totals[at] = carry;
            carry = operation.Step(carry, products[at], own);
        }
    }

    /// <summary>Third launch, an item a part: the running values.</summary>
    public static void Write<T, TOperation>(
        Index1D i, ArrayView<T> factors, ArrayView<T> x, ArrayView<T> carries, ArrayView<T> y,
        int length, int inner, int part, int parts, int isReverse)
        where T : unmanaged
        where TOperation : struct, ICumulative<T>
    {
        TOperation operation = default;
        int p = i / inner % parts;
        int step = isReverse != 0 ? -inner : inner;
        int from = p * part;
        int count = Math.Min(part, length - from);
        int at = Start(i, length, inner, parts, isReverse) + from * step;
        T running = x[at];
        if (p > 0)
            running = operation.Step(carries[i], factors[at], running);
        y[at] = running;
        for (int k = 1; k < count; k++)
        {
            at += step;
            running = operation.Step(running, factors[at], x[at]);
            y[at] = running;
        }
    }

    /// <summary>Where an item's line begins, seen in its direction.</summary>
    private static int Start(int i, int length, int inner, int parts, int isReverse) =>
        i / (inner * parts) * (length * inner) + i % inner + (isReverse != 0 ? (length - 1) * inner : 0);
}
