using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>What happens to a block of logits between the matrix products. Neighbouring items work on neighbouring rows, whose logits lie side
/// by side: no item waits for another, no sum depends on the order in which items run.</summary>
internal static class CrossEntropyKernels
{
    // What is kept of each row of a block: so many numbers, Pitch apart.
    public const int LogSumExp = 0;
    public const int Slope = 1;
    public const int OfTarget = 2;
    public const int OfWeights = 3;
    public const int Tangent = 4;
    public const int Curvature = 5;
    public const int Numbers = 6;

    /// <summary>The block's rows of E, times a factor; zeros where there are no more. An item an element.</summary>
    public static void Gather<T>(Index1D i, ArrayView<T> e, ArrayView<int> rows, ArrayView<T> block, CrossEntropyBlock shape, T scale)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int r = i / shape.Width;
        T x = T.Zero;
        if (r < shape.Count)
            x = scale * e[(long)rows[shape.First + r] * shape.Width + i % shape.Width];
        block[i] = x;
    }

    /// <summary>The block's rows of E's gradient to their places. An item an element.</summary>
    public static void Scatter<T>(Index1D i, ArrayView<T> block, ArrayView<int> rows, ArrayView<T> e, CrossEntropyBlock shape, T scale)
        where T : unmanaged, IFloatingPointIeee754<T> =>
        e[(long)rows[shape.First + i / shape.Width] * shape.Width + i % shape.Width] = scale * block[i];

    /// <summary>Writes a number everywhere.</summary>
    public static void Fill<T>(Index1D i, ArrayView<T> x, T value)
        where T : unmanaged => x[i] = value;

    /// <summary>Products become logits: bias, then softcap. An item goes through a part of the classes of one row, for its largest logit, the sum
    /// of exp(z − shift), the weighted sum of logits, and the first class of the largest one.</summary>
    public static void Logits<T, TMath>(Index1D i, ArrayView<T> z, ArrayView<T> bias, ArrayView<T> weights, ArrayView<T> partials,
        ArrayView<int> best, CrossEntropyBlock shape, T softcap, int items)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMath : struct, IRealFunctions<T>
    {
        int r = i % shape.Pitch;
        int from = i / shape.Pitch * shape.Part;
        int to = Math.Min(from + shape.Part, shape.Vocabulary);
        T largest = T.Zero;
        T weighted = T.Zero;
        int at = from;
        for (int v = from; v < to; v++)
        {
            int k = v * shape.Pitch + r;
            T x = z[k];
            if (shape.HasBias != 0)
                x += bias[v];
            if (softcap > T.Zero)
                x = softcap * TMath.Tanh(x / softcap);
            z[k] = x;
            if (shape.HasClassWeights != 0)
                weighted += weights[v] * x;
            bool isLarger = v == from | x > largest;
            largest = isLarger ? x : largest;
            at = isLarger ? v : at;
        }

        T shift = Shift(largest);
        T sum = T.Zero;
        for (int v = from; v < to; v++)
            sum += TMath.Exp(z[v * shape.Pitch + r] - shift);
        partials[i] = largest;
        partials[items + i] = sum;
        partials[2 * items + i] = weighted;
        best[i] = at;
    }

    /// <summary>Sums of the logits of neighbouring tiles become those of a larger part: item (part, row). Both lie as <see cref="Logits"/>
    /// leaves them.</summary>
    /// <param name="i">The part times the pitch, plus the row.</param>
    /// <param name="tiles">Largest logits, sums of exponentials, weighted sums of the tiles.</param>
    /// <param name="tileBest">The first classes of the tiles' largest logits.</param>
    /// <param name="parts">Receives those of parts.</param>
    /// <param name="best">Receives the classes.</param>
    /// <param name="pitch">Rows.</param>
    /// <param name="count">Tiles.</param>
    /// <param name="ofPart">Tiles of a part.</param>
    public static void Merge<T, TMath>(Index1D i, ArrayView<T> tiles, ArrayView<int> tileBest, ArrayView<T> parts, ArrayView<int> best, int pitch,
        int count, int ofPart)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMath : struct, IRealFunctions<T>
    {
        int first = i / pitch * ofPart, row = i % pitch, all = count * pitch;
        int end = Math.Min(first + ofPart, count);
        int items = (count + ofPart - 1) / ofPart * pitch;
        int at = first * pitch + row;
        T largest = tiles[at];
        int where = tileBest[at];
        T weighted = T.Zero;
        for (int tile = first; tile < end; tile++)
        {
            at = tile * pitch + row;
            T own = tiles[at];
            where = own > largest ? tileBest[at] : where;
            largest = own > largest ? own : largest;
            weighted += tiles[2 * all + at];
        }

        T shift = Shift(largest);
        T sum = T.Zero;
        for (int tile = first; tile < end; tile++)
        {
            at = tile * pitch + row;
            T own = tiles[all + at];
            if (own != T.Zero)
                sum += own * TMath.Exp(Shift(tiles[at]) - shift);
        }

        parts[i] = largest;
        parts[items + i] = sum;
        parts[2 * items + i] = weighted;
        best[i] = where;
    }

    /// <summary>The parts of each row put together: its log-sum-exp, target's logit, weighted sum, best class, its term of the objective and
    /// what the gradient needs. An item a row of the block.</summary>
    /// <param name="i">The row.</param>
    /// <param name="z">The logits, or those of the targets.</param>
    /// <param name="partials">What <see cref="Logits"/> found.</param>
    /// <param name="best">The best class of each part.</param>
    /// <param name="rows">The numbers of the rows.</param>
    /// <param name="targets">The targets of all rows; those of the block go to the end, Pitch of them.</param>
    /// <param name="factors">The factors of lse, target logit, weighted sum and lse² in the objective, a line of all rows each.</param>
    /// <param name="results">Lines of all rows: lse, target logit, weighted sum, best logit, term of the objective.</param>
    /// <param name="predicted">The best classes of all rows.</param>
    /// <param name="numbers">Receives what the block keeps.</param>
    /// <param name="shape">The block.</param>
    /// <param name="parts">Parts of the classes.</param>
    /// <param name="step">Elements of z from a class to the next; 0 if it holds the targets' alone.</param>
    public static void Rows<T, TMath>(Index1D i, ArrayView<T> z, ArrayView<T> partials, ArrayView<int> best, ArrayView<int> rows,
        ArrayView<int> targets, ArrayView<T> factors, ArrayView<T> results, ArrayView<int> predicted, ArrayView<T> numbers,
        CrossEntropyBlock shape, int parts, int step)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMath : struct, IRealFunctions<T>
    {
        int items = parts * shape.Pitch;
        T shift = T.Zero;
        T largest = partials[i];
        T weighted = T.Zero;
        int any = 0;
        int at = best[i];
        for (int p = 0; p < parts; p++)
        {
            int k = p * shape.Pitch + i;
            T own = Shift(partials[k]);
            if (partials[items + k] != T.Zero)
            {
                shift = any == 0 | own > shift ? own : shift;
                any = 1;
            }

            if (partials[k] > largest)
            {
                largest = partials[k];
                at = best[k];
            }

            weighted += partials[2 * items + k];
        }

        T sum = T.Zero;
        for (int p = 0; p < parts; p++)
        {
            int k = p * shape.Pitch + i;
            T own = partials[items + k];
            if (own != T.Zero)
                sum += own * TMath.Exp(Shift(partials[k]) - shift);
        }

        T lse = shift + TMath.Log(sum);
        T a = T.Zero;
        T b = T.Zero;
        T c = T.Zero;
        T d = T.Zero;
        int target = -1;
        if (i < shape.Count)
        {
            int row = rows[shape.First + i];
            a = factors[row];
            b = factors[shape.Total + row];
            c = factors[2 * shape.Total + row];
            d = factors[3 * shape.Total + row];
            target = targets[row] - shape.Start;
            target = target >= 0 & target < shape.Vocabulary ? target : -1;
            T logit = T.Zero;
            if (target >= 0)
                logit = z[target * step + i];

            // lse − z as one difference: both may be large where the loss is small. What has no factor does not count, even if it is not finite.
            T term = T.Zero;
            if (a != T.Zero)
                term = target >= 0 ? a * (lse - logit) : a * lse;
            T rest = target >= 0 ? a + b : T.Zero;
            if (rest != T.Zero)
                term += rest * logit;
            if (c != T.Zero)
                term += c * weighted;
            if (d != T.Zero)
                term += d * lse * lse;
            results[row] = lse;
            results[shape.Total + row] = logit;
            results[2 * shape.Total + row] = weighted;
            results[3 * shape.Total + row] = largest;
            results[4 * shape.Total + row] = term;
            predicted[row] = at + shape.Start;
        }

        targets[shape.Total + i] = target;
        numbers[LogSumExp * shape.Pitch + i] = lse;
        numbers[Slope * shape.Pitch + i] = d == T.Zero ? a : a + (d + d) * lse;
        numbers[OfTarget * shape.Pitch + i] = b;
        numbers[OfWeights * shape.Pitch + i] = c;
        numbers[Curvature * shape.Pitch + i] = d + d;
    }

    /// <summary>Logits become the objective's derivative by the products. An item a logit.</summary>
    public static void Gradient<T, TMath>(Index1D i, ArrayView<T> z, ArrayView<T> weights, ArrayView<T> numbers, ArrayView<int> targets,
        CrossEntropyBlock shape, T softcap)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMath : struct, IRealFunctions<T>
    {
        int r = i % shape.Pitch;
        int v = i / shape.Pitch;
        T x = z[i];
        T g = T.Zero;
        if (r < shape.Count)
            g = Derivative<T, TMath>(x, r, v, weights, numbers, targets, shape);
        if (softcap > T.Zero)
            g *= T.One - x / softcap * (x / softcap);
        z[i] = g;
    }

    /// <summary>Adds the sums over the block's rows to the gradient of the bias. An item a class.</summary>
    public static void AddToBias<T>(Index1D v, ArrayView<T> g, ArrayView<T> bias, CrossEntropyBlock shape)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T sum = T.Zero;
        for (int r = 0; r < shape.Count; r++)
            sum += g[v * shape.Pitch + r];
        bias[v] += sum;
    }

    /// <summary>The sum of a line, first step: item i adds up elements i, i + items, ….</summary>
    public static void Sum<T>(Index1D i, ArrayView<T> x, ArrayView<T> sums, int length, int items)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T sum = T.Zero;
        for (int k = i; k < length; k += items)
            sum += x[k];
        sums[i] = sum;
    }

    /// <summary>sum + x with what the addition loses kept in lost (Kahan; Knuth's two-sum).</summary>
    public static void AddCompensated<T>(Index1D i, ArrayView<T> x, ArrayView<T> sum, ArrayView<T> lost)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T a = sum[i];
        T b = lost[i] + x[i];
        T t = a + b;
        T ofB = t - a;
        T ofA = t - ofB;
        sum[i] = t;
        lost[i] = (a - ofA) + (b - ofB);
    }

    /// <summary>The derivative of the objective by a logit: slope·p + factor of the target·[v = target] + factor of the weights·weight. Where the
    /// target is nearly certain, p − 1 is found without cancellation.</summary>
    public static T Derivative<T, TMath>(T x, int r, int v, ArrayView<T> weights, ArrayView<T> numbers, ArrayView<int> targets,
        CrossEntropyBlock shape)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMath : struct, IRealFunctions<T>
    {
        T slope = numbers[Slope * shape.Pitch + r];
        T ofWeights = numbers[OfWeights * shape.Pitch + r];
        T ofTarget = numbers[OfTarget * shape.Pitch + r];
        T difference = x - numbers[LogSumExp * shape.Pitch + r];
        T g = T.Zero;
        if (targets[shape.Total + r] == v)
        {
            if (slope != T.Zero)
                g = slope * TMath.Expm1(difference);
            g += slope + ofTarget;
        }
        else if (slope != T.Zero)
        {
            g = slope * TMath.Exp(difference);
        }

        if (ofWeights != T.Zero)
            g += ofWeights * weights[v];
        return g;
    }

    /// <summary>What is taken from logits before their exponentials: the largest one if it is finite, so that ±∞ and NaN stay what they
    /// are.</summary>
    private static T Shift<T>(T largest)
        where T : unmanaged, IFloatingPointIeee754<T> => largest - largest == T.Zero ? largest : T.Zero;
}
