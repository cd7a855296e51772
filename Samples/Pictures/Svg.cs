using System.Globalization;
using System.Text;
using Cotangent.Interop;

namespace Cotangent.Samples.Pictures;

/// <summary>A drawing as SVG text: rectangles, lines and words.</summary>
internal sealed class Svg
{
    private readonly StringBuilder _text = new();

    public Svg(int width, int height)
    {
        _text.AppendLine($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">""");
        _text.AppendLine("""<rect width="100%" height="100%" fill="white"/>""");
    }

    public void Rectangle(double x, double y, double width, double height, string colour) => _text.AppendLine(
        $"""<rect x="{Number(x)}" y="{Number(y)}" width="{Number(width)}" height="{Number(height)}" fill="{colour}"/>""");

    public void Line(double x1, double y1, double x2, double y2, string colour) => _text.AppendLine(
        $"""<line x1="{Number(x1)}" y1="{Number(y1)}" x2="{Number(x2)}" y2="{Number(y2)}" stroke="{colour}"/>""");

    public void Curve(IEnumerable<(double X, double Y)> points, string colour) => _text.AppendLine(
        $"""<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{string.Join(' ', points.Select(p => $"{Number(p.X)},{Number(p.Y)}"))}"/>""");

    /// <param name="x">The anchor.</param>
    /// <param name="y">The base line.</param>
    /// <param name="words">Text, without markup.</param>
    /// <param name="anchor">start, middle or end.</param>
    public void Words(double x, double y, string words, string anchor = "middle") => _text.AppendLine(
        $"""<text x="{Number(x)}" y="{Number(y)}" text-anchor="{anchor}">{words}</text>""");

    /// <summary>Writes the file, making its folder if need be; never half of it.</summary>
    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        byte[] bytes = Encoding.UTF8.GetBytes(_text + "</svg>\n");
        AtomicFile.Write(path, file => file.Write(bytes));
    }

    private static string Number(double x) => x.ToString("0.##", CultureInfo.InvariantCulture);
}
