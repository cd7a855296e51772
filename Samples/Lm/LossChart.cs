using System.Globalization;
using System.Text;

namespace Cotangent.Samples.Lm;

/// <summary>The loss curve as a small SVG: training bits per byte by step, smoothed, with validation points and the unigram line.</summary>
internal static class LossChart
{
    private const int Width = 720, Height = 400, Left = 56, Right = 16, Top = 28, Bottom = 40;

    public static string Draw(IReadOnlyList<float> train, IReadOnlyList<(int Step, double Bits)> validation, double unigram)
    {
        double top = Math.Max(1, Math.Ceiling(Math.Max(unigram, train.Count > 0 ? train.Max() : 0)));
        int steps = Math.Max(1, train.Count);
        string X(double step) => Format(Left + step / steps * (Width - Left - Right));
        string Y(double bits) => Format(Height - Bottom - Math.Clamp(bits / top, 0, 1) * (Height - Top - Bottom));

        StringBuilder svg = new();
        svg.AppendLine($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" font-family="sans-serif" font-size="12">""");
        svg.AppendLine("""<rect width="100%" height="100%" fill="white"/>""");
        svg.AppendLine($"""<text x="{Left}" y="18" font-weight="bold">bits per byte</text>""");
        for (int bits = 0; bits <= top; bits++)
        {
            svg.AppendLine($"""<line x1="{Left}" x2="{Width - Right}" y1="{Y(bits)}" y2="{Y(bits)}" stroke="#ddd"/>""");
            svg.AppendLine($"""<text x="{Left - 8}" y="{Y(bits)}" text-anchor="end" dominant-baseline="middle">{bits}</text>""");
        }

        for (int i = 0; i <= 4; i++)
        {
            svg.AppendLine($"""<text x="{X(steps * i / 4.0)}" y="{Height - Bottom + 18}" text-anchor="middle">{steps * i / 4}</text>""");
        }

        svg.AppendLine($"""<line x1="{Left}" x2="{Width - Right}" y1="{Y(unigram)}" y2="{Y(unigram)}" stroke="#999" stroke-dasharray="5 4"/>""");
        svg.AppendLine($"""<text x="{Width - Right}" y="{Y(unigram)}" dy="-5" text-anchor="end" fill="#666">unigram entropy {Format(unigram)}</text>""");
        Polyline(svg, "#c6d8ef", train.Select((bits, i) => $"{X(i + 1)},{Y(bits)}"));
        Polyline(svg, "#2f6db5", Smooth(train).Select((bits, i) => $"{X(i + 1)},{Y(bits)}"));
        foreach ((int step, double bits) in validation)
        {
            svg.AppendLine($"""<circle cx="{X(step)}" cy="{Y(bits)}" r="4" fill="#d0552d"><title>validation {Format(bits)}</title></circle>""");
        }

        svg.AppendLine($"""<text x="{Width / 2}" y="{Height - 6}" text-anchor="middle">step (line: training, dots: validation)</text>""");
        return svg.AppendLine("</svg>").ToString();
    }

    private static void Polyline(StringBuilder svg, string colour, IEnumerable<string> points) =>
        svg.AppendLine($"""<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{string.Join(' ', points)}"/>""");

    private static IEnumerable<double> Smooth(IEnumerable<float> values)
    {
        double mean = 0, weight = 0;
        foreach (float value in values)
        {
            mean = 0.95 * mean + 0.05 * value;
            weight = 0.95 * weight + 0.05;
            yield return mean / weight;
        }
    }

    private static string Format(double x) => x.ToString("0.##", CultureInfo.InvariantCulture);
}
