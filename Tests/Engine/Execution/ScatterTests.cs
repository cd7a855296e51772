using Cotangent.AutoDiff;
using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>Large scatter-adds: every place fetches its updates, in the order of the indices.</summary>
public class ScatterTests
{
    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void EmbeddingGradient_OfALargeTable_AddsInTheOrderOfTheIndices(string id)
    {
        Device device = Devices.Get(id);
        const int Rows = 1000, Width = 64, Count = 700;
        (int[] indices, float[] expected, Tensor cotangents) = Problem(Rows, Width, Count);
        float[] found = Gradient(device, indices, cotangents, Rows).ToArray<float>();
        Assert.Equal(expected, found);
    }

    [Theory]
    [InlineData(DType.Int32)]
    [InlineData(DType.UInt8)]
    [InlineData(DType.BFloat16)]
    public void ScatterAdd_OfOtherTypes_AgreesWithFloat64(DType type)
    {
        const int Rows = 1000, Width = 64, Count = 600;
        Tensor updates = Tensor.Arange(Count * Width, DType.Int32, Device.Cpu) % 7;
        Tensor indices = Tensor.Arange(Count, DType.Int32, Device.Cpu) % 5 * 200;
        double[] expected = Place(updates.Reshape(Count, Width).Cast(DType.Float64), indices, Rows).ToArray<double>();
        double modulus = type == DType.UInt8 ? 256 : double.PositiveInfinity;
        Tensor sums = Place(updates.Reshape(Count, Width).Cast(type), indices, Rows).Cast(DType.Float64);
        Assert.Equal(expected.Select(e => type == DType.BFloat16 ? (double)(float)(BFloat16)(float)e : e % modulus), sums.ToArray<double>());

        static Tensor Place(Tensor updates, Tensor indices, int rows) => Tensor.Of(Make.ScatterAdd(updates.Node, indices.Node, 0, rows));
    }

    [Fact]
    public void EmbeddingGradient_WithOneAndTwoThreads_HasTheSameBits()
    {
        (int[] indices, _, Tensor cotangents) = Problem(1000, 64, 700);
        float[][] results = [.. new[] { 1, 2 }.Select(threads => Gradient(Device.CreateCpu(threads), indices, cotangents, 1000).ToArray<float>())];
        Assert.Equal(results[0], results[1]);
    }

    [Fact]
    public void EmbeddingGradient_OfALargeTable_IsSortedAndOneKernel()
    {
        (int[] indices, _, Tensor cotangents) = Problem(1000, 64, 700);
        Tensor gradient = Gradient(Device.Cpu, indices, cotangents * 2, 1000) + 1;
        Step[] steps = [.. Lowering.Plan(Capture.Of([gradient.Node]).Key.ToPlanGraph()).Steps];
        Assert.Equal(2, steps.Length);
        Assert.IsType<RoutineStep>(steps[0]);
        Assert.IsType<KernelStep>(steps[1]);
    }

    private static Tensor Gradient(Device device, int[] indices, Tensor cotangents, int rows) =>
        Diff.Vjp((Tensor table) => Nn.Embedding(Tensor.From(indices, [indices.Length], device), table),
            Tensor.Zeros([rows, cotangents.Shape[1]], device: device)).Pullback(cotangents.To(device));

    /// <summary>Indices that repeat, leave rows out and lie outside on both sides, and what a serial loop makes of them.</summary>
    private static (int[] Indices, float[] Expected, Tensor Cotangents) Problem(int rows, int width, int count)
    {
        Random random = new(1);
        int[] indices = [.. Enumerable.Range(0, count).Select(i => i % 10 == 0 ? 4 : i % 17 == 0 ? -1 : i % 19 == 0 ? rows + i : random.Next(rows))];
        float[] cotangents = [.. Enumerable.Range(0, count * width).Select(_ => random.NextSingle() - 0.5f)], sums = new float[rows * width];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < width && indices[i] >= 0 && indices[i] < rows; j++) sums[indices[i] * width + j] += cotangents[i * width + j];
        }

        return (indices, sums, Tensor.From(cotangents, [count, width], Device.Cpu));
    }
}
