using Cotangent.AutoDiff;
using Cotangent.Kernels;

namespace Cotangent.Tests.Docs;

/// <summary>docs/user-kernels.md runs and prints what it says: the code below is the page's, line for line.</summary>
public class UserKernelsPageTests
{
    [Fact]
    public void Snippets_Run_PrintWhatThePageShows()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "user-kernels.md"));
        foreach (Action<StringWriter> run in new Action<StringWriter>[] { Call, Derivative, Linear })
        {
            using StringWriter console = new() { NewLine = "\n" };
            run(console);
            Assert.Contains($"```text\n{console}```", page);
        }

        foreach (string name in new[] { "Smooth", "Call", "Softplus", "Derivative", "Step", "Linear" }) Assert.Contains(Snippet.Of<UserKernelsPageTests>(name), page);
    }

    private static void Call(StringWriter Console)
    {
        // begin Call
        Tensor image = Tensor.From(new float[,] { { 0, 0, 4, 0 }, { 8, 0, 0, 0 } });
        Tensor y = Tensor.Kernel(Smooth, new Index2D(4, 2), inputs: [image], output: image.Shape, numbers: [4, 0.5f]);
        Console.WriteLine(y + 1);
        // end
    }

    private static void Derivative(StringWriter Console)
    {
        // begin Derivative
        Tensor Soft(Tensor x) => Tensor.Kernel(Softplus, (int)x.Size, [x], x.Shape, jvp: (x, dx, y) => [dx[0]! * (1 - (-y[0]).Exp())]);
        Console.WriteLine(Diff.Grad(v => Soft(v).Sum())(Tensor.From([0.0, 2.0])));
        // end
    }

    private static void Linear(StringWriter Console)
    {
        // begin Linear
        Tensor Steps(Tensor x) => Tensor.Kernel(Step, (int)x.Size, [x], x.Shape, options: new()
        {
            Transpose = (_, ct) => [Tensor.Kernel(StepBack, (int)ct[0]!.Size, [ct[0]!], ct[0]!.Shape)],
        });
        Console.WriteLine(Diff.Grad(v => Steps(v).Square().Sum())(Tensor.From([1f, 3f, 7f])));
        // end
    }

    // begin Smooth
    // One pixel: the mean of itself and its neighbours to the left and right.
    internal static void Smooth(Index2D i, ArrayView<float> x, ArrayView<float> y, int width, float weight)
    {
        int row = i.Y * width, left = Math.Max(i.X - 1, 0), right = Math.Min(i.X + 1, width - 1);
        y[row + i.X] = (1 - weight) * x[row + i.X] + weight * 0.5f * (x[row + left] + x[row + right]);
    }
    // end

    // begin Softplus
    internal static void Softplus(Index1D i, ArrayView<double> x, ArrayView<double> y) => y[i] = Math.Log(1 + Math.Exp(x[i]));
    // end

    // begin Step
    internal static void Step(Index1D i, ArrayView<float> x, ArrayView<float> y) => y[i] = i.X > 0 ? x[i] - x[i - 1] : x[i];

    internal static void StepBack(Index1D i, ArrayView<float> ct, ArrayView<float> dx) => dx[i] = i.X + 1 < ct.IntLength ? ct[i] - ct[i + 1] : ct[i];
    // end
}
