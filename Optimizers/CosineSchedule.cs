namespace Cotangent.Optimizers;

/// <summary>A learning rate that rises linearly, then falls along half a cosine (Loshchilov and Hutter, arXiv 1608.03983).</summary>
/// <remarks>Over the first <see cref="WarmUp"/> steps the rate is peak·(step + 1)/warmUp; then it falls from the peak to
/// <see cref="Minimum"/> at step <see cref="Steps"/>, where it stays. Rates are C# numbers: they enter compiled steps as arguments.</remarks>
public sealed record CosineSchedule
{
    /// <summary>Makes a schedule.</summary>
    /// <param name="peak">The highest rate.</param>
    /// <param name="steps">The step, counted from 0, at which the minimum is reached.</param>
    /// <param name="warmUp">The number of steps of linear rise.</param>
    /// <param name="minimum">The last rate.</param>
    public CosineSchedule(double peak, long steps, long warmUp = 0, double minimum = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(peak);
        ArgumentOutOfRangeException.ThrowIfNegative(minimum);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minimum, peak);
        ArgumentOutOfRangeException.ThrowIfNegative(warmUp);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, warmUp);
        (Peak, Steps, WarmUp, Minimum) = (peak, steps, warmUp, minimum);
    }

    /// <summary>The highest rate.</summary>
    public double Peak { get; }

    /// <summary>The step at which the minimum is reached.</summary>
    public long Steps { get; }

    /// <summary>The number of steps of linear rise.</summary>
    public long WarmUp { get; }

    /// <summary>The last rate.</summary>
    public double Minimum { get; }

    /// <summary>The rate of a step, counted from 0.</summary>
    public double At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (step < WarmUp) return Peak * (step + 1) / WarmUp;
        if (step >= Steps) return Minimum;
        double progress = (double)(step - WarmUp) / (Steps - WarmUp);
        return Minimum + (Peak - Minimum) * 0.5 * (1 + Math.Cos(Math.PI * progress));
    }
}
