using System.Globalization;
using Cotangent.Kernels;

namespace Cotangent;

/// <summary>NumPy's printing of the floats of one array: all positional or all scientific, the fewest digits that tell
/// each from its neighbours in its dtype, at most eight after the point, aligned at the point.</summary>
internal sealed class FloatFormat(DType type, double[] elements)
{
    private const int Precision = 8;

    /// <summary>The elements, padded to one width.</summary>
    public string[] Items()
    {
        double[] finite = [.. elements.Where(double.IsFinite)];
        bool scientific = IsScientific([.. finite.Where(x => x != 0).Select(Math.Abs)]);
        (string Integer, string Fraction)[] parts = scientific ? Scientific(finite) : [.. finite.Select(Positional)];
        int left = parts.Select(p => p.Integer.Length).DefaultIfEmpty(0).Max();
        int right = parts.Select(p => p.Fraction.Length).DefaultIfEmpty(0).Max();
        foreach (double x in elements.Where(x => !double.IsFinite(x)))
            left = Math.Max(left, Special(x).Length - Math.Max(right, 1));

        int width = left + (right == 0 && parts.Length == 0 ? 1 : right), next = 0;
        return [.. elements.Select(x => double.IsFinite(x)
            ? parts[next].Integer.PadLeft(left) + parts[next++].Fraction.PadRight(right)
            : Special(x).PadLeft(width))];
    }

    /// <summary>A number on its own, with all its digits.</summary>
    public static string Scalar(DType type, double x)
    {
        if (!double.IsFinite(x)) return Special(x);
        if (x != 0 && Math.Abs(x) is < 1e-4 or >= 1e16)
        {
            (string mantissa, int exponent) = Split(Shortest(type, x));
            return $"{mantissa.TrimEnd('.')}e{Exponent(exponent, 2)}";
        }

        string text = Expand(Shortest(type, x));
        return text.EndsWith('.') ? text + "0" : text;
    }

    private static string Special(double x) => double.IsNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";

    private bool IsScientific(double[] magnitudes)
    {
        if (magnitudes.Length == 0) return false;
        double max = magnitudes.Max(), min = magnitudes.Min();
        return max >= 1e8 || (type == DType.Float64
            ? min < 0.0001 || max / min > 1000
            : (float)min < 0.0001f || (float)(max / min) > 1000);
    }

    /// <summary>The digits before the point, and the point with those after it; no zeros at the end.</summary>
    private (string Integer, string Fraction) Positional(double x)
    {
        string text = Expand(Shortest(type, x));
        int point = text.IndexOf('.', StringComparison.Ordinal);
        if (text.Length - point - 1 > Precision) text = RoundToEven(x).TrimEnd('0');
        return (text[..point], text[point..]);
    }

    /// <summary>One mantissa length, that of the longest shortest text, and one exponent length for all.</summary>
    private (string Integer, string Fraction)[] Scientific(double[] finite)
    {
        int fraction = Math.Min(Precision, finite.Max(x => Split(Shortest(type, x)).Mantissa.TrimStart('-').Length - 2));
        string[] texts = [.. finite.Select(x => x.ToString($"E{fraction}", CultureInfo.InvariantCulture))];
        int[] exponents = [.. texts.Select(t => int.Parse(t.Split('E')[1], CultureInfo.InvariantCulture))];
        int digits = exponents.Max(e => Exponent(e, 2).Length - 1);
        return [.. texts.Select((t, i) =>
        {
            string mantissa = t.Split('E')[0];
            int point = mantissa.IndexOf('.', StringComparison.Ordinal);
            return point < 0
                ? (mantissa, $".e{Exponent(exponents[i], digits)}")
                : (mantissa[..point], $"{mantissa[point..]}e{Exponent(exponents[i], digits)}");
        })];
    }

    /// <summary>Eight digits after the point of the exact value, ties to even, as NumPy's Dragon4 has it.</summary>
    private static string RoundToEven(double x)
    {
        // A tie is a multiple of 2⁻⁹ (its denominator divides both 10⁹ and a power of two), which a decimal holds.
        string text = x.ToString($"F{Precision}", CultureInfo.InvariantCulture);
        if (Math.Abs(x) < 1e8 && x * 512 == Math.Floor(x * 512))
        {
            decimal even = decimal.Round((long)(x * 512) / 512m, Precision, MidpointRounding.ToEven);
            text = even.ToString($"F{Precision}", CultureInfo.InvariantCulture);
        }

        return double.IsNegative(x) && text[0] != '-' ? "-" + text : text;
    }

    private static string Exponent(int exponent, int digits) =>
        (exponent < 0 ? "-" : "+") + Math.Abs(exponent).ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');

    /// <summary>The shortest text that reads back as the same number of the dtype.</summary>
    private static string Shortest(DType type, double x)
    {
        switch (type)
        {
            case DType.Float64:
                return x.ToString("R", CultureInfo.InvariantCulture);
            case DType.Float32:
                return ((float)x).ToString("R", CultureInfo.InvariantCulture);
            case DType.Float16:
                return ((Half)x).ToString("R", CultureInfo.InvariantCulture);
            default:
                for (int digits = 0; ; digits++)
                {
                    string text = x.ToString($"E{digits}", CultureInfo.InvariantCulture);
                    float back = float.Parse(text, CultureInfo.InvariantCulture);
                    if (digits == 9 || (BFloat16)back == (BFloat16)(float)x) return text;
                }
        }
    }

    /// <summary>A number's text as mantissa (d.ddd, no zeros at the end) and decimal exponent.</summary>
    private static (string Mantissa, int Exponent) Split(string text)
    {
        (string sign, string digits, int exponent) = Digits(text);
        return ($"{sign}{digits[0]}.{digits[1..]}", exponent);
    }

    /// <summary>A number's text without an exponent: "1.", "0.25".</summary>
    private static string Expand(string text)
    {
        (string sign, string digits, int exponent) = Digits(text);
        return exponent < 0 ? $"{sign}0.{new string('0', -exponent - 1)}{digits}"
            : digits.Length <= exponent + 1 ? $"{sign}{digits.PadRight(exponent + 1, '0')}."
            : $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    /// <summary>Sign, significant digits (at least one) and the decimal exponent of the first.</summary>
    private static (string Sign, string Digits, int Exponent) Digits(string text)
    {
        string sign = text[0] == '-' ? "-" : "";
        string[] parts = text[sign.Length..].Split('E');
        int exponent = parts.Length == 2 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        int point = parts[0].IndexOf('.', StringComparison.Ordinal);
        string digits = parts[0].Replace(".", "", StringComparison.Ordinal);
        exponent += (point < 0 ? digits.Length : point) - 1;
        int zeros = digits.Length - digits.TrimStart('0').Length;
        if (zeros == digits.Length) return (sign, "0", 0);
        return (sign, digits[zeros..].TrimEnd('0'), exponent - zeros);
    }
}
