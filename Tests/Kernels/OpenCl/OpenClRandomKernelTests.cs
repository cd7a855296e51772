using Cotangent.Kernels;
using Cotangent.Tests.Kernels.Ir;

namespace Cotangent.Tests;

/// <summary>Random kernels against the interpreter, in few programs: a build costs about the same whatever its
/// size.</summary>
public class OpenClRandomKernelTests
{
    [TheoryOn("opencl")]
    [InlineData(false, 40)]
    [InlineData(true, 20)]
    public void Kernels_Random_HaveTheInterpretersBits(bool grouped, int count)
    {
        Device device = Devices.Get("opencl");
        RandomCase[] cases = [.. Enumerable.Range(0, count).Select(seed =>
            RandomKernels.Next(new Random(seed), new RandomKernelOptions { Grouped = grouped, Size = 20 + seed % 40 }))];
        IReadOnlyList<CompiledKernel> compiled = device.CompileBatch([.. cases.Select(c => c.Kernel)]);
        for (int i = 0; i < count; i++)
        {
            string? difference = cases[i].Difference(cases[i].Interpret(), cases[i].RunOn(device, compiled[i]));
            Assert.True(difference is null, $"seed {i}: {difference}\n{compiled[i].Listing}");
        }
    }
}
