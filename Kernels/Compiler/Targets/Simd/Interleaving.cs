using System.Collections.Immutable;

namespace Cotangent.Kernels.Targets;

/// <summary>The lane numbers with which two-register permutations take structs of 2 to 4 words apart and put them together. Sixteen
/// lanes; an index below 16 means the first register, from 16 on the second.</summary>
internal static class Interleaving
{
    public const int Lanes = 16;

    /// <summary>Where to load the vectors that hold one to four words of sixteen structs, in words from the first one that is wanted:
    /// the last vector ends with the last word, so that nothing outside is read.</summary>
    /// <param name="stride">Words of a struct.</param>
    /// <param name="words">From the first wanted word to the last, inclusive.</param>
    public static ImmutableArray<int> Offsets(int stride, int words)
    {
        int all = (Lanes - 1) * stride + words;
        int count = (all + Lanes - 1) / Lanes;
        return [.. Enumerable.Range(0, count).Select(k => k < count - 1 ? k * Lanes : all - Lanes)];
    }

    /// <summary>Index vectors that gather word <paramref name="word"/> of each struct: step k permutes what step k − 1 gave and
    /// vector k + 1; the first step begins with vector 0.</summary>
    public static ImmutableArray<int[]> Extraction(int stride, int word, ImmutableArray<int> offsets) =>
        [.. Enumerable.Range(1, offsets.Length - 1).Select(k => Indices(lane =>
        {
            (int source, int at) = Find(lane * stride + word, offsets);
            return source == k ? Lanes + at : k > 1 ? lane : source == 0 ? at : 0;
        }))];

    /// <summary>For structs of four words: word <paramref name="low"/> of eight structs, then word <paramref name="high"/>, from
    /// vectors 0 and 1 (the first structs) or 2 and 3.</summary>
    public static int[] ExtractionOfPair(int low, int high, bool firstStructs, ImmutableArray<int> offsets) => Indices(i =>
    {
        int lane = i % 8 + (firstStructs ? 0 : 8);
        (int source, int at) = Find(lane * 4 + (i < 8 ? low : high), offsets);
        return source % 2 * Lanes + at;
    });

    /// <summary>The lower halves of two registers, or the upper ones.</summary>
    public static int[] Halves(bool upper) => Indices(i => i % 8 + (i < 8 ? 0 : Lanes) + (upper ? 8 : 0));

    /// <summary>Puts field <paramref name="field"/> (of the second register) into vector <paramref name="vector"/> of the structs
    /// (the first register); field 1 comes first and finds field 0 in the first register.</summary>
    public static int[] Insertion(int stride, int field, int vector) => Indices(i =>
    {
        (int lane, int word) = Math.DivRem(vector * Lanes + i, stride);
        return word == field ? Lanes + lane : field > 1 ? i : word == 0 ? lane : 0;
    });

    /// <summary>Pairs of words of two registers by turns: the first or second half of them.</summary>
    public static int[] Zip(int words, bool upper) => Indices(i =>
        i / (2 * words) * words + i % words + (i / words % 2 == 1 ? Lanes : 0) + (upper ? 8 : 0));

    /// <summary>All bits where a vector of the structs holds one of the words.</summary>
    public static int[] Mask(int stride, IReadOnlyCollection<int> words, int vector) =>
        Indices(i => words.Contains((vector * Lanes + i) % stride) ? -1 : 0);

    private static (int Source, int At) Find(int word, ImmutableArray<int> offsets)
    {
        int source = 0;
        while (word >= offsets[source] + Lanes)
            source++;
        return (source, word - offsets[source]);
    }

    private static int[] Indices(Func<int, int> index) => [.. Enumerable.Range(0, Lanes).Select(index)];
}
