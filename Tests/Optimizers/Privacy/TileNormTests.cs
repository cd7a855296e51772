using Cotangent.Kernels;
using Cotangent.Optimizers.Privacy;
using Cotangent.Tests.Kernels.Cuda;
using static Cotangent.Tests.Optimizers.Privacy.PrivateModels;

namespace Cotangent.Tests.Optimizers.Privacy;

/// <summary>Layers of many positions on devices with groups: their gradients are made tile by tile for norms, and never are in memory. With two of them
/// in a group neither is clipped before both have norms.</summary>
public class TileNormTests
{
    private const int Count = 33, Time = 256, Width = 256;

    public static TheoryData<string> Drivers => [.. new[] { "opencl", "cuda" }.Where(Devices.Runs)];

    [Fact]
    public void Norms_OfManyPositions_NeedNoGradientInMemory()
    {
        Device device = EmulatedCuda.Device;
        Tensor w = Tensor.Zeros([Width, Width], device: device).Realize(), x = Tensor.Zeros([Count, Time, Width], device: device).Realize();
        PrivateGradient<(Tensor, Tensor), Tensor> gradient = Private.Wrap<(Tensor, Tensor), Tensor>(Loss, Options(Count));

        Assert.Equal(2, gradient.Describe((w, w), x).Split("norm of tiles that are not kept").Length - 1);
        Assert.DoesNotContain("one pass", gradient.Describe((w, w), x), StringComparison.Ordinal);
        long scratch = Jit.Compile((Tensor p, Tensor r) => gradient.ClippedSum((p, p), r, null, null, isGuarded: false).Sum.Sum[0]).Memory(w, x).ScratchBytes;

        // Their own operands: what is multiplied, the cotangents, and one of each scaled.
        Assert.InRange(scratch, 1, 8L * Count * Time * Width * 4);
        w = w.To(Device.Cpu);
        Assert.DoesNotContain("norm of tiles", gradient.Describe((w, w), x.To(Device.Cpu)), StringComparison.Ordinal);
    }

    [Fact]
    public void Norms_OfALayerClippedByItself_AreMadeWithItsSum()
    {
        Device device = EmulatedCuda.Device;
        Tensor w = Tensor.Zeros([Width, Width], device: device).Realize(), x = Tensor.Zeros([Count, Time, Width], device: device).Realize();
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>((w, x) => x.MatMul(w).Square().Sum(), Options(Count));
        Assert.Contains($"in one pass, {Count} at a time", gradient.Describe(w, x), StringComparison.Ordinal);

        // Where a few positions make large gradients, memory would be all that is done; Gram matrices are small then.
        Tensor wide = Tensor.Zeros([2048, 2048], device: device).Realize(), few = Tensor.Zeros([Count, 32, 2048], device: device).Realize();
        Assert.DoesNotContain("one pass", gradient.Describe(wide, few), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Drivers))]
    public void Sum_OfManyPositions_IsThatOfTheGradients(string name)
    {
        Device device = Devices.Get(name);
        Tensor w = (Normal(1, DType.Float32, Device.Cpu, Width, Width) / 16).Realize(), x = Normal(2, DType.Float32, Device.Cpu, Count, Time, Width);
        (PrivateSum expected, Tensor norms) = Private.Wrap<(Tensor, Tensor), Tensor>(Loss, Options(Count) with { Method = ClippingMethod.Materialised })
            .ClippedSum((w, w), x);
        (PrivateSum sum, Tensor own) = Private.Wrap<(Tensor, Tensor), Tensor>(Loss, Options(Count)).ClippedSum((w.To(device), w.To(device)), x.To(device));

        foreach ((double e, double a) in Doubles(norms).Zip(Doubles(own)))
            Assert.InRange(a / e, 1 - 1e-6, 1.01);          // rounded up by what it may err
        for (int i = 0; i < 2; i++)
        {
            double scale = Doubles(expected.Sum[i]).Max(Math.Abs);
            foreach ((double e, double a) in Doubles(expected.Sum[i]).Zip(Doubles(sum.Sum[i])))
                Assert.Equal(e, a, 0.01 * scale);
        }
    }

    [Theory, MemberData(nameof(Drivers))]
    public void Norms_OfAConvolutionWithGroups_AreThatOfTheGradients(string name)
    {
        // Two groups of 64 × 576 at 64 positions, records of different sizes.
        const int count = 30, channels = 128, side = 8;
        static Tensor Loss(Tensor kernel, Tensor image) => Tensor.Conv(image.Unsqueeze(0), kernel, padding: Padding.Same, groups: 2).Square().Sum();
        Device device = Devices.Get(name);
        Tensor kernel = (Normal(1, DType.Float32, Device.Cpu, channels, channels / 2, 3, 3) / 24).Realize();
        Tensor images = (Normal(2, DType.Float32, Device.Cpu, count, channels, side, side) * (1 + Tensor.Arange(count).Cast(DType.Float32)).Reshape(count, 1, 1, 1) / count).Realize();
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(Loss, Options(count));
        (PrivateSum expected, Tensor norms) = Private.Wrap<Tensor, Tensor>(Loss, Options(count) with { Method = ClippingMethod.Materialised }).ClippedSum(kernel, images);
        (Tensor p, Tensor x) = (kernel.To(device), images.To(device));

        Assert.Contains("2 groups of 64×576: norm of tiles that are not kept", gradient.Describe(p, x), StringComparison.Ordinal);
        (PrivateSum sum, Tensor own) = gradient.ClippedSum(p, x);
        foreach ((double e, double a) in Doubles(norms).Zip(Doubles(own))) Assert.InRange(a / e, 1 - 1e-6, 1.01);
        Assert.InRange(Norm([sum.Sum[0].To(Device.Cpu) - expected.Sum[0]]), 0, 0.01 * Norm(expected.Sum));
    }

    private static Tensor Loss((Tensor Up, Tensor Down) w, Tensor x) => x.MatMul(w.Up).Tanh().MatMul(w.Down).Square().Sum() / Time;
}
