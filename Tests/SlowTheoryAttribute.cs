namespace Cotangent.Tests;

/// <summary>A theory that takes minutes: it runs where COTANGENT_SLOW is 1.</summary>
public sealed class SlowTheoryAttribute : TheoryAttribute
{
    public SlowTheoryAttribute()
    {
        if (Environment.GetEnvironmentVariable("COTANGENT_SLOW") != "1")
            Skip = "takes minutes; set COTANGENT_SLOW=1";
    }
}
