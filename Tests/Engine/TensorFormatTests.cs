using System.Globalization;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine;

/// <summary>ToString against what NumPy prints for the same elements (Goldens/numpy-format.txt, printed by NumPy
/// 1.24).</summary>
public class TensorFormatTests
{
    public static TheoryData<string, string> Goldens
    {
        get
        {
            TheoryData<string, string> cases = [];
            string text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Goldens", "numpy-format.txt"));
            foreach (string block in text.Split("@ ", StringSplitOptions.RemoveEmptyEntries))
            {
                int end = block.IndexOf('\n', StringComparison.Ordinal);
                cases.Add(block[..end].Trim(), block[(end + 1)..].TrimEnd('\n'));
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Goldens))]
    public void ToString_OfElements_IsNumPys(string elements, string expected)
    {
        string[] words = elements.Split(' ');
        DType type = Enum.Parse<DType>(words[0]);
        Shape shape = words[1] == "-" ? [] : Shape.From(words[1].Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture)));
        Tensor x = words.Length > 2 && words[2] == "arange"
            ? Tensor.Arange((int)shape.Size, type).Reshape(shape)
            : Parse(words[2..], shape, type);

        Assert.Equal(expected, x.ToString());
    }

    [Fact]
    public void ToString_BFloat16_PrintsItsOwnShortestDigits() =>
        Assert.Equal("[0.1 1.5 3.14]", Tensor.From([(BFloat16)0.1f, (BFloat16)1.5f, (BFloat16)3.14f]).ToString().Replace("  ", " ", StringComparison.Ordinal));

    [Fact]
    public void ToString_Traced_ShowsDTypeAndShape() =>
        Assert.Equal("Float32[2, 3] (traced)", new Tensor(Make.Input([2, 3], DType.Float32, Device.Cpu, "x")).ToString());

    private static Tensor Parse(string[] words, Shape shape, DType type) => type == DType.Int64
        ? Tensor.From([.. words.Select(w => long.Parse(w, CultureInfo.InvariantCulture))], shape)
        : new(HostData.Leaf(HostData.FromDoubles(type, [.. words.Select(Number)]), shape, type, Device.Cpu));

    private static double Number(string word) => word switch
    {
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        "nan" => double.NaN,
        _ => double.Parse(word, CultureInfo.InvariantCulture),
    };
}
