using System.Collections.Concurrent;
using System.Numerics;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Library;
using Cotangent.Tests.Kernels.Ptx;
using Xunit;

namespace Cotangent.Tests.Kernels.Gemm;

/// <summary>The library's kernels on the C# itself, the interpreter and the devices, and each device's own product.</summary>
public sealed class LibraryGemmTests
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

    /// <summary>One a device and kernel, so that each is compiled once.</summary>
    private static readonly ConcurrentDictionary<(Device, GemmMethod), GemmLauncher> s_launchers = new();

    internal delegate void Product(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c);

    [Fact]
    public void Tiled_AsPlainCSharp_HasTheBitsOfTheFmaChain()
    {
        Random random = new(5);
        CheckMethod<float>(GemmMethod.Tiled, GemmCase<float>.Create(random, 1, 1, 5, 7, 19, Layout.Rows, Layout.Columns, Layout.Padded));
        CheckMethod<double>(GemmMethod.Tiled, GemmCase<double>.Create(random, 1, 2, 3, 66, 5, Layout.Columns, Layout.Rows, Layout.Rows, true));
        CheckMethod<float>(GemmMethod.Register128, GemmCase<float>.Create(random, 1, 1, 5, 70, 19, Layout.Rows, Layout.Columns, Layout.Padded));
        CheckMethod<double>(GemmMethod.Register64, GemmCase<double>.Create(random, 1, 2, 3, 9, 17, Layout.Columns, Layout.Rows, Layout.Rows, true));
    }

    [Theory, MemberData(nameof(Executors))]
    public void Tiled_OneTile_HasTheBitsOfTheFmaChain(string id)
    {
        Random random = new(1);
        CheckKernel(GemmMethod.Tiled, GemmCase<float>.Create(random, 1, 1, 5, 7, 19, Layout.Rows, Layout.Columns, Layout.Padded), id);
        CheckKernel(GemmMethod.Tiled, GemmCase<double>.Create(random, 1, 1, 6, 3, 4, Layout.Columns, Layout.Rows, Layout.Rows, true), id);
    }

    [Theory, MemberData(nameof(Executors))]
    public void Tiled_SeveralTilesAndBatches_HasTheBitsOfTheFmaChain(string id)
    {
        CheckKernel(GemmMethod.Tiled, GemmCase<float>.Create(new(2), 2, 1, 65, 66, 2, Layout.Rows, Layout.Broadcast, Layout.Strided, true), id);
    }

    [Fact]
    public void Skinny_AsPlainCSharp_HasTheBitsOfTheFmaChain()
    {
        Random random = new(11);
        CheckMethod<float>(GemmMethod.Skinny, GemmCase<float>.Create(random, 1, 1, 5, 33, 70, Layout.Rows, Layout.Rows, Layout.Padded));
        CheckMethod<double>(GemmMethod.Skinny, GemmCase<double>.Create(random, 1, 2, 9, 7, 3, Layout.Columns, Layout.Columns, Layout.Rows, true));
    }

    [Theory, MemberData(nameof(Executors))]
    public void Skinny_WaysOperandsLie_HasTheBitsOfTheFmaChain(string id)
    {
        Random random = new(12);
        foreach (Layout a in (Layout[])[Layout.Rows, Layout.Columns])
        {
            foreach (Layout b in (Layout[])[Layout.Rows, Layout.Columns])
            {
                CheckKernel(GemmMethod.Skinny, GemmCase<float>.Create(random, 1, 1, 5, 35, 70, a, b, Layout.Rows), id);
                CheckKernel(GemmMethod.Skinny, GemmCase<float>.Create(random, 2, 1, 8, 64, 128, a, b, Layout.Strided, true), id);
                CheckKernel(GemmMethod.Skinny, GemmCase<double>.Create(random, 1, 2, 11, 9, 65, a, b, Layout.Columns, true), id);
            }
        }

        CheckKernel(GemmMethod.Skinny, GemmCase<float>.Create(random, 1, 1, 3, 2, 0, Layout.Rows, Layout.Rows, Layout.Rows), id);
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void DeviceGemm_FewRowsOrColumns_HasTheBitsOfTheFmaChain(string id)
    {
        Random random = new(13);
        Device device = Devices.Get(id);
        foreach ((int m, int n, int k) in ((int, int, int)[])[(1, 100, 40), (8, 70, 129), (70, 3, 64), (11, 33, 31)])
        {
            Check(GemmCase<float>.Create(random, 1, 2, m, n, k, Layout.Rows, Layout.Rows, Layout.Rows), device, device.Gemm);
            Check(GemmCase<float>.Create(random, 2, 1, m, n, k, Layout.Rows, Layout.Columns, Layout.Padded, true), device, device.Gemm);
        }
    }

    [Theory, MemberData(nameof(Executors))]
    public void Register_WaysOperandsLie_HasTheBitsOfTheFmaChain(string id)
    {
        Random random = new(6);
        foreach (Layout a in (Layout[])[Layout.Rows, Layout.Columns])
        {
            foreach (Layout b in (Layout[])[Layout.Columns, Layout.Padded])
            {
                CheckKernel(GemmMethod.Register128, GemmCase<float>.Create(random, 1, 1, 9, 12, 19, a, b, Layout.Rows), id);
                CheckKernel(GemmMethod.Register64, GemmCase<float>.Create(random, 1, 1, 9, 12, 35, a, b, Layout.Rows), id);
                CheckKernel(GemmMethod.Register64, GemmCase<double>.Create(random, 1, 1, 7, 5, 33, a, b, Layout.Strided), id);
            }
        }
    }

    [Theory, MemberData(nameof(Executors))]
    public void Register_SeveralTilesAndBatches_HasTheBitsOfTheFmaChain(string id)
    {
        Random random = new(7);
        CheckKernel(GemmMethod.Register128, GemmCase<float>.Create(random, 1, 1, 133, 130, 9, Layout.Rows, Layout.Rows, Layout.Columns, true), id);
        CheckKernel(GemmMethod.Register64, GemmCase<float>.Create(random, 2, 1, 65, 66, 2, Layout.Rows, Layout.Broadcast, Layout.Strided, true), id);
        CheckKernel(GemmMethod.Register64, GemmCase<double>.Create(random, 1, 2, 3, 65, 17, Layout.Strided, Layout.Columns, Layout.Padded), id);
        CheckKernel(GemmMethod.Register64, GemmCase<float>.Create(random, 1, 1, 3, 2, 0, Layout.Rows, Layout.Rows, Layout.Rows), id);
    }

    [Theory, MemberData(nameof(Executors))]
    public void Register_InsideOfTheMatrix_HasTheBitsOfTheFmaChain(string id)
    {
        Random random = new(8);
        CheckKernel(GemmMethod.Register128, GemmCase<float>.Create(random, 1, 1, 128, 128, 17, Layout.Rows, Layout.Rows, Layout.Rows), id);
        CheckKernel(GemmMethod.Register64, GemmCase<float>.Create(random, 1, 1, 64, 64, 33, Layout.Columns, Layout.Columns, Layout.Rows), id);
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void DeviceGemmKernels_RandomShapes_HasTheBitsOfTheFmaChain(string id)
    {
        Random random = new(3);
        for (int i = 0; i < 12; i++)
        {
            CheckKernel(GemmMethod.Tiled, RandomCase<float>(random), id);
            CheckKernel(GemmMethod.Tiled, RandomCase<double>(random), id);
            CheckKernel(GemmMethod.Register128, RandomCase<float>(random), id);
            CheckKernel(GemmMethod.Register64, RandomCase<float>(random), id);
            CheckKernel(GemmMethod.Register64, RandomCase<double>(random), id);
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

    /// <summary>Of rounded numbers the products are exact.</summary>
    [Theory, MemberData(nameof(Precisions))]
    public void MatrixUnits_WaysOperandsLie_MultiplyRoundedElements(MatMulPrecision precision, Layout a, Layout b)
    {
        Random random = new(9);
        foreach ((int m, int n, int k, bool accumulate) in ((int, int, int, bool)[])[(9, 12, 19, false), (130, 7, 33, true), (5, 129, 1, false)])
        {
            GemmCase<float> test = GemmCase<float>.Create(random, 1, 2, m, n, k, a, b, Layout.Strided, accumulate).Rounded(precision);
            PtxDevice device = PtxDevice.Executors[0];
            using DeviceBuffer<float> left = device.Allocate<float>(test.A), right = device.Allocate<float>(test.B), c = device.Allocate<float>(test.C);
            GemmLauncher launcher = new(device, GemmMethod.MatrixUnits);
            launcher.Multiply(test.Problem with { Precision = precision }, left.View.Argument, right.View.Argument, c.View.Argument);
            Assert.True(test.AsGoodAsPlain(c.ToArray()), $"{precision}: {test}");
        }
    }

    [Fact]
    public void Multiply_OtherPrecision_RoundsWhereThereAreMatrixUnitsOnly()
    {
        GemmCase<float> test = GemmCase<float>.Create(new(10), 1, 1, 40, 33, 20, Layout.Rows, Layout.Rows, Layout.Rows);
        Assert.Equal(GemmMethod.MatrixUnits, GemmVariant.MethodFor(test.Problem with { Precision = MatMulPrecision.Tf32 }, true));
        Assert.Equal(GemmMethod.Register64, GemmVariant.MethodFor(test.Problem with { Precision = MatMulPrecision.Tf32 }, false));
        Assert.Equal(GemmMethod.Register64, GemmVariant.MethodFor(test.Problem, true));
        Assert.Equal(GemmMethod.Register64, GemmVariant.MethodFor(test.Problem with { Type = ScalarType.Float64, Precision = MatMulPrecision.Tf32 }, true));
        float[] exact = test.ExpectedBits();
        Assert.Equal(exact, Product(PtxDevice.Executors[1]));
        Assert.Equal(exact, Product(Devices.Get("cpu")));
        float[] rounded = Product(PtxDevice.Executors[0]);
        Assert.NotEqual(exact, rounded);
        Assert.All(exact.Zip(rounded), pair => Assert.Equal(pair.First, pair.Second, 0.05f));

        float[] Product(Device device)
        {
            using DeviceBuffer<float> a = device.Allocate<float>(test.A), b = device.Allocate<float>(test.B), c = device.Allocate<float>(test.C);
            new GemmLauncher(device, device.Kind == DeviceKind.Cpu ? GemmMethod.Register64 : null).Multiply(
                test.Problem with { Precision = MatMulPrecision.Tf32 }, a.View.Argument, b.View.Argument, c.View.Argument);
            return c.ToArray();
        }
    }

    public static TheoryData<MatMulPrecision, Layout, Layout> Precisions
    {
        get
        {
            TheoryData<MatMulPrecision, Layout, Layout> data = [];
            foreach (MatMulPrecision precision in (MatMulPrecision[])[MatMulPrecision.Tf32, MatMulPrecision.BFloat16])
            {
                foreach (Layout a in (Layout[])[Layout.Rows, Layout.Columns])
                {
                    data.Add(precision, a, Layout.Rows);
                    data.Add(precision, a, Layout.Columns);
                }
            }

            return data;
        }
    }

    private static GemmCase<T> RandomCase<T>(Random random)
        where T : unmanaged, IFloatingPointIeee754<T> =>
        GemmCase<T>.Create(random, random.Next(1, 3), random.Next(1, 4), random.Next(1, 140), random.Next(1, 140), random.Next(70),
            s_layouts[random.Next(4)], s_layouts[random.Next(4)], s_layouts[random.Next(4)], random.Next(3) == 0);

    private static void CheckKernel<T>(GemmMethod method, GemmCase<T> test, string id)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Device device = Devices.Get(id);
        // The CPU has a product of its own; 512 vector multiply-adds in a row are more IL than the runtime optimises.
        if (method == GemmMethod.Register128 && device.Kind == DeviceKind.Cpu)
            method = GemmMethod.Register64;
        // PoCL needs seconds to build each form of them: one of each.
        if (method != GemmMethod.Tiled && device.Kind == DeviceKind.OpenCl && GemmVariant.For(method, test.Problem) is 
                not { TermsOfA: true, TermsOfB: false })
            return;
        Check(test, device, s_launchers.GetOrAdd((device, method), key => new GemmLauncher(key.Item1, key.Item2)).Multiply);
    }

    private static void CheckMethod<T>(GemmMethod method, GemmCase<T> test)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Device device = Devices.Get("debug");
        GemmVariant variant = GemmVariant.For(method, test.Problem);
        Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, GemmShape> kernel =
            device.LoadGrouped<ArrayView<T>, ArrayView<T>, ArrayView<T>, GemmShape>(
                variant.KernelMethod.CreateDelegate<Action<ArrayView<T>, ArrayView<T>, ArrayView<T>, GemmShape>>());
        using DeviceBuffer<T> a = device.Allocate<T>(test.A);
        using DeviceBuffer<T> b = device.Allocate<T>(test.B);
        using DeviceBuffer<T> c = device.Allocate<T>(test.C);
        kernel(variant.Config(test.Problem), a, b, c, GemmLauncher.Shape(test.Problem));
        Assert.True(test.ExpectedBits().AsSpan().SequenceEqual(c.ToArray()), $"debug: {method} {test}");
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
