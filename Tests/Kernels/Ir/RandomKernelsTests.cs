using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Ir;

public class RandomKernelsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Next_ManySeeds_MakesKernelsThatRunAndStore(bool grouped)
    {
        int stored = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            RandomCase c = RandomKernels.Next(new Random(seed), new RandomKernelOptions { Grouped = grouped });
            byte[]?[] result = c.Interpret();
            Assert.Null(c.Difference(result, c.Interpret()));
            stored += result.Zip(c.Buffers).Any(p => p.First is { } a && !a.AsSpan().SequenceEqual(p.Second)) ? 1 : 0;
        }

        Assert.True(stored > 190);
    }

    [Fact]
    public void Next_SameSeed_MakesTheSameKernel() => Assert.Equal(
        Printer.Print(RandomKernels.Next(new Random(7)).Kernel),
            Printer.Print(RandomKernels.Next(new Random(7)).Kernel));
}
