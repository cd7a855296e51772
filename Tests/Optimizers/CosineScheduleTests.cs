using Cotangent.Optimizers;

namespace Cotangent.Tests.Optimizers;

public class CosineScheduleTests
{
    private static readonly CosineSchedule s_schedule = new(peak: 1, steps: 110, warmUp: 10, minimum: 0.1);

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(9, 1)]
    [InlineData(10, 1)]
    [InlineData(60, 0.55)]
    [InlineData(110, 0.1)]
    [InlineData(1000, 0.1)]
    public void At_GivesTheRateOfAStep(long step, double expected) => Assert.Equal(expected, s_schedule.At(step), 1e-12);

    [Fact]
    public void At_AfterWarmUp_NeverRises()
    {
        for (long step = 10; step < 120; step++) Assert.True(s_schedule.At(step + 1) <= s_schedule.At(step));
    }

    [Fact]
    public void Numbers_OutOfRange_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CosineSchedule(1, 5, warmUp: 6));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CosineSchedule(1, 5, minimum: 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => s_schedule.At(-1));
    }
}
