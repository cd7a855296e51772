using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>The gradient filter of cut cross-entropy: a tile of rows and classes is left out if all its |p − [v = target]| are below a bound.
/// The test looks at probabilities alone, not at what the objective multiplies them by: with a mean over many rows every gradient is
/// small. Source: Wijmans et al., Cut Your Losses in Large-Vocabulary Language Models (2024).</summary>
internal static class CrossEntropyFilterKernels
{
    /// <summary>Finds which tiles are kept, for two bounds. An item a tile.</summary>
    public static void Test<T, TMath>(Index1D i, ArrayView<T> z, ArrayView<T> numbers, ArrayView<int> targets, ArrayView<int> order,
        ArrayView<int> keep, CrossEntropyBlock shape, CrossEntropyTiles tiles, T embeddings, T classifier)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMath : struct, IRealFunctions<T>
    {
        int firstRow = i % tiles.Groups * tiles.Rows;
        int endRow = Math.Min(firstRow + tiles.Rows, shape.Count);
        int first = i / tiles.Groups * tiles.Columns;
        int end = Math.Min(first + tiles.Columns, shape.Vocabulary);
        int keepE = 0;
        int keepC = 0;
        for (int q = first; q < end; q++)
        {
            int v = tiles.HasOrder != 0 ? order[q] : q;
            for (int r = firstRow; r < endRow; r++)
            {
                T x = z[v * shape.Pitch + r] - numbers[CrossEntropyKernels.LogSumExp * shape.Pitch + r];
                T distance = targets[shape.Total + r] == v ? -TMath.Expm1(x) : TMath.Exp(x);

                // NaN is kept.
                keepE = distance < embeddings ? keepE : 1;
                keepC = distance < classifier ? keepC : 1;
            }
        }

        keep[i] = keepE;
        keep[tiles.Count + i] = keepC;
    }

    /// <summary>Clears the tiles that are left out. An item an element, in the order of classes.</summary>
    public static void Clear<T>(Index1D i, ArrayView<T> g, ArrayView<int> order, ArrayView<int> keep, CrossEntropyBlock shape,
        CrossEntropyTiles tiles, int which)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int r = i % shape.Pitch;
        int q = i / shape.Pitch;
        int v = tiles.HasOrder != 0 ? order[q] : q;
        if (keep[which * tiles.Count + q / tiles.Columns * tiles.Groups + r / tiles.Rows] == 0)
            g[v * shape.Pitch + r] = T.Zero;
    }

    /// <summary>Adds the numbers of kept tiles to what is there. Two items, one for each bound.</summary>
    public static void Count(Index1D which, ArrayView<int> keep, ArrayView<int> kept, CrossEntropyTiles tiles, int rowGroups)
    {
        int sum = 0;
        for (int k = 0; k < tiles.Count; k++)
            sum += k % tiles.Groups < rowGroups ? keep[which * tiles.Count + k] : 0;
        kept[which] += sum;
    }
}

/// <summary>The filter by classes: those that count for no row of a block are left out of the products, the others gathered.</summary>
internal static class CrossEntropyClassKernels
{
    /// <summary>Finds which classes have a |p − [v = target]| that is not below the bound, in a row of the block. Where the factors of lse and target
    /// logit do not cancel (z-loss, smoothing), certain targets have derivatives, too, and are kept. An item a class.</summary>
    public static void Keep<T, TMath>(Index1D v, ArrayView<T> z, ArrayView<T> numbers, ArrayView<int> targets, ArrayView<byte> keep,
        CrossEntropyBlock shape, T bound)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMath : struct, IRealFunctions<T>
    {
        int kept = 0;
        for (int r = 0; r < shape.Count; r++)
        {
            T x = z[v * shape.Pitch + r] - numbers[CrossEntropyKernels.LogSumExp * shape.Pitch + r];
            T distance = TMath.Exp(x);
            if (targets[shape.Total + r] == v.X)
            {
                distance = -TMath.Expm1(x);
                T rest = numbers[CrossEntropyKernels.Slope * shape.Pitch + r] + numbers[CrossEntropyKernels.OfTarget * shape.Pitch + r];
                kept = rest == T.Zero ? kept : 1;
            }

            // NaN is kept.
            kept = distance < bound ? kept : 1;
        }

        keep[v] = (byte)kept;
    }

    /// <summary>The rows of listed classes side by side. An item an element.</summary>
    /// <param name="i">The element of the target.</param>
    /// <param name="source">Rows by class.</param>
    /// <param name="classes">The list.</param>
    /// <param name="target">Receives the rows of the classes from the first on.</param>
    /// <param name="first">Where in the list they begin.</param>
    /// <param name="width">Elements of a row.</param>
    public static void Gather<T>(Index1D i, ArrayView<T> source, ArrayView<int> classes, ArrayView<T> target, int first, int width)
        where T : unmanaged => target[i] = source[(long)classes[first + i / width] * width + i % width];

    /// <summary>Adds rows to those of listed classes. An item an element: no class is listed twice.</summary>
    public static void AddTo<T>(Index1D i, ArrayView<T> source, ArrayView<int> classes, ArrayView<T> target, int first, int width)
        where T : unmanaged, IFloatingPointIeee754<T> => target[(long)classes[first + i / width] * width + i % width] += source[i];
}

/// <summary>A list of the positions that are kept.</summary>
internal readonly struct PositionPayload(ArrayView<int> target) : IPayload
{
    private readonly ArrayView<int> _target = target;

    public void Move(int from, int to) => _target[to] = from;
}

/// <summary>How a block is cut into tiles.</summary>
/// <param name="Rows">Rows of a tile.</param>
/// <param name="Columns">Classes of a tile.</param>
/// <param name="Groups">Tiles along the rows.</param>
/// <param name="Count">Tiles.</param>
/// <param name="HasOrder">1 if classes are taken in another order than their own.</param>
internal readonly record struct CrossEntropyTiles(int Rows, int Columns, int Groups, int Count, int HasOrder);
