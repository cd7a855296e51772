using Cotangent.Kernels;

namespace Cotangent.Tests.Docs;

/// <summary>docs/from-ilgpu.md runs and prints what it says: the code below is the page's, line for line.</summary>
public class FromIlgpuPageTests
{
    [Fact]
    public void Snippets_Run_PrintWhatThePageShows()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "from-ilgpu.md"));
        using StringWriter console = new() { NewLine = "\n" };
        Host(console);
        Assert.Contains($"```text\n{console}```", page);
        foreach (string name in new[] { "Kernels", "Host" })
            Assert.Contains($"```csharp\n{Snippet.Of<FromIlgpuPageTests>(name)}```", page);
    }

    private static void Host(StringWriter Console)
    {
        // begin Host
        Device accelerator = Device.Cpu;
        using var buffer = accelerator.Allocate1D<float>(4);
        buffer.CopyFromCPU([1, 2, 3, 4]);
        var scale = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, float>(Scale);
        scale((int)buffer.Length, buffer.View, 2f);
        Console.WriteLine(string.Join(" ", buffer.GetAsArray1D()));

        using var x = accelerator.Allocate2DDenseX(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        using var y = accelerator.Allocate2DDenseX<float>((3, 2));
        var transpose = accelerator.LoadStreamKernel<ArrayView2D<float, Stride2D.DenseX>, ArrayView2D<float, Stride2D.DenseX>>(Transpose);
        transpose(new KernelConfig(new Index2D(1, 1), new Index2D(8, 8)), x.View, y.View);
        Console.WriteLine(y.GetAsArray2D()[2, 1]);
        // end
    }

    // begin Kernels
    private static void Scale(Index1D i, ArrayView<float> x, float by) => x[i] = XMath.Clamp(x[i] * by, 0f, 6f);

    private static void Transpose(ArrayView2D<float, Stride2D.DenseX> x, ArrayView2D<float, Stride2D.DenseX> y)
    {
        var tile = SharedMemory.Allocate2D<float, Stride2D.DenseX>((8, 8), new Stride2D.DenseX(9));
        Index2D from = Grid.GlobalIndex.XY;
        if (from.InBounds(x.IntExtent)) tile[Group.IdxX, Group.IdxY] = x[from];
        Group.Barrier();
        Index2D to = new(Grid.IdxY * 8 + Group.IdxX, Grid.IdxX * 8 + Group.IdxY);
        if (to.InBounds(y.IntExtent)) y[to] = tile[Group.IdxY, Group.IdxX];
    }
    // end
}
