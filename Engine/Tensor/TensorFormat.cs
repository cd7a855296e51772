using System.Globalization;
using System.Text;

namespace Cotangent;

/// <summary>NumPy's array printing with its default options: 75 columns, and of more than 1000 elements three at each
/// end of an axis.</summary>
internal static class TensorFormat
{
    private const int LineWidth = 75, Threshold = 1000, Edge = 3;

    public static string Format(Tensor x)
    {
        if (x.Size == 0) return "[]";
        if (x.Rank == 0) return Scalar(x);
        bool abridged = x.Size > Threshold;
        string[] items = Items(abridged ? Edges(x) : x);
        int next = 0;
        StringBuilder text = new();
        AppendAxis(text, x.Shape, 0, abridged, items, ref next);
        return text.ToString();
    }

    /// <summary>The elements that an abridged print shows: only these are read.</summary>
    private static Tensor Edges(Tensor x)
    {
        for (int axis = 0; axis < x.Rank; axis++)
        {
            int n = x.Shape[axis];
            if (n > 2 * Edge) x = Tensor.Concat(axis, x.SliceAxis(axis, 0, Edge, 1), x.SliceAxis(axis, n - Edge, Edge, 1));
        }

        return x;
    }

    private static void AppendAxis(StringBuilder text, Shape shape, int axis, bool abridged, string[] items, ref int next)
    {
        if (axis == shape.Rank - 1)
        {
            AppendRow(text, shape, abridged, items, ref next);
            return;
        }

        int n = shape[axis];
        string separator = new string('\n', shape.Rank - axis - 1) + new string(' ', axis + 1);
        text.Append('[');
        for (int i = 0; i < n; i++)
        {
            if (i > 0) text.Append(separator);
            if (abridged && n > 2 * Edge && i == Edge)
            {
                text.Append("...").Append(separator);
                i = n - Edge;
            }

            AppendAxis(text, shape, axis + 1, abridged, items, ref next);
        }

        text.Append(']');
    }

    /// <summary>The elements of the last axis, wrapped so that the closing brackets fit on the line.</summary>
    private static void AppendRow(StringBuilder text, Shape shape, bool abridged, string[] items, ref int next)
    {
        int n = shape[^1], indent = shape.Rank, width = LineWidth - shape.Rank, column = indent;
        text.Append('[');
        for (int i = 0; i < n; i++)
        {
            if (abridged && n > 2 * Edge && i == Edge)
            {
                AppendWord(text, "...", indent, width, ref column);
                i = n - Edge;
            }

            AppendWord(text, items[next++], indent, width, ref column);
        }

        text.Append(']');
    }

    private static void AppendWord(StringBuilder text, string word, int indent, int width, ref int column)
    {
        // Between words stands one space, counted with the word before it.
        bool first = column == indent;
        if (!first && column + 1 + word.Length > width)
        {
            while (text[^1] == ' ') text.Length--;
            text.Append('\n').Append(' ', indent);
            column = indent;
            first = true;
        }

        text.Append(first ? "" : " ").Append(word);
        column += word.Length + (first ? 0 : 1);
    }

    private static string Scalar(Tensor x) => x.DType switch
    {
        DType.Bool => x.Item<bool>() ? "True" : "False",
        _ when x.DType.IsFloat() => FloatFormat.Scalar(x.DType, x.ToDoubles()[0]),
        _ => Integers(x)[0],
    };

    private static string[] Items(Tensor x)
    {
        if (x.DType.IsFloat()) return new FloatFormat(x.DType, x.ToDoubles()).Items();
        string[] items = x.DType == DType.Bool ? [.. x.ToArray<bool>().Select(b => b ? "True" : "False")] : Integers(x);
        int width = x.DType == DType.Bool ? 5 : items.Max(i => i.Length);
        return [.. items.Select(i => i.PadLeft(width))];
    }

    private static string[] Integers(Tensor x) => x.DType == DType.Int64
        ? [.. x.ToArray<long>().Select(i => i.ToString(CultureInfo.InvariantCulture))]
        : [.. x.ToDoubles().Select(i => ((long)i).ToString(CultureInfo.InvariantCulture))];
}
