using System.Numerics;
using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Cotangent.Tests.Kernels.Gemm;

namespace Cotangent.Tests;

/// <summary>Device.Gemm on every device, as accurate as a plain product in the same precision.</summary>
public class DeviceGemmTests
{
    private static readonly Layout[] s_layouts = Enum.GetValues<Layout>();

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Gemm_AnyShapeAndLayout_IsAsAccurateAsThePlainProduct(string device)
    {
        Random random = new(5);
        Device d = Devices.Get(device);
        foreach ((int m, int n, int k) in ((int, int, int)[])[(1, 1, 1), (3, 5, 7), (17, 33, 16), (64, 48, 40), (2, 130, 65), (5, 4, 0)])
        {
            Check<float>(d, random, m, n, k);
            Check<double>(d, random, m, n, k);
        }
    }

    private static void Check<T>(Device device, Random random, int m, int n, int k) where T : unmanaged, IFloatingPointIeee754<T>
    {
        GemmCase<T> c = GemmCase<T>.Create(random, 2, 3, m, n, k, s_layouts[random.Next(5)], s_layouts[random.Next(5)],
            s_layouts[random.Next(4)], accumulate: random.Next(2) == 0);
        DeviceMemory[] memory = [Upload(c.A), Upload(c.B), Upload(c.C)];
        device.Gemm(c.Problem, KernelArgument.Pointer(memory[0]), KernelArgument.Pointer(memory[1]), KernelArgument.Pointer(memory[2]));
        T[] actual = [.. c.C];
        device.Read(memory[2], 0, MemoryMarshal.AsBytes(actual.AsSpan()));
        Assert.True(c.AsGoodAsPlain(actual), $"{c} on {device.Id}");

        DeviceMemory Upload(T[] values)
        {
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes<T>(values);
            DeviceMemory block = device.AllocateMemory(bytes.Length);
            device.Write(bytes, block, 0);
            return block;
        }
    }
}
