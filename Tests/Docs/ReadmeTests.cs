using Cotangent.AutoDiff;
using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Docs;

/// <summary>README's code runs and prints what README says: the code below is README's, line for line.</summary>
public class ReadmeTests
{
    [Fact]
    public void Snippet_Run_PrintsWhatReadmeShows()
    {
        using StringWriter console = new() { NewLine = "\n" };
        Fit(console);
        string readme = Readme();
        Assert.Contains($"```text\n{console}```", readme);
        Assert.Contains(Snippet.Of<ReadmeTests>("Fit"), readme);
    }

    [Fact]
    public void KernelSnippet_Run_PrintsWhatReadmeShows()
    {
        using StringWriter console = new() { NewLine = "\n" };
        Launch(console);
        string readme = Readme();
        Assert.Contains($"```text\n{console}```", readme);
        Assert.Contains(Snippet.Of<ReadmeTests>("Launch"), readme);
        Assert.Contains(Snippet.Of<ReadmeTests>("Axpy"), readme);
    }

    private static void Fit(StringWriter Console)
    {
        // begin Fit
        Tensor x = Tensor.From([0f, 1f, 2f, 3f]), y = Tensor.From([1f, 3f, 5f, 7f]);

        Tensor Loss(Tensor w, Tensor b) => (w * x + b - y).Square().Mean();

        var step = Jit.Compile((Tensor w, Tensor b) =>
        {
            var (loss, (dw, db)) = Diff.ValueAndGrad(Loss)(w, b);
            return (loss, w - 0.1f * dw, b - 0.1f * db);
        });

        Tensor w = Tensor.Scalar(0), b = Tensor.Scalar(0), loss = w;
        for (int i = 0; i < 200; i++) (loss, w, b) = step.Invoke(w, b);
        Console.WriteLine($"y = {w.Item<float>():F3} x + {b.Item<float>():F3}, loss {loss.Item<float>():F6}");

        var curvature = Diff.Grad(w => Diff.Grad(v => Loss(v, b))(w));   // derivatives nest
        Console.WriteLine($"d2 loss / dw2 = {curvature(w)}");
        // end
    }

    private static void Launch(StringWriter Console)
    {
        // begin Launch
        Device device = Device.Cpu;                                  // or Device.Find("opencl")
        using var x = device.Allocate<float>(5);
        using var y = device.Allocate<float>(5);
        x.CopyFrom([1f, 2f, 3f, 4f, 5f]);
        y.CopyFrom([10f, 10f, 10f, 10f, 10f]);

        var axpy = device.Load<Index1D, ArrayView<float>, ArrayView<float>, float>(Axpy);
        axpy(5, x.View, y.View, 2f);
        Console.WriteLine(string.Join(" ", y.ToArray()));
        // end
    }

    // begin Axpy
    internal static void Axpy(Index1D i, ArrayView<float> x, ArrayView<float> y, float a) => y[i] += a * x[i];
    // end

    private static string Readme() => File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
}
