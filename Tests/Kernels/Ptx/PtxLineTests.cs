using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Library;
using Cotangent.Kernels.Targets;
using Cotangent.Perf.Ptx;

namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>Lines of C# kernels in PTX, for profilers.</summary>
public class PtxLineTests
{
    private static void Clip(Index1D i, ArrayView<float> x)
    {
        float y = MathF.Exp(x[i]);
        x[i] = Math.Clamp(y, 0, 1);
    }

    [Fact]
    public void Kernel_WithLines_NamesItsOwn_NotThoseOfTheLanguage()
    {
        string module = Module(Function(Clip, lines: true));
        Assert.Contains("PtxLineTests.cs\"\n", module);
        Assert.Single(module.Split('\n'), l => l.StartsWith(".file", StringComparison.Ordinal));
        Assert.InRange(module.Split(".loc 1 ").Length, 3, 20);
        Assert.DoesNotContain("$0", module);
    }

    [Fact]
    public void Kernel_WithoutLines_HasNone() => Assert.DoesNotContain(".loc", Function(Clip, lines: false).Text);

    [Fact]
    public void Executor_SkipsLines()
    {
        PtxDevice device = new("ptx-lines", new PtxTraits { Lines = true });
        using DeviceBuffer<float> x = device.Allocate<float>([-1f, 0, 5]);
        device.Load<Index1D, ArrayView<float>>(Clip)(3, x);
        Assert.Equal([MathF.Exp(-1), 1, 1], x.ToArray(), (a, b) => Math.Abs(a - b) < 1e-6f);
    }

    [FactWithPtxas]
    public void Kernels_WithLines_TakeNoMoreRegisters()
    {
        PtxDevice plain = Compile(new("plain", new PtxTraits())), lined = Compile(new("lined", new PtxTraits { Lines = true }));
        Dictionary<string, PtxResources> without = Assemble(plain), with = Assemble(lined);
        Assert.Equal(without.OrderBy(p => p.Key).Select(p => p.Value), with.OrderBy(p => p.Key).Select(p => p.Value));
    }

    private static PtxDevice Compile(PtxDevice device)
    {
        Scan.Inclusive<int, AddInt32>(device, device.Allocate<int>(new int[4000]), device.Allocate<int>(4000));
        Transposition.Transpose<float>(device, device.Allocate<float>(6), device.Allocate<float>(6), 2, 3);
        return device;
    }

    private static Dictionary<string, PtxResources> Assemble(PtxDevice device)
    {
        string said = Ptxas.Assemble(PtxFunction.Module([.. device.Functions.Values], device.Traits), 80, "-v", "-lineinfo");
        return PtxResources.Parse(said).ToDictionary(p => p.Key[..p.Key.LastIndexOf('_')], p => p.Value);
    }

    private static string Module(PtxFunction function) => PtxFunction.Module([function], new PtxTraits());

    private static PtxFunction Function(Action<Index1D, ArrayView<float>> kernel, bool lines) => PtxFunction.Translate(
        PtxFunction.Lower(Cotangent.Kernels.Il.FrontEnd.Compile(kernel.Method)), new PtxTraits { Lines = lines });
}
