using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Tests.Kernels.Cuda;

namespace Cotangent.Tests.Engine.Attention;

/// <summary>Which form an attention takes when nobody says.</summary>
public class AttentionChoiceTests
{
    /// <summary>The device, [batch, heads, time, width], the precision of products, and whether scores are never held.</summary>
    public static TheoryData<string, int[], MatMulPrecision, bool> Rows
    {
        get
        {
            TheoryData<string, int[], MatMulPrecision, bool> rows = new()
            {
                { "cpu", [1, 1, 63, 64], MatMulPrecision.Float32, false },
                { "cpu", [1, 1, 64, 128], MatMulPrecision.Float32, true },
                { "cpu", [1, 1, 95, 256], MatMulPrecision.Float32, false },
                { "cpu", [1, 1, 96, 256], MatMulPrecision.Float32, true },
                { EmulatedCuda.Id, [1, 8, 64, 64], MatMulPrecision.Float32, false },
                { EmulatedCuda.Id, [1, 8, 256, 64], MatMulPrecision.Float32, true },
                { EmulatedCuda.Id, [1, 8, 256, 128], MatMulPrecision.Float32, false },
                { EmulatedCuda.Id, [1, 8, 256, 64], MatMulPrecision.Tf32, false },
                { EmulatedCuda.Id, [1, 8, 2048, 128], MatMulPrecision.Tf32, true },
                { "debug", [1, 8, 2048, 64], MatMulPrecision.Float32, false },
            };
            if (!Devices.Runs("opencl")) return rows;
            rows.Add("opencl", [1, 8, 256, 64], MatMulPrecision.Float32, true);
            rows.Add("opencl", [1, 8, 256, 128], MatMulPrecision.Float32, false);
            rows.Add("opencl", [1, 4, 2048, 128], MatMulPrecision.Float32, true);
            return rows;
        }
    }

    [Theory, MemberData(nameof(Rows))]
    public void Attention_UnlessSaid_TakesTheFormOfItsDevice(string device, int[] shape, MatMulPrecision precision, bool isFused)
    {
        Tensor x = Tensor.Zeros(Shape.Create(shape), device: Devices.Get(device));
        using IDisposable scope = Tensor.UseMatMulPrecision(precision);

        Tensor y = Nn.Attention(x, x, x, causal: true);

        Assert.Equal(isFused, Walk.Topological(y.Node).Any(n => n.Op == Ops.Attention));
    }

    [Fact]
    public void Attention_OfHalfNumbers_LeavesMatrixUnitsTheirProducts()
    {
        Tensor x = Tensor.Zeros([1, 8, 256, 64], DType.BFloat16, EmulatedCuda.Device);

        Assert.DoesNotContain(Walk.Topological(Nn.Attention(x, x, x, causal: true).Node), n => n.Op == Ops.Attention);
    }
}
