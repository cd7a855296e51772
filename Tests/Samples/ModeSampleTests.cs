using Cotangent.Samples;
using Cotangent.Samples.ForwardGradients;
using Cotangent.Samples.HessianSpectrum;
using Cotangent.Samples.Maml;
using Cotangent.Samples.Pinn;
using Spectre.Console;

namespace Cotangent.Tests.Samples;

/// <summary>The samples of derivatives on small sizes: they learn, and print and draw what they say.</summary>
public sealed class ModeSampleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cotangent-modes-").FullName;

    private string File => Path.Combine(_folder, "new", "drawing.svg");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Pinn_Run_LearnsTheSolution_AndDrawsIt()
    {
        double error = double.NaN;
        string text = Console(c => error = PinnCommand.Run(60, 64, 12, 0, File, c));
        Assert.InRange(error, 1e-4, 0.7);
        Assert.Contains("│ 60", text, StringComparison.Ordinal);
        string drawing = System.IO.File.ReadAllText(File);
        Assert.StartsWith("<svg", drawing, StringComparison.Ordinal);
        Assert.EndsWith("</svg>\n", drawing, StringComparison.Ordinal);
        Assert.Equal(1 + 2 * 40 * 40, drawing.Split("<rect").Length - 1);
    }

    [Fact]
    public void Poisson_Source_IsTheLaplacianOfTheSolution()
    {
        Tensor p = Tensor.From(new[,] { { 0.3, 0.8 }, { 0.5, 0.1 } });
        double[] exact = Cotangent.AutoDiff.Diff.Vmap((Tensor q) => Cotangent.AutoDiff.Diff.Laplacian(r => Poisson.Exact(r.Unsqueeze(0))[0])(q))(p).ToArray<double>();
        double[] source = Poisson.Source(p).ToArray<double>();
        for (int i = 0; i < 2; i++) Assert.Equal(exact[i], source[i], 1e-10);
    }

    [Fact]
    public void Maml_Run_LearnsToAdapt()
    {
        (double before, double after) = (0, 0);
        string text = Console(c => (before, after) = MamlCommand.Run(300, 16, 40, 0, c));
        Assert.True(after < 0.85 * before, $"{before} before, {after} after");
        Assert.Contains("after 5 steps", text, StringComparison.Ordinal);
    }

    [Fact]
    public void HessianSpectrum_Run_FindsTheDenseEigenvalues()
    {
        double worst = double.NaN;
        string text = Console(c => worst = HessianSpectrumCommand.Run(30, 4, 40, 2, 0, File, c));
        Assert.InRange(worst, 0, 1e-8);
        Assert.Contains("1. largest", text, StringComparison.Ordinal);
        Assert.Contains("<polyline", System.IO.File.ReadAllText(File), StringComparison.Ordinal);
    }

    [Fact]
    public void Lanczos_OfAKnownMatrix_HasItsEigenvalues()
    {
        // The second difference of 6 points: 2 − 2·cos(kπ/7).
        static double[] Product(double[] v) => [.. v.Select((x, i) => 2 * x - (i > 0 ? v[i - 1] : 0) - (i < 5 ? v[i + 1] : 0))];
        (double[] values, double[] weights) = Lanczos.Run(Product, [1, 0.5, -0.3, 0.2, 0.9, -1], 6);
        for (int k = 1; k <= 6; k++) Assert.Equal(2 - 2 * Math.Cos(k * Math.PI / 7), values[k - 1], 1e-10);
        Assert.Equal(1, weights.Sum(), 1e-12);
    }

    [Fact]
    public void ForwardGradient_Run_LearnsWithoutABackwardPass()
    {
        (float[] first, float[] last) = ([], []);
        string text = Console(c => (first, last) = ForwardGradientCommand.Run(120, 16, 6, 0, c));
        for (int i = 0; i < 3; i++) Assert.True(last[i] < 0.9 * first[i], $"column {i}: {first[i]} to {last[i]}");
        Assert.True(last[0] < last[1], "backprop is best");
        Assert.Contains("16 directions", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pinn")]
    [InlineData("maml")]
    [InlineData("hessian-spectrum")]
    [InlineData("forward-gradient")]
    public void Commands_HaveHelp_AndRefuseMistakes(string name)
    {
        Assert.Equal(0, Program.Main([name, "--help"]));
        Assert.NotEqual(0, Program.Main([name, "--steps", "-1"]));
    }

    private static string Console(Action<IAnsiConsole> run)
    {
        StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 200;
        run(console);
        return text.ToString();
    }
}
