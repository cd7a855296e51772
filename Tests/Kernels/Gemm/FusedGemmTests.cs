using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Library;
using Cotangent.Kernels.Passes;
using Cotangent.Tests.Kernels.Ptx;
using Xunit;

namespace Cotangent.Tests.Kernels.Gemm;

/// <summary>Products with an elementwise kernel in them, against the two kernels one after the other.</summary>
public sealed class FusedGemmTests
{
    public static TheoryData<string> Executors => LibraryGemmTests.Executors;

    [Theory, MemberData(nameof(Executors))]
    public void Epilogue_BiasActivationResidual_HasTheBitsOfTwoKernels(string id)
    {
        // PoCL needs seconds to build each of them: one.
        Device device = Devices.Get(id);
        (int, int, int, int, int)[] shapes = device.Kind == DeviceKind.OpenCl
            ? [(1, 1, 14, 66, 9)]
            : [(1, 1, 14, 66, 9), (2, 1, 13, 12, 5), (1, 3, 12, 17, 1), (1, 1, 20, 13, 0)];
        foreach ((int batch0, int batch1, int m, int n, int k) in shapes)
            Check(device, GemmCase<float>.Create(new(11), batch0, batch1, m, n, k, Layout.Rows, Layout.Columns, Layout.Rows), isRange2D: n != 17);
    }

    [Fact]
    public void CanSplice_LoopsOrOtherUses_IsFalse()
    {
        Kernel map = Map(5, isRange2D: true);
        Assert.True(EpilogueSplice.CanSplice(map, map.Parameters[0]));
        Assert.False(EpilogueSplice.CanSplice(map, map.Parameters[2]));

        Parameter x = new(IrType.Pointer(ScalarType.Float32, AddressSpace.Global), 0);
        Kernel loop = new("loop", LaunchKind.Range1D, [x]);
        Builder b = new(loop.Body);
        b.For(Constant.Of(0), Constant.Of(4), Constant.Of(1), [], (i, _) => { b.Store(x, i, b.Load(x, i)); return []; });
        b.Append(new Return());
        Assert.False(EpilogueSplice.CanSplice(loop, x));
    }

    /// <summary>result[i] = max(product[i] · 0.5 + bias[column], 0) + residual[i].</summary>
    private static Kernel Map(int columns, bool isRange2D)
    {
        IrType pointer = IrType.Pointer(ScalarType.Float32, AddressSpace.Global);
        Parameter[] p = [.. Enumerable.Range(0, 4).Select(i => new Parameter(pointer, i))];
        Kernel map = new("map", isRange2D ? LaunchKind.Range2D : LaunchKind.Range1D, [.. p]);
        Builder b = new(map.Body);
        Value x = b.Position(Opcode.GlobalIndex);
        Value index = isRange2D ? b.Add(b.Mul(b.Position(Opcode.GlobalIndex, Axis.Y), Constant.Of(columns)), x) : x;
        Value column = isRange2D ? x : b.Binary(Opcode.Rem, x, Constant.Of(columns));
        Value sum = b.Add(b.Mul(b.Load(p[0], index), Constant.Of(0.5f)), b.Load(p[1], column));
        Value activated = b.If(b.Compare(Opcode.Greater, sum, Constant.Of(0f)), [ScalarType.Float32], () => [sum], () => [Constant.Of(0f)])[0];
        b.Store(p[2], index, b.Add(activated, b.Load(p[3], index)));
        b.Append(new Return());
        return map;
    }

    private static void Check(Device device, GemmCase<float> test, bool isRange2D)
    {
        GemmProblem problem = test.Problem;
        Kernel map = Map(problem.N, isRange2D);
        FusedGemm? fused = FusedGemm.Create(device, problem, map, map.Parameters[0], problem.N, (d, kernel) =>
        {
            Verifier.Verify(kernel, "splice");
            return d.Compile(kernel);
        });
        Assert.NotNull(fused);
        float[] bias = [.. Enumerable.Range(0, problem.N).Select(i => i / 7f - 1)];
        float[] product = test.ExpectedBits();
        using DeviceBuffer<float> a = device.Allocate<float>(test.A), b = device.Allocate<float>(test.B);
        using DeviceBuffer<float> biases = device.Allocate<float>(bias), residual = device.Allocate<float>(product);
        using DeviceBuffer<float> result = device.Allocate<float>(product.Length);
        fused.Launch(device, a.View.Argument, b.View.Argument, [biases.View.Argument, result.View.Argument, residual.View.Argument]);
        float[] expected = [.. product.Select((x, i) => Math.Max(MathF.FusedMultiplyAdd(x, 0.5f, bias[i % problem.N]), 0) + x)];
        Assert.Equal(expected, result.ToArray());
    }
}
