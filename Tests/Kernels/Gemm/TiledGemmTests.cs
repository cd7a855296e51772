using System.Collections.Concurrent;
using System.Numerics;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Xunit;

namespace Cotangent.Tests.Kernels.Gemm;

/// <summary>The tiled kernel on the C# itself, the interpreter and the devices, and each device's own product.</summary>
public sealed class TiledGemmTests
{
    private static readonly Layout[] s_layouts = [Layout.Rows, Layout.Columns, Layout.Padded, Layout.Strided];

    public static TheoryData<string> Executors
    {
        get
        {
            TheoryData<string> ids = ["interpreter"];
            foreach (string id in Devices.Hardware)
            {
                if (Devices.Runs(id))
                    ids.Add(id);
            }

            return ids;
        }
    }

    /// <summary>One a device, so that each compiles the kernel once.</summary>
    private static readonly ConcurrentDictionary<Device, GemmLauncher> s_launchers = new();

    internal delegate void Product(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c);

    [Fact]
    public void Tiled_AsPlainCSharp_HasTheBitsOfTheFmaChain()
    {
        Random random = new(5);
        CheckMethod<float, SingleElement>(GemmCase<float>.Create(random, 1, 1, 5, 7, 19, Layout.Rows, Layout.Columns, Layout.Padded));
        CheckMethod<double, DoubleElement>(GemmCase<double>.Create(random, 1, 2, 3, 66, 5, Layout.Columns, Layout.Rows, Layout.Rows, true));
    }

    [Theory, MemberData(nameof(Executors))]
    public void Tiled_OneTile_HasTheBitsOfTheFmaChain(string id)
    {
        Random random = new(1);
        CheckTiled(GemmCase<float>.Create(random, 1, 1, 5, 7, 19, Layout.Rows, Layout.Columns, Layout.Padded), id);
        CheckTiled(GemmCase<double>.Create(random, 1, 1, 6, 3, 4, Layout.Columns, Layout.Rows, Layout.Rows, true), id);
    }

    [Theory, MemberData(nameof(Executors))]
    public void Tiled_SeveralTilesAndBatches_HasTheBitsOfTheFmaChain(string id)
    {
        CheckTiled(GemmCase<float>.Create(new(2), 2, 1, 65, 66, 2, Layout.Rows, Layout.Broadcast, Layout.Strided, true), id);
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Tiled_RandomShapes_HasTheBitsOfTheFmaChain(string id)
    {
        Random random = new(3);
        for (int i = 0; i < 12; i++)
        {
            CheckTiled(RandomCase<float>(random), id);
            CheckTiled(RandomCase<double>(random), id);
        }
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void DeviceGemm_RandomShapes_HasTheBitsOfTheFmaChain(string id)
    {
        Random random = new(4);
        Device device = Devices.Get(id);
        for (int i = 0; i < 12; i++)
        {
            GemmCase<float> single = RandomCase<float>(random);
            Check(single, device, device.Gemm);
            GemmCase<double> twice = RandomCase<double>(random);
            Check(twice, device, device.Gemm);
        }
    }

    private static GemmCase<T> RandomCase<T>(Random random)
        where T : unmanaged, IFloatingPointIeee754<T> =>
        GemmCase<T>.Create(random, random.Next(1, 3), random.Next(1, 4), random.Next(1, 140), random.Next(1, 140), random.Next(70),
            s_layouts[random.Next(4)], s_layouts[random.Next(4)], s_layouts[random.Next(4)], random.Next(3) == 0);

    private static void CheckTiled<T>(GemmCase<T> test, string id)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Device device = Devices.Get(id);
        Check(test, device, s_launchers.GetOrAdd(device, d => new GemmLauncher(d)).Multiply);
    }

    private static void CheckMethod<T, TElement>(GemmCase<T> test)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TElement : struct, IGemmElement<T>
    {
        Device device = Devices.Get("debug");
        Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, GemmShape> kernel =
            device.LoadGrouped<ArrayView<T>, ArrayView<T>, ArrayView<T>, GemmShape>(TiledGemm.Multiply<T, TElement>);
        using DeviceBuffer<T> a = device.Allocate<T>(test.A);
        using DeviceBuffer<T> b = device.Allocate<T>(test.B);
        using DeviceBuffer<T> c = device.Allocate<T>(test.C);
        kernel(GemmLauncher.Config(test.Problem), a, b, c, GemmLauncher.Shape(test.Problem));
        Assert.True(test.ExpectedBits().AsSpan().SequenceEqual(c.ToArray()), $"debug: {test}");
    }

    internal static void Check<T>(GemmCase<T> test, Device device, Product product)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        using DeviceBuffer<T> a = device.Allocate<T>(test.A);
        using DeviceBuffer<T> b = device.Allocate<T>(test.B);
        using DeviceBuffer<T> c = device.Allocate<T>(test.C);
        product(test.Problem, a.View.Argument, b.View.Argument, c.View.Argument);
        Assert.True(test.ExpectedBits().AsSpan().SequenceEqual(c.ToArray()), $"{device.Id}: {test}");
    }
}
