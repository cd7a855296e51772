namespace Cotangent.Tests.AutoDiff;

public class RandomGraphTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomGraphs_FirstAndSecondDerivatives_AgreeWithDifferences(int block)
    {
        for (int seed = 25 * block; seed < 25 * (block + 1); seed++)
        {
            try
            {
                Check.Derivatives(RandomGraph.Of(seed, 8), seed);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
            }
        }
    }
}
