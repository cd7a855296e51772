namespace Cotangent.Kernels.Library;

/// <summary>Bins of equal width: bin b holds low + b/scale ≤ x &lt; low + (b + 1)/scale, to rounding. NaN falls into none.</summary>
/// <param name="Low">Where bin 0 begins.</param>
/// <param name="Scale">Bins a unit.</param>
public readonly record struct EvenBins(float Low, float Scale) : IBinning<float>
{
    private const float LargestInt = 2147483520;

    /// <inheritdoc/>
    public int Bin(float value)
    {
        float at = (value - Low) * Scale;
        return at >= 0 && at <= LargestInt ? (int)at : -1;
    }
}
