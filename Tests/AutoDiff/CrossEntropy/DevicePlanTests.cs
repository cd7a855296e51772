using Cotangent.Kernels.Library;

namespace Cotangent.Tests.AutoDiff.CrossEntropyTests;

/// <summary>What linear cross-entropy plans on devices with groups.</summary>
public class DevicePlanTests
{
    [Theory]
    [InlineData(2048, 50257, 512)]
    [InlineData(1500, 8192, 256)]
    [InlineData(2048, 2048, 128)]
    [InlineData(8192, 128_256, 4096)]
    public void Scratch_OfLossAndGradients_IsATwentiethOfTheLogits(int rows, int vocabulary, int width)
    {
        CrossEntropyProblem problem = new(rows, vocabulary, width);
        foreach (int tile in new[] { 64, 128 })
            Assert.InRange(CrossEntropyScratch<float>.BytesOf(problem, CrossEntropyPlan.Of(problem, true, false, _ => tile)), 1, 4L * rows * vocabulary / 20);
    }
}
